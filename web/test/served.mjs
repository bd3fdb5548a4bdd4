// The page on the real program: `node test/served.mjs DUNWU` makes runs, serves them, and looks. What a unit's panel says is what the command
// line says; a run that trains arrives; the what-if answers; a site opens from a file; and nothing asks another machine.

import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { launch } from './browser.mjs';
import { check, demand, end } from './checks.mjs';

const dunwu = resolve(process.argv[2] ?? '../target/release/dunwu');
const folder = mkdtempSync(join(tmpdir(), 'dunwu-page-'));
const call = (...words) => execFileSync(dunwu, words, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
const json = (...words) => JSON.parse(call(...words, '--json'));

const runs = [0, 1].map((seed) => json('run', 'small', `seed=${seed}`, '--quiet').run.split('/').at(-1));
call('sweep', 'small', 'data.fraction=0.3,0.5', 'optimizer.weight_decay=2e-4,2e-3', 'seed=0..1', 'steps=600', '--quiet');

const server = spawn(dunwu, ['serve', '--port', '0', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await Promise.race([
  new Promise((heard) => createInterface({ input: server.stdout }).once('line', (text) => heard([text]))),
  new Promise((_, refuse) => server.once('exit', (code) => refuse(new Error(`dunwu serve ended with ${code}`)))),
]);
const { url, page: address } = JSON.parse(line);
const base = url.replace(/\/$/, '');
const browser = await launch();

/** A page that has shown its first view; what it complains of and whom it asks is kept. */
async function newPage(first = address, options = {}, awaited = 'nav') {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.problems = [];
  page.asked = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  page.on('request', (request) => page.asked.push(request.url()));
  await page.goto(first);
  await page.waitForSelector(awaited);
  return page;
}
const show = async (page, hash) => {
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector('main :is(h1, h2, canvas)');
};

await check('every view opens on real runs, and nothing asks another machine', async () => {
  const page = await newPage();
  const table = readdirSync(join(folder, 'runs/sweeps')).find((name) => name.endsWith('.parquet') && !name.includes('curves'));
  demand(table, 'the sweep left no table');
  for (const view of [
    'landscape', 'runs', `run?name=${runs[0]}`, `run?name=${runs[0]}&unit=3`, `compare?runs=${runs.join(',')}`, 'sweeps',
    'what-if', 'story', 'present', `landscape?run=${runs[0]}`,
  ]) {
    await show(page, view);
    await page.waitForTimeout(1500);
    demand(page.problems.length === 0, `${view}: ${page.problems.join('; ')}`);
  }
  const foreign = page.asked.filter((asked) => !asked.startsWith(base) && !/^(data|blob):/.test(asked));
  demand(foreign.length === 0, foreign.join(' '));
  await page.context().close();
});

await check("a unit's numbers are the command line's", async () => {
  const page = await newPage();
  const arrived = page.waitForResponse((response) => response.url().includes('word=unit') && response.ok());
  await show(page, `run?name=${runs[0]}&unit=3`);
  const on_page = (await (await arrived).json()).answers[0].data;
  const printed = json('unit', runs[0], '3', '--step', String(on_page.step));
  for (const side of ['with', 'without', 'units']) {
    demand(JSON.stringify(on_page[side]) === JSON.stringify(printed[side]), `${side} is not what dunwu unit prints`);
  }
  const panel = page.locator('aside');
  await panel.getByText(printed.headline).waitFor({ timeout: 5000 });
  await page.context().close();
  return printed.headline;
});

await check('a run that another process trains arrives, and is followed to its end', async () => {
  const child = spawn(dunwu, ['run', 'small', 'seed=7', 'steps=20000', 'events.stop_after=100000', 'record.evaluate_every=20', '--quiet'], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise((over) => child.once('exit', over));
  const page = await newPage();
  await show(page, 'runs');
  await page.getByRole('row').filter({ hasText: /running|trains|training/i }).first().waitFor({ timeout: 20_000 });
  const live = JSON.parse(call('ls', 'seed=7', '--json')).runs[0].run.split('/').at(-1);
  await show(page, `run?name=${live}`);
  const step_of = async () => Number((await page.locator('output').first().innerText()).replace(/[^\d]/g, ''));
  await page.waitForSelector('output');
  const early = await step_of();
  await ended;
  await page.waitForFunction(
    () => Number((document.querySelector('output')?.textContent ?? '').replace(/[^\d]/g, '')) >= 20000,
    undefined,
    { timeout: 60_000 },
  );
  demand(early < 20000, 'it was over before the page opened');
  demand(page.problems.length === 0, page.problems.join('; '));
  await page.context().close();
  return `from step ${early} to 20,000`;
});

await check('the what-if trains in the page, and a link brings the same', async () => {
  const page = await newPage();
  const began = performance.now();
  await show(page, 'what-if');
  await page.locator('main canvas').first().waitFor({ timeout: 30_000 });
  const first = performance.now() - began;
  await page.locator('main h1', { hasText: /grokked|memorized|generaliz/i }).waitFor({ timeout: 60_000 });
  const done = performance.now() - began;
  const headline = await page.locator('main h1').innerText();
  const copy = await newPage(page.url());
  await copy.locator('main h1', { hasText: headline }).waitFor({ timeout: 60_000 });
  const words = (await page.locator('main code').last().innerText()).replace(/^dunwu\s+/, '').split(/\s+/);
  const printed = json(...words, '--quiet');
  demand(printed.headline === headline, `the page says "${headline}", the command line "${printed.headline}"`);
  await page.context().close();
  await copy.context().close();
  return `first picture after ${(first / 1000).toFixed(2)} s, ended after ${(done / 1000).toFixed(2)} s`;
});

await check('a site opens from a file without a server, with its runs and its engine', async () => {
  call('site', 'site', runs[0]);
  const index = join(folder, 'site/index.html');
  const page = await newPage(`file://${index}`, { offline: true });
  await page.waitForSelector('main canvas');
  for (const view of ['landscape', 'runs', `run?name=${runs[0]}`, 'story']) {
    await page.goto(`file://${index}#/${view}`);
    await page.waitForTimeout(1200);
    demand(page.problems.length === 0, `${view}: ${page.problems.join('; ')}`);
  }
  await page.goto(`file://${index}#/what-if`);
  await page.locator('main h1', { hasText: /grokked|memorized|generaliz/i }).waitFor({ timeout: 90_000 });
  const foreign = page.asked.filter((asked) => !/^(file|data|blob):/.test(asked));
  demand(foreign.length === 0, foreign.join(' '));
  demand(page.problems.length === 0, page.problems.join('; '));
  await page.context().close();
  return `${(statSync(index).size / 1e6).toFixed(2)} MB`;
});

await check("a run's report opens from a file with the run, and without script shows its figures", async () => {
  const file = join(folder, 'runs', runs[0], 'report.html');
  const shown = JSON.parse(call('show', runs[0], '--json'));
  const page = await newPage(`file://${file}`, { offline: true }, 'main h1');
  demand((await page.locator('main h1').innerText()) === shown.headline, 'the report has another headline than dunwu show');
  await page.waitForSelector('main canvas');
  await page.locator('details', { has: page.locator('summary', { hasText: 'Every figure' }) }).locator('summary').click();
  await page.waitForSelector('.fragment figure svg');
  const n_figures = await page.locator('.fragment figure svg').count();
  demand(page.problems.length === 0, page.problems.join('; '));
  demand(page.asked.every((asked) => /^(file|data|blob):/.test(asked)), page.asked.join(' '));
  await page.context().close();
  const still = await newPage(`file://${file}`, { offline: true, javaScriptEnabled: false }, 'main h1');
  demand((await still.locator('main .lede').innerText()).replaceAll('\u00a0', ' ') === shown.headline, 'without script the headline is another');
  const n_still = await still.locator('main figure svg').count();
  demand(n_still === n_figures && n_still > 5, `${n_figures} figures with script, ${n_still} without`);
  await still.context().close();
  return `${(statSync(file).size / 1e6).toFixed(2)} MB, ${n_figures} figures`;
});

await browser.close();
server.kill('SIGTERM');
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
end();
