/** Finds the page's source once: data inside the page, else a server. */
import { EmbeddedSource, NO_RUNS, embeddedData } from './embedded';
import { ServerSource, takeToken } from './server';
import type { ListedRun, PackedRun, RunHeader, Source } from './types';

async function find(): Promise<Source> {
  const token = takeToken();
  const data = embeddedData();
  if (data) return new EmbeddedSource(data);
  const server = await ServerSource.find(token);
  return server ?? new EmbeddedSource(NOTHING);
}

const NOTHING = {
  about: { version: '', folder: '', may_change: false },
  report_of: null,
  runs: NO_RUNS,
  packed: {},
  answers: {},
};

let found: Promise<Source> | null = null;

export function source(): Promise<Source> {
  found ??= find();
  return found;
}

/** Headers of runs, without any table; what cannot be read is left out. */
export async function headersOf(runs: readonly ListedRun[]): Promise<RunHeader[]> {
  const from = await source();
  const found = await Promise.allSettled(runs.map((run) => from.packed(run.run, undefined, [])));
  return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value.header] : []));
}

let early: { name: string; packed: Promise<PackedRun> } | null = null;

/** Begins to fetch a run while the view that shows it is still on its way. */
export function fetchEarly(name: string): void {
  const packed = source().then((from) => from.packed(name));
  // Whoever takes it handles its refusal; until then it is nobody's.
  packed.catch(() => undefined);
  early = { name, packed };
}

/** The run that was fetched early, once; else it is fetched now. */
export async function takePacked(name: string): Promise<PackedRun> {
  const fetched = early?.name === name ? early.packed : null;
  early = null;
  return fetched ?? (await source()).packed(name);
}
