// The page in a notebook's cell: `node test/widget.mjs DUNWU` makes runs, gives the widget's script a model as anywidget does, with the page
// and the data that `dunwu site` writes, and looks. The document around it has the policy that JupyterLab sends.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { launch } from './browser.mjs';
import { check, demand, end } from './checks.mjs';

const dunwu = resolve(process.argv[2] ?? '../target/release/dunwu');
const script = readFileSync(new URL('../../crates/python/python/dunwu/_widget/frame.js', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'dunwu-widget-'));
const call = (...words) => execFileSync(dunwu, words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });

/** The page of `dunwu site` in two parts, as `standalone_page.py` takes it apart. */
function standalone(...runs) {
  call('site', 'site', ...runs);
  const whole = readFileSync(join(folder, 'site/index.html'), 'utf8');
  const from = whole.indexOf('id="dunwu-data">') + 'id="dunwu-data">'.length;
  const to = whole.indexOf('</script>', from);
  return { page: whole.slice(0, from) + whole.slice(to), data: whole.slice(from, to) };
}

const words = ['small', 'task=cyclic:7', 'steps=400', 'model.width=16'];
const answers = [0, 1].map((seed) => JSON.parse(call('run', ...words, `seed=${seed}`, '--quiet', '--json')));
const [first, second] = answers.map((answer) => answer.run.split('/').at(-1));

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: 'en-GB' });
const page = await context.newPage();
const problems = [];
const asked = [];
page.on('pageerror', (error) => problems.push(error.message));
page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
page.on('request', (request) => asked.push(request.url()));
await page.route('http://notebook.test/**', (route) => {
  const path = new URL(route.request().url()).pathname;
  if (path === '/frame.js') return route.fulfill({ contentType: 'text/javascript', body: script });
  return route.fulfill({
    contentType: 'text/html',
    headers: { 'content-security-policy': "frame-ancestors 'self'; report-uri /api/security/csp-report" },
    body: '<!doctype html><title>A notebook</title><div id="cell"></div>',
  });
});
await page.goto('http://notebook.test/lab');

/** What the front end of anywidget gives to `render`; `told` counts what goes to Python. */
await page.evaluate(async (values) => {
  const heard = [];
  window.told = [];
  window.model = {
    get: (name) => values[name],
    set: (name, value) => {
      if (values[name] === value) return;
      values[name] = value;
      for (const [event, hear] of [...heard]) if (event === `change:${name}`) hear();
    },
    on: (event, hear) => heard.push([event, hear]),
    off: (event, hear) => heard.splice(heard.findIndex(([name, same]) => name === event && same === hear), 1),
    save_changes: () => window.told.push(values.address),
    heard,
  };
  const { default: widget } = await import('/frame.js');
  window.close_widget = await widget.render({ model: window.model, el: document.getElementById('cell') });
}, { ...standalone(first), address: `run?name=${first}`, height: 600 });
const cell = page.frameLocator('#cell iframe');
const address = () => page.evaluate(() => window.model.get('address'));
const set = (name, value) => page.evaluate(([name, value]) => window.model.set(name, value), [name, value]);
const becomes = (what, expression, value) => page.waitForFunction(expression, value, { timeout: 10_000 }).catch(() => {
  throw new Error(`${what}, and it does not`);
});

await check("the run's view is shown, at its height", async () => {
  await cell.getByRole('heading', { level: 1 }).waitFor({ timeout: 20_000 });
  await cell.getByText(answers[0].headline.replace(/\.$/, '')).first().waitFor({ timeout: 5000 });
  await cell.locator('main canvas').first().waitFor({ timeout: 5000 });
  demand((await page.locator('#cell iframe').boundingBox()).height === 600, 'it is not 600 pixels high');
  await set('height', 720);
  demand((await page.locator('#cell iframe').boundingBox()).height === 720, 'it is not 720 pixels high');
});

await check('what somebody opens in the page is told to Python', async () => {
  await cell.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Runs' }).click();
  await becomes('the address becomes that of the list', () => window.told.at(-1)?.startsWith('runs'));
  await cell.getByRole('row').filter({ hasText: 'cyclic' }).first().waitFor({ timeout: 5000 });
  demand(page.url() === 'http://notebook.test/lab', `the notebook went to ${page.url()}`);
  return address();
});

await check('an address that Python sets is opened, and the cursor is told', async () => {
  await set('address', `run?name=${first}&step=100`);
  const step = cell.locator('output').first();
  await step.waitFor({ timeout: 5000 });
  demand(/^\D*100\b/.test(await step.innerText()), `the cursor is at "${await step.innerText()}"`);
  await cell.locator('main h1').first().click();
  await page.keyboard.press('ArrowRight');
  await becomes('the step moves', () => /step=(?!100(&|$))\d+/.test(window.told.at(-1)));
  return address();
});

await check('runs that are read again replace the page, and the view stays', async () => {
  const [view, blob] = [await address(), await page.evaluate(() => document.querySelector('#cell iframe').src)];
  const { page: html, data } = standalone(first, second);
  await page.evaluate(([html, data]) => {
    window.model.set('page', html);
    window.model.set('data', data);
  }, [html, data]);
  await becomes('the frame is another', (blob) => document.querySelector('#cell iframe').src.split('#')[0] !== blob.split('#')[0], blob);
  await cell.locator('main canvas').first().waitFor({ timeout: 10_000 });
  demand((await address()) === view, `the view was ${view} and is ${await address()}`);
  demand((await page.locator('#cell iframe').count()) === 1, 'there is more than one frame');
  demand(await page.evaluate((blob) => fetch(blob.split('#')[0]).then(() => false, () => true), blob), 'the page before is still held');
  problems.splice(0, problems.length, ...problems.filter((problem) => !problem.includes('ERR_FILE_NOT_FOUND'))); // of the line above
  await set('address', `compare?runs=${first},${second}`);
  await cell.locator('main canvas').first().waitFor({ timeout: 10_000 });
  await cell.getByText('seed').first().waitFor({ timeout: 5000 });
});

await check('a cell that is moved loads again and shows what was open', async () => {
  await set('address', `run?name=${second}&step=50`);
  await cell.locator('output').first().waitFor({ timeout: 5000 });
  await page.evaluate(() => document.body.prepend(document.createElement('p'), document.getElementById('cell')));
  const step = cell.locator('output').first();
  await step.waitFor({ timeout: 10_000 });
  demand(/^\D*50\b/.test(await step.innerText()), `the cursor is at "${await step.innerText()}"`);
});

await check('nothing complains, nothing asks another machine, and nothing is left when the cell goes', async () => {
  demand(problems.length === 0, problems.join('; '));
  const foreign = asked.filter((one) => !/^(http:\/\/notebook\.test\/(lab|frame\.js)$|data:|blob:)/.test(one));
  demand(foreign.length === 0, foreign.join(' '));
  const blob = await page.evaluate(() => document.querySelector('#cell iframe').src.split('#')[0]);
  await page.evaluate(() => window.close_widget());
  demand((await page.locator('iframe').count()) === 0, 'the frame stays');
  demand((await page.evaluate(() => window.model.heard.length)) === 0, 'the model is still listened to');
  demand(await page.evaluate((blob) => fetch(blob).then(() => false, () => true), blob), 'the page is still held');
});

await browser.close();
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
end();
