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
  /** The run that the page is the report of: it opens with it, and shows nothing else. */
  report_of: string | null;
  /** Null in a report. */
  runs: ListData | null;
  /** Packed runs by name, as base64. */
  packed: { [name: string]: string };
  /** Answers by their words, joined by single spaces. */
  answers: { [words: string]: Asked };
}

export const NO_RUNS: ListData = { headline: '', story: [], folder: '', runs: [], unreadable: [], tables: [], streams: [] };

let known: EmbeddedData | null | undefined;

/** The data in this page, or null where it has none. */
export function embeddedData(): EmbeddedData | null {
  if (known !== undefined) return known;
  const text = document.getElementById('dunwu-data')?.textContent;
  return (known = text ? (JSON.parse(text) as EmbeddedData) : null);
}

/** The run that this page is the report of, or null where it is something else. */
export function reportedRun(): string | null {
  return embeddedData()?.report_of ?? null;
}

/** What a report shows where no script runs, which is what the library draws of the run: there once, it is taken from there. */
function drawnByLibrary(): Asked {
  const text = document.querySelector('body > noscript')?.textContent ?? '';
  const main = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
  // The view around it has its headline and its sentences.
  main?.querySelectorAll(':scope > :is(header, footer, .story)').forEach((said) => said.remove());
  return { answers: [{ verb: 'run', title: '', setup: '', headline: '', sentences: [], html: main?.innerHTML ?? '', data: {}, terrains: [] }], text: '', code: 0 };
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
    return Promise.resolve(this.data.runs ?? NO_RUNS);
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
    const asked = words.join(' ') === `show ${this.data.report_of}` ? drawnByLibrary() : this.data.answers[words.join(' ')];
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
