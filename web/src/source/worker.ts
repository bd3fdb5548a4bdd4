/**
 * The engine in a worker of its own: trains and answers in WebAssembly while the page stays free.
 *
 * A training advances in pieces of some 40 milliseconds; between two of them the worker hears the page, so that a training which
 * nobody wants any more ends at once.
 */
import type { ToEngine, FromEngine } from './wasm';

interface EngineExports {
  memory: WebAssembly.Memory;
  input(length: number): number;
  ask(): number;
  output(): number;
  output_len(): number;
}

const PIECE_MS = 40;

let engine: EngineExports | undefined;
/** The training that advances; a later one takes its place. */
let training = 0;

function send(message: FromEngine, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}

/** The bytes of an answer, copied out of the engine's memory; a refusal is thrown. */
function ask(request: object): ArrayBuffer {
  if (!engine) throw new Error('the engine is not loaded');
  const text = new TextEncoder().encode(JSON.stringify(request));
  const at = engine.input(text.length);
  new Uint8Array(engine.memory.buffer, at, text.length).set(text);
  const refused = engine.ask() !== 0;
  const bytes = engine.memory.buffer.slice(engine.output(), engine.output() + engine.output_len());
  if (refused) throw new Error((JSON.parse(new TextDecoder().decode(bytes)) as { error: string }).error);
  return bytes;
}

/** Pauses until messages of the page have been heard. */
function listen(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function train(id: number, words: string[]): Promise<void> {
  training = id;
  const begun = ask({ do: 'begin', words });
  // Training of n steps passes through n + 1 states, the first of them untrained.
  const all = 1 + (JSON.parse(new TextDecoder().decode(begun)) as { steps: number }).steps;
  let steps = 1;
  for (let made = 0; made < all; ) {
    await listen();
    if (training !== id) return;
    const start = performance.now();
    const bytes = ask({ do: 'advance', steps });
    const took = performance.now() - start;
    made += steps;
    send({ id, do: 'grown', bytes, isDone: made >= all }, [bytes]);
    steps = Math.max(1, Math.min(all - made, 4 * steps, Math.round((steps * PIECE_MS) / Math.max(took, 1))));
  }
}

async function hear(message: ToEngine): Promise<void> {
  switch (message.do) {
    case 'load': {
      const { instance } = await WebAssembly.instantiate(message.bytes);
      engine = instance.exports as unknown as EngineExports;
      return send({ id: message.id, do: 'loaded' });
    }
    case 'train':
      return train(message.id, message.words);
    case 'stop':
      training = 0;
      return;
    case 'ask': {
      const bytes = ask(message.request);
      return send({ id: message.id, do: 'answered', bytes }, [bytes]);
    }
  }
}

addEventListener('message', ({ data }: MessageEvent<ToEngine>) => {
  hear(data).catch((error: Error) => send({ id: data.id, do: 'refused', error: error.message }));
});
