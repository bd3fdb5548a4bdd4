/** The data of the verb `attend`, as far as the view draws it. With `--head` it is another verb, `attend-head`. */
import type { Json } from '../source/types';

interface Quantiles {
  p10: number;
  p50: number;
  p90: number;
}

/** Means over queries stand under the measures' names. */
export interface AttendHead {
  layer: number;
  head: number;
  quantiles: { [measure: string]: Quantiles };
  lost: number[];
  [measure: string]: unknown;
}

export interface AttendData {
  model: string;
  text: string;
  heads: AttendHead[];
  layers: { layer: number; lost: number[] }[];
  sinks: { position: number; token: string; mass: number; layer: number; head: number; heads: number }[];
  lost_sinks: number;
  lost_sizes: number[];
  measures: { name: string; tells: string; unit: 'share' | 'keys' | 'nats' }[];
}

export function readAttend(data: { [name: string]: Json } | undefined): AttendData | null {
  return data && Array.isArray(data['heads']) ? (data as unknown as AttendData) : null;
}

/** One head over the first tokens of the text. */
export interface HeadData {
  layer: number;
  head: number;
  tokens: string[];
  /** Row i: the weights of query token i on the tokens 0 to i. */
  weights: number[][];
  /** Share of all attention that each token gets. */
  received: number[];
}

export function readHead(data: { [name: string]: Json } | undefined): HeadData | null {
  return data && Array.isArray(data['weights']) ? (data as unknown as HeadData) : null;
}
