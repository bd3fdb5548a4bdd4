// Serves web/dist from disk and forwards /api to a `dunwu serve`, so that a new build is seen with real runs:
// node test/proxy.mjs http://127.0.0.1:7987 [port]

import { createServer, request } from 'node:http';
import { file } from './mock.mjs';

const [target = 'http://127.0.0.1:7987', port = '4182'] = process.argv.slice(2);
const { hostname, port: target_port, host } = new URL(target);

createServer((asked, answer) => {
  const url = new URL(asked.url, 'http://127.0.0.1');
  if (!url.pathname.startsWith('/api/')) return void file(answer, url.pathname);
  // The server answers to its own page only, which this one is not.
  const headers = Object.fromEntries(Object.entries(asked.headers).filter(([name]) => name !== 'origin' && name !== 'referer' && !name.startsWith('sec-fetch')));
  const forwarded = request({ hostname, port: target_port, path: asked.url, method: asked.method, headers: { ...headers, host } }, (response) => {
    answer.writeHead(response.statusCode, response.headers);
    response.pipe(answer);
  });
  forwarded.on('error', () => answer.destroy());
  answer.on('close', () => forwarded.destroy());
  asked.pipe(forwarded);
}).listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/`));
