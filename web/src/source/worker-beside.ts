/** The engine's worker as a file beside the page, and the engine itself likewise. */
export function startWorker(): Worker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}

export async function engineBytes(): Promise<ArrayBuffer> {
  const response = await fetch(new URL('dunwu.wasm', document.baseURI).href);
  if (!response.ok) throw new Error('this page came without its engine: dunwu.wasm is not beside it');
  return response.arrayBuffer();
}
