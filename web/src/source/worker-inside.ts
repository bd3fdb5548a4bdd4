/**
 * The engine's worker as a part of the page's one script, for a page that was opened from a disk. The engine lies beside it as a script,
 * because such a page can fetch nothing: `dunwu site` writes it.
 */
import InlineWorker from './worker.ts?worker&inline';
import { bytesOf } from './embedded';

declare global {
  interface Window {
    dunwuEngine?: string;
  }
}

export function startWorker(): Worker {
  return new InlineWorker();
}

export function engineBytes(): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = 'dunwu.wasm.js';
    script.onload = () => {
      const text = window.dunwuEngine;
      if (text) resolve(bytesOf(text));
      else reject(new Error('dunwu.wasm.js holds no engine: write the page again with dunwu site'));
    };
    script.onerror = () => reject(new Error('this page came without its engine: dunwu.wasm.js is not beside it'));
    document.head.append(script);
  });
}
