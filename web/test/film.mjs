// Makes the film at the top of the README from the page as it is, and two stills of the guide: `node test/film.mjs DUNWU FOLDER`. First the mountains
// as data are added, then a run through time.

import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import gifenc from 'gifenc';
import { PNG } from 'pngjs';
import { launch } from './browser.mjs';

const { GIFEncoder, quantize, applyPalette } = gifenc;
const [dunwu, out] = [resolve(process.argv[2]), resolve(process.argv[3])];
const film = join(out, 'page.gif');
const SIZE = { width: 1240, height: 760 };
const FRAME_MS = 110;
const REST_MS = 1400;

const folder = mkdtempSync(join(tmpdir(), 'dunwu-film-'));
const run = JSON.parse(execFileSync(dunwu, ['run', 'small', 'seed=1', '--quiet', '--json'], { cwd: folder, maxBuffer: 1 << 28 })).run.split('/').at(-1);
const server = spawn(dunwu, ['serve', '--port', '0', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
const said = await new Promise((heard) => createInterface({ input: server.stdout }).once('line', heard));
const { url, page: address } = JSON.parse(said);
const browser = await launch();
const page = await (await browser.newContext({ viewport: SIZE, locale: 'en-GB', colorScheme: 'light', reducedMotion: 'reduce' })).newPage();
await page.goto(address);
await page.waitForSelector('nav');

const gif = GIFEncoder();
async function shoot(delay) {
  const { data, width, height } = PNG.sync.read(await page.screenshot());
  const palette = quantize(data, 128);
  gif.writeFrame(applyPalette(data, palette), width, height, { palette, delay });
}

await page.goto(`${url}#/landscape`);
const amount = page.locator('main input[type=range]').first();
await amount.waitFor();
const [low, high] = [Number(await amount.getAttribute('min')), Number(await amount.getAttribute('max'))];
for (let frame = low; frame <= high; frame += 1) {
  await amount.fill(String(frame));
  await page.waitForTimeout(350);
  await shoot(frame === high ? REST_MS : 2 * FRAME_MS);
}
await page.goto(`${url}#/run?name=${run}&step=0`);
const steps = [0, 2, 4, 6, 8, 12, 17, 25, 36, 52, 75, 108, 140, 180, 220, 260, 300, 330, 360, 390, 420, 480, 560, 700, 1000];
for (const step of steps) {
  await page.goto(`${url}#/run?name=${run}&step=${step}`);
  await page.waitForSelector('output');
  await page.waitForTimeout(step === 0 ? 1500 : 350);
  await shoot(step === steps.at(-1) ? REST_MS : 2 * FRAME_MS);
}
gif.finish();
writeFileSync(film, gif.bytes());
await page.setViewportSize({ width: 1400, height: 900 });
await page.goto(`${url}#/run?name=${run}&step=420&unit=3`);
await page.locator('aside').waitFor();
await page.waitForTimeout(2500);
await page.locator('aside').evaluate((panel) => panel.scrollIntoView({ block: 'start' }));
await page.waitForTimeout(300);
await page.screenshot({ path: join(out, 'page-unit.png') });
await page.goto(`${url}#/what-if`);
await page.locator('main h1', { hasText: /grokked/i }).waitFor({ timeout: 60_000 });
await page.screenshot({ path: join(out, 'page-what-if.png') });
await browser.close();
server.kill('SIGTERM');
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
console.log(`${film}: ${(gif.bytes().length / 1e6).toFixed(2)} MB`);
