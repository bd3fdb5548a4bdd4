// Starts the browser that tests look through, and the server of made-up runs that they look at.

import { chromium } from 'playwright-core';
import { serve } from './mock.mjs';

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/** A browser alone. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: QUIET });
}

/** A browser and the address of the page; `DUNWU_PAGE` names a server that runs already, with its token. */
export async function open() {
  const browser = await launch();
  const given = process.env.DUNWU_PAGE;
  if (given) {
    const address = new URL(given);
    return { browser, base: address.origin, token: address.hash, close: () => browser.close() };
  }
  const server = await serve(0);
  const close = async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  };
  return { browser, base: `http://127.0.0.1:${server.address().port}`, token: '#token=mock', close };
}
