/**
 * The source inside a static page: `dunwu site` and a run's report put their data into the page as a block of JSON.
 *
 * A page opened from a file may fetch nothing, so the data has to stand in it. What it does not hold is refused with the
 * command that shows it.
 */
import { readPacked } from './packed';
import { runName } from './server';
import type { About, Asked, Job, ListData, PackedRun, Source } from './types';
import { Refusal } from './types';

/** `<script type="application/json" id="dunwu-data">` holds this. */
export interface EmbeddedData {
  about: About;
  runs: ListData;
  /** Packed runs by name, as base64. */
  packed: { [name: string]: string };
  /** Answers by their words, joined by single spaces. */
  answers: { [words: string]: Asked };
  /** What such a page opens with, as its address says it: a report opens with `run?name=NAME`. */
  first?: string;
}

let known: EmbeddedData | null | undefined;

/** The data in this page, or null where it has none. */
export function embeddedData(): EmbeddedData | null {
  if (known !== undefined) return known;
  const text = document.getElementById('dunwu-data')?.textContent;
  return (known = text ? (JSON.parse(text) as EmbeddedData) : null);
}

/** The bytes of a text in base 64. */
export function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes.buffer;
}

export class EmbeddedSource implements Source {
  readonly kind = 'site';
  readonly mayChange = false;

  constructor(private readonly data: EmbeddedData) {}

  about(): Promise<About> {
    return Promise.resolve(this.data.about);
  }

  runs(): Promise<ListData> {
    return Promise.resolve(this.data.runs);
  }

  packed(run: string): Promise<PackedRun> {
    const text = this.data.packed[runName(run)];
    if (!text) return Promise.reject(new Refusal(`this page does not hold the run ${run}: run "dunwu serve" where it lies`));
    return Promise.resolve(readPacked(bytesOf(text)));
  }

  follow(): () => void {
    return () => undefined;
  }

  followRuns(): () => void {
    return () => undefined;
  }

  followJobs(): () => void {
    return () => undefined;
  }

  answer(words: string[]): Promise<Asked> {
    const asked = this.data.answers[words.join(' ')];
    return asked
      ? Promise.resolve(asked)
      : Promise.reject(new Refusal(`this page does not hold that answer: run "dunwu ${words.join(' ')}"`));
  }

  jobs(): Promise<Job[]> {
    return Promise.resolve([]);
  }

  start(words: string[]): Promise<Job> {
    return Promise.reject(new Refusal(`a page without a server changes no run: run "dunwu ${words.join(' ')}"`));
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
