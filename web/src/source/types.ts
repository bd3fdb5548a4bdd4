/**
 * What the library tells the page, as JSON and as columns.
 *
 * These types say what the page relies on. Where the library knows more, `data` keeps it as `Json`.
 */

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface About {
  version: string;
  folder: string;
  may_change: boolean;
}

export type RunState =
  | 'grokked' | 'lost' | 'forgot' | 'censored' | 'diverged' | 'collapsed' | 'finished'
  | 'failed' | 'stopped' | 'imported' | 'running' | 'interrupted';

/** One row of the listing. */
export interface ListedRun {
  run: string;
  task: string;
  kind: 'own' | 'foreign';
  state: RunState;
  step: number | null;
  train_accuracy: number | null;
  test_accuracy: number | null;
  tags: string[];
  note: string;
  bytes: number;
  written: number;
  writer: string | null;
}

export interface ListData {
  headline: string;
  story: string[];
  folder: string;
  runs: ListedRun[];
  unreadable: { run: string; error: string }[];
  tables: string[];
  streams: ListedStream[];
}

/** A stream, as far as it was read: up to the end of its last whole segment. */
export interface ListedStream {
  stream: string;
  texts: string[];
  tokens: number;
  /** Tokens up to the end of each stretch. */
  ends: number[];
  policies: { policy: string; perplexity: number | null; stretches: (number | null)[] }[];
  error: string | null;
}

/** An answer of one reading verb. `html` is a safe fragment that the library made. */
export interface Answer {
  verb: string;
  title: string;
  setup: string;
  headline: string;
  sentences: string[];
  html: string;
  data: { [name: string]: Json };
  /** Landscapes, one series for each energy; only `race` and `peaks` have them. */
  terrains?: TerrainSeries[];
}

/** A table of heights of the landscape over two angles; only `race` and `peaks` answers have them. */
export interface Terrain {
  n_train: number;
  theta: number[];
  phi: number[];
  /** Row after row of `theta`, one row for each `phi`. */
  heights: number[];
  marks: { theta: number; phi: number; height: number; kind: 'memory' | 'feature' | 'mixed'; is_peak: boolean; name: string }[];
}

export interface TerrainSeries {
  name: string;
  title: string;
  labels: string[];
  captions: string[];
  start: number;
  terrains: Terrain[];
}

export interface Asked {
  answers: Answer[];
  text: string;
  code: number;
}

export interface Job {
  id: number;
  words: string[];
  state: 'running' | 'done' | 'failed' | 'stopped';
  phase: string | null;
  done: number | null;
  pieces: number | null;
  said: string | null;
  code: number | null;
  error: string | null;
  answer: Asked | null;
}

/** The record of a run has grown to this size. */
export interface Grown {
  bytes: number;
}

export type MeasureShape = 'scalar' | 'per_unit' | 'per_irrep' | 'per_problem' | 'per_unit_and_irrep' | 'spectrum';

export interface MeasureInfo {
  name: string;
  tells: string;
  formula: string;
  unit: string;
  shape: MeasureShape;
  source: string;
  /** When there is no value. */
  undefined?: string;
}

export interface ScalarInfo {
  name: string;
  tells: string;
  unit: string;
}

/** What `dunwu show --json` prints, as far as the page draws it. */
export interface RunData {
  step_memorized?: number | null;
  step_generalized?: number | null;
  stages?: { name: string; from: number; to: number }[];
  units?: { [label: string]: number };
  irreps?: { covered: string[]; missing: string[] } | null;
  [name: string]: Json | undefined;
}

/** Something that was done to a run; `step` is null where that depended on how the run went. */
export interface InterventionMark {
  step: number | null;
  until?: number | null;
  what: string;
}

/** The header in front of a run's columns. */
export interface RunHeader {
  run: string;
  name: string;
  task: string;
  kind?: 'own' | 'foreign';
  n_labels: number | null;
  n_train: number | null;
  n_population: number | null;
  n_units: number | null;
  steps: number | null;
  state: RunState;
  settings: { name: string; value: string }[];
  irreps: { name: string; degree: number }[] | null;
  headline: string;
  story: string[];
  expected?: string[];
  data: RunData;
  /** Snapshots that were taken. */
  n_snapshots: number;
  interventions: InterventionMark[];
  /** Why no unit has a weight for each token, where none has. */
  no_token_weights?: string | null;
  measures: MeasureInfo[];
  scalars: ScalarInfo[];
}

export type Column = Float64Array | Float32Array | Uint8Array;

/** One table as columns, all of `n_rows`. */
export interface Table {
  n_rows: number;
  columns: { [name: string]: Column };
  /** The names that an u8 column's numbers stand for; 255 stands for a missing one. */
  names: { [column: string]: string[] };
}

export interface PackedRun {
  header: RunHeader;
  tables: { [name: string]: Table };
}

/** Where the page's numbers come from: a server, the data inside a static page, or the engine in a worker. */
export interface Source {
  readonly kind: 'server' | 'site' | 'wasm';
  /** Runs can be started, stopped and tagged. */
  readonly mayChange: boolean;
  about(): Promise<About>;
  runs(): Promise<ListData>;
  /**
   * The run as columns; with `after`, only the rows of later steps. Where `tables` are named, a source may leave out all others.
   */
  packed(run: string, after?: number, tables?: string[]): Promise<PackedRun>;
  /** Calls `grown` whenever the run has new rows; returns how to stop listening. */
  follow(run: string, grown: (news: Grown) => void): () => void;
  followRuns(changed: () => void): () => void;
  followJobs(changed: (jobs: Job[]) => void): () => void;
  /** Asks any reading verb, for example `['unit', run, '17', '--step', '400']`. */
  answer(words: string[]): Promise<Asked>;
  /** All jobs, without their answers. */
  jobs(): Promise<Job[]>;
  /** One job, with its answer where it is done. */
  job?(id: number): Promise<Job>;
  /** Starts a verb that changes the folder: run, resume, fork, sweep, tag, note. */
  start(words: string[]): Promise<Job>;
  stop(id: number): Promise<void>;
}

/** A refusal of the library or the server: one sentence, with its remedy. */
export class Refusal extends Error {}
