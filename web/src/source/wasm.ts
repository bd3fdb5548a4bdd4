/** The engine inside the page: the library in WebAssembly, which answers and trains without a server. */
import { source } from './current';
import { joinPacked, readPacked } from './packed';
import type { Asked, PackedRun } from './types';
import { Refusal } from './types';
import { engineBytes, startWorker } from '#worker';

/** What the page tells the worker. */
export type ToEngine = { id: number } & (
  | { do: 'load'; bytes: ArrayBuffer }
  | { do: 'train'; words: string[] }
  | { do: 'stop' }
  | { do: 'ask'; request: object }
);

/** What the worker tells the page. */
export type FromEngine = { id: number } & (
  | { do: 'loaded' }
  | { do: 'grown'; bytes: ArrayBuffer; isDone: boolean }
  | { do: 'answered'; bytes: ArrayBuffer }
  | { do: 'refused'; error: string }
);

/** Listens to a training: the run so far, whether it is over, or why it was refused. */
export interface Pupil {
  grown(run: PackedRun, isDone: boolean): void;
  refused(why: string): void;
}

class Engine {
  private readonly worker = startWorker();
  private readonly heard = new Map<number, (message: FromEngine) => void>();
  private last = 0;

  constructor() {
    this.worker.addEventListener('message', ({ data }: MessageEvent<FromEngine>) => this.heard.get(data.id)?.(data));
  }

  private once(message: Omit<Extract<ToEngine, { do: 'load' }>, 'id'> | Omit<Extract<ToEngine, { do: 'ask' }>, 'id'>): Promise<FromEngine> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.worker.addEventListener('error', () => reject(new Refusal('the engine of this page could not be started')), { once: true });
      this.heard.set(id, (reply) => {
        this.heard.delete(id);
        if (reply.do === 'refused') reject(new Refusal(reply.error));
        else resolve(reply);
      });
      this.worker.postMessage({ ...message, id } satisfies ToEngine);
    });
  }

  async load(): Promise<this> {
    await this.once({ do: 'load', bytes: await engineBytes() });
    return this;
  }

  private async asked(request: object): Promise<Asked> {
    const reply = await this.once({ do: 'ask', request });
    if (reply.do !== 'answered') throw new Refusal('the engine answered something else');
    return JSON.parse(new TextDecoder().decode(reply.bytes)) as Asked;
  }

  /** Any reading verb that needs no folder. */
  answer(words: string[]): Promise<Asked> {
    return this.asked({ do: 'answer', words });
  }

  /** Trains a spec, `words` as after `dunwu run`; whatever trained before stops at once. Returns how to stop. */
  train(words: string[], pupil: Pupil): () => void {
    const id = ++this.last;
    let run: PackedRun | undefined;
    this.heard.set(id, (reply) => {
      if (reply.do === 'refused') pupil.refused(reply.error);
      if (reply.do !== 'grown') return;
      const piece = readPacked(reply.bytes);
      run = run ? joinPacked(run, piece, Infinity) : piece;
      pupil.grown(run, reply.isDone);
    });
    this.worker.postMessage({ id, do: 'train', words } satisfies ToEngine);
    return () => {
      this.heard.delete(id);
      this.worker.postMessage({ id, do: 'stop' } satisfies ToEngine);
    };
  }
}

export type { Engine };

let found: Promise<Engine> | undefined;

/** The page's engine, loaded when it is first needed. */
export function engine(): Promise<Engine> {
  found ??= new Engine().load();
  return found;
}

/** The source's answer; where it has none, the engine's. A server's refusal is final, for it has the same library. */
export async function answerOrCompute(words: string[]): Promise<Asked> {
  const asked = await source();
  try {
    return await asked.answer(words);
  } catch (refusal) {
    if (asked.kind === 'server') throw refusal;
    return (await engine()).answer(words);
  }
}
