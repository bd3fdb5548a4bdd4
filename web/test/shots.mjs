// Takes pictures of views for looking at: node test/shots.mjs FOLDER BASE [name=hash ...]; sizes and themes from the environment.
import { chromium } from 'playwright-core';
const [folder, base, ...views] = process.argv.slice(2);
const widths = (process.env.WIDTHS ?? '1400').split(',').map(Number);
const themes = (process.env.THEMES ?? 'light').split(',');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
for (const theme of themes) {
  for (const width of widths) {
    const context = await browser.newContext({ viewport: { width, height: width < 600 ? 800 : 900 }, colorScheme: theme, locale: process.env.LOCALE ?? 'en-US' });
    const page = await context.newPage();
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.log(message.type(), message.text()));
    page.on('pageerror', (error) => console.log('pageerror', error.message));
    for (const view of views) {
      const [name, ...hash] = view.split('=');
      await page.goto(`${base}/#token=${process.env.TOKEN ?? 'mock'}`);
      await page.goto(`${base}/#/${hash.join('=')}`);
      await page.waitForTimeout(Number(process.env.WAIT ?? 900));
      // Pictures are drawn when they come into sight.
      if (process.env.FULL !== '0') {
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        for (let y = 0; y < height; y += 600) {
          await page.evaluate((to) => scrollTo(0, to), y);
          await page.waitForTimeout(60);
        }
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        await page.waitForTimeout(200);
      }
      await page.screenshot({ path: `${folder}/${name}-${width}-${theme}.png`, fullPage: process.env.FULL !== '0' });
    }
    await context.close();
  }
}
await browser.close();
