// Looks at the page as its readers do: every view opens, cursors are linked, a link restores the state, the keyboard reaches everything,
// and axe finds nothing, light and dark, wide and narrow. Runs against made-up runs, or against the server that DUNWU_PAGE names.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { open } from './browser.mjs';
import { check, demand, end } from './checks.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const { browser, base, token, close } = await open();
const RUN = process.env.DUNWU_RUN ?? 'small-1a2b3c4d';
const OTHERS = process.env.DUNWU_OTHERS ?? 'small-2b3c4d5e,decay-5e6f7a8b';
const VIEWS = {
  landscape: 'landscape', runs: 'runs', run: `run?name=${RUN}&step=100&unit=17`, compare: `compare?runs=${RUN},${OTHERS}`, sweeps: 'sweeps',
  models: 'models',   'what-if': 'what-if', story: 'story', present: 'present',
};

async function newPage(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  page.on('console', (message) => message.type() === 'error' && page.problems.push(message.text()));
  await page.goto(`${base}/${token}`);
  await page.waitForSelector('nav');
  return page;
}
const show = async (page, hash, wait = 700) => {
  await page.goto(`${base}/#/${hash}`);
  await page.waitForSelector('main :is(h1, h2, p, canvas)');
  await page.waitForTimeout(wait);
};
const valueOf = (page, selector) => page.locator(selector).first().inputValue();
const text = (page, selector) => page.locator(selector).first().innerText();

await check('the token leaves the address', async () => {
  const page = await newPage();
  demand(!page.url().includes('token'), page.url());
  await page.context().close();
});

await check('every view opens without an error', async () => {
  const page = await newPage();
  for (const [name, hash] of Object.entries(VIEWS)) {
    await show(page, hash);
    demand(page.problems.length === 0, `${name}: ${page.problems.join('; ')}`);
  }
  await page.context().close();
});

await check('pointing at a curve moves every view, and leaving it returns', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}`);
  const before = await text(page, 'output');
  const box = await page.locator('canvas[role=slider]').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
  await page.waitForTimeout(150);
  const during = await text(page, 'output');
  demand(during !== before, 'the time bar did not follow');
  demand((await text(page, 'dl.facts')).includes(during.replace(/^step /, '')), 'the numbers beside the headline did not follow');
  await page.mouse.move(5, 5);
  await page.waitForTimeout(150);
  demand((await text(page, 'output')) === before, 'it did not return');
  await page.context().close();
});

await check('dragging in one chart zooms all, and the address keeps it', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}`);
  const box = await page.locator('canvas[role=slider]').first().boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 4 });
  await page.mouse.up();
  await page.waitForTimeout(600);
  demand(/zoom=\d+%7E\d+|zoom=\d+~\d+/.test(page.url()), page.url());
  const again = await newPage();
  await again.goto(page.url());
  await again.waitForSelector('output');
  await again.waitForTimeout(600);
  demand(again.url() === page.url(), `${again.url()} is not ${page.url()}`);
  demand(await again.getByRole('button', { name: 'All steps' }).isEnabled(), 'the copy is not zoomed');
  await page.context().close();
  await again.context().close();
});

await check('a link restores step, unit, filter, language and theme', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}&step=123&unit=17&language=zh&theme=dark`, 1200);
  demand((await text(page, 'output')).includes('123'), await text(page, 'output'));
  demand((await text(page, 'aside h2')).includes('17'), 'the unit is not open');
  demand((await page.locator('html').getAttribute('data-theme')) === 'dark', 'it is not dark');
  demand((await page.locator('html').getAttribute('lang')) === 'zh-Hans', 'it is not Chinese');
  await show(page, 'runs?filter=nothing-has-this-name&language=en');
  demand((await valueOf(page, 'input[type=search]')) === 'nothing-has-this-name', 'the filter is gone');
  await page.context().close();
});

await check('another link to the run that is open moves its cursor', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}&step=100`);
  await show(page, `run?name=${RUN}&step=20`);
  demand((await text(page, 'output')).includes('20'), await text(page, 'output'));
  await page.context().close();
});

await check('the keyboard plays, moves the cursor, zooms and chooses a unit', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}&step=100`);
  await page.locator('main').focus();
  await page.keyboard.press('ArrowRight');
  const stepped = await text(page, 'output');
  demand(stepped !== 'step 100', 'the arrow did not move the cursor');
  await page.keyboard.press('Space');
  await page.waitForTimeout(500);
  demand((await text(page, 'output')) !== stepped, 'space did not play');
  await page.keyboard.press('Space');
  await page.locator('canvas[role=slider]').first().focus();
  await page.keyboard.press('+');
  demand(await page.getByRole('button', { name: 'All steps' }).isEnabled(), '+ did not zoom');
  await page.keyboard.press('0');
  await page.getByRole('spinbutton').first().fill('5');
  await page.waitForSelector('aside h2');
  demand((await text(page, 'aside h2')).includes('5'), 'the unit did not open');
  await page.context().close();
});

await check('the first stop of the keyboard skips to the content', async () => {
  const page = await newPage();
  await show(page, 'runs');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  demand(await page.evaluate(() => document.activeElement === document.querySelector('main')), 'the content has no focus');
  await page.context().close();
});

if (!process.env.DUNWU_PAGE) {
  await check('a live run arrives by itself and is followed; staying is explicit', async () => {
    const page = await newPage();
    await show(page, 'run?name=live-8b9c0d1e');
    const before = await text(page, 'output');
    await page.waitForTimeout(2000);
    demand((await text(page, 'output')) !== before, 'no news arrived');
    await page.getByRole('button', { name: 'Stay here' }).click();
    const stayed = await text(page, 'output');
    await page.waitForTimeout(2000);
    demand((await text(page, 'output')) === stayed, 'it did not stay');
    await page.context().close();
  });

  await check('a tag is added and taken away, a run is started', async () => {
    const page = await newPage();
    await show(page, 'runs');
    await page.getByRole('button', { name: 'Add a tag: wide-2048' }).click();
    await page.keyboard.type('seen');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Take away the tag seen' }).click({ timeout: 5000 });
    await page.getByRole('button', { name: 'Train', exact: true }).last().click();
    await page.getByText('dunwu run small').waitFor({ timeout: 5000 });
    await page.context().close();
  });
}

await check('seeds share a band, and runs are compared on one cursor', async () => {
  const page = await newPage();
  await show(page, VIEWS.compare, 1500);
  demand((await page.locator('.legend li').count()) === 3, 'not every run is there');
  await page.getByRole('button', { name: /^Take .* out$/ }).first().click();
  await page.waitForTimeout(600);
  demand((await page.locator('.legend li').count()) === 2, 'the run is still there');
  await page.context().close();
});

await check('Present opens what is on the screen, and leaving it returns', async () => {
  const page = await newPage();
  for (const [hash, wanted] of [['landscape', 'of=landscape'], [`run?name=${RUN}`, `run=${RUN}`], ['runs', '']]) {
    await show(page, hash);
    await page.getByRole('button', { name: 'Present', exact: true }).click();
    await page.waitForSelector('.stage');
    demand(page.url().endsWith(wanted === '' ? '#/present' : wanted), page.url());
    await page.keyboard.press('Escape');
    await page.waitForTimeout(300);
    if (wanted) demand(page.url().includes(hash), `${page.url()} is not ${hash}`);
  }
  await page.context().close();
});

await check('nothing of a closed landscape is heard', async () => {
  const page = await newPage();
  const said = [];
  page.on('console', (message) => message.type() === 'warning' && said.push(message.text()));
  await page.goto(`${base}/#/landscape?task=cyclic:31`);
  await page.waitForTimeout(50);
  await show(page, 'runs', 1500);
  demand(said.length === 0, said.join('; '));
  await page.context().close();
});

await check('every figure of the report opens within the run, and the doctor marks the curves', async () => {
  const page = await newPage();
  await show(page, `run?name=${RUN}`, 1200);
  await page.getByText('Every figure').click();
  await page.waitForSelector('details[open] .fragment figure');
  await page.getByRole('button', { name: 'Ask the doctor' }).click();
  await page.getByText(/stands? as a red line|It is well/).first().waitFor({ timeout: 60_000 });
  demand(page.problems.length === 0, page.problems.join('; '));
  await page.context().close();
});

if (!process.env.DUNWU_PAGE) {
  await check('a head of a model is chosen, by key and by click', async () => {
    const page = await newPage();
    await show(page, 'models');
    await page.getByLabel(/^Model/).fill('model.gguf');
    await page.getByLabel('Text file').fill('book.txt');
    await page.getByRole('button', { name: 'Look' }).click();
    await page.getByLabel('Layer', { exact: true }).fill('3');
    demand((await text(page, 'aside h2')) === 'Layer 3, head 0', await text(page, 'aside h2'));
    const box = await page.locator('canvas[role=slider]').first().boundingBox();
    await page.mouse.click(box.x + box.width - 30, box.y + 20);
    demand((await text(page, 'aside h2')) === 'Layer 5, head 0', await text(page, 'aside h2'));
    await page.context().close();
  });

  await check('a click on a head shows where it looks in the text, and a token says where it looks by pointer and by key', async () => {
    const page = await newPage();
    await show(page, 'models?model=model.gguf&text=book.txt');
    await page.getByRole('button', { name: 'Look' }).click();
    const map = await page.locator('canvas[role=slider]').first().boundingBox();
    await page.mouse.click(map.x + map.width - 30, map.y + 20);
    const shown = page.getByRole('listbox', { name: 'The text, shaded by attention' });
    const token = (i) => shown.getByRole('option').nth(i);
    const share = async (i) => Number((await token(i).getAttribute('title')).replace(' %', ''));
    await shown.waitFor();
    demand((await text(page, '#head-attention')) === 'What head 0 of layer 5 looks at in the text', await text(page, '#head-attention'));
    demand((await share(0)) > (await share(4)), 'the first token gets most on average');
    await token(4).hover();
    demand((await page.getByText('Where token 4, “ truth” looks.').count()) === 1, 'the pointer chooses the token that looks');
    demand((await token(5).getAttribute('title')) === '–', 'no token looks ahead');
    await page.mouse.move(2, 2);
    await shown.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    demand((await shown.getByRole('option', { selected: true }).getAttribute('data-token')) === String((await shown.getByRole('option').count()) - 2), 'arrows move');
    const weights = [];
    for (let i = 0; i < (await shown.getByRole('option').count()) - 1; i += 1) weights.push(await share(i));
    demand(Math.abs(weights.reduce((a, b) => a + b) - 100) < 3, `a row sums to 1, not ${weights.reduce((a, b) => a + b)} %`);
    await page.keyboard.press('Escape');
    demand((await shown.getByRole('option', { selected: true }).count()) === 0, 'Escape goes back to the mean');
    await page.getByRole('slider', { name: 'Every token on every token before it' }).click({ position: { x: 70, y: 200 } });
    demand((await shown.getByRole('option', { selected: true }).count()) === 1, 'a click on the map chooses a row');
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
    demand(violations.length === 0, violations.map((one) => `${one.id} at ${one.nodes[0].target.join(' ')}`).join('; '));
    demand(page.problems.length === 0, page.problems.join('; '));
    await page.context().close();
  });

  await check('streams show their perplexity, and one without a whole segment says so', async () => {
    const page = await newPage();
    await show(page, 'models');
    const row = page.getByRole('row').filter({ hasText: 'window:1024' });
    demand((await row.innerText()).includes('33.1'), await row.innerText());
    demand((await page.getByText('It has not read a whole segment yet').count()) === 1, 'nothing is made up');
    await page.context().close();
  });
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1400, 400]) {
    await check(`axe finds nothing, ${colorScheme}, ${width} px`, async () => {
      const page = await newPage({ colorScheme, viewport: { width, height: 900 } });
      const found = [];
      for (const [name, hash] of Object.entries(VIEWS)) {
        await show(page, hash, 1000);
        // Evaluated by the driver: the policy of the page lets no script of a test into it.
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
        for (const one of violations) found.push(`${name}: ${one.id} at ${one.nodes.slice(0, 2).map((node) => node.target.join(' ')).join(', ')}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (overflow > 1) found.push(`${name}: ${overflow} px wider than the window`);
      }
      demand(found.length === 0, `\n    ${found.join('\n    ')}`);
      await page.context().close();
    });
  }
}

await close();
end();
