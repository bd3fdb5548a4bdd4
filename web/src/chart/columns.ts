/**
 * Curves by pixel columns: the least, the greatest and the last value of every column, never a sampled line.
 *
 * Curves of one table share their steps, so the rows of each column are found once for all of them. A curve of many points
 * carries a pyramid of least and greatest values, by which a column of 10⁵ points costs as much as one of fifty.
 */
import type { Column } from '../source/types';

const BLOCK = 32;

/** Least and greatest values of blocks of 32 rows, of blocks of such blocks, and so on. */
interface Level {
  least: Float32Array;
  greatest: Float32Array;
}

export interface Curve {
  name: string;
  values: Column;
  /** Least and greatest finite value; `positive` is the least one above zero, for logarithms. */
  least: number;
  greatest: number;
  positive: number;
  levels: Level[];
}

function levelOver(least: ArrayLike<number>, greatest: ArrayLike<number>): Level {
  const n_blocks = Math.ceil(least.length / BLOCK);
  const level = { least: new Float32Array(n_blocks).fill(NaN), greatest: new Float32Array(n_blocks).fill(NaN) };
  for (let block = 0; block < n_blocks; block += 1) {
    let low = Infinity;
    let high = -Infinity;
    const end = Math.min(least.length, (block + 1) * BLOCK);
    for (let row = block * BLOCK; row < end; row += 1) {
      const l = least[row] as number;
      const g = greatest[row] as number;
      if (l < low) low = l;
      if (g > high) high = g;
    }
    if (low <= high) {
      level.least[block] = low;
      level.greatest[block] = high;
    }
  }
  return level;
}

export function curveOf(name: string, values: Column): Curve {
  let least = Infinity;
  let greatest = -Infinity;
  let positive = Infinity;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value < least) least = value;
    if (value > greatest && value < Infinity) greatest = value;
    if (value > 0 && value < positive) positive = value;
  }
  const levels: Level[] = [];
  if (values.length > 4 * BLOCK * BLOCK) {
    let level = levelOver(values, values);
    levels.push(level);
    while (level.least.length > BLOCK) {
      level = levelOver(level.least, level.greatest);
      levels.push(level);
    }
  }
  return { name, values, least, greatest, positive, levels };
}

/** Least and greatest value of rows `first..end`, into `into[0]` and `into[1]`; NaN where none is finite. */
export function extent(curve: Curve, first: number, end: number, into: Float64Array): void {
  let low = Infinity;
  let high = -Infinity;
  let least: ArrayLike<number> = curve.values;
  let greatest: ArrayLike<number> = curve.values;
  let level = 0;
  let a = first;
  let b = end;
  for (;;) {
    const above = b - a > 2 * BLOCK ? curve.levels[level] : undefined;
    const left = above ? Math.ceil(a / BLOCK) * BLOCK : b;
    for (let row = a; row < left; row += 1) {
      if ((least[row] as number) < low) low = least[row] as number;
      if ((greatest[row] as number) > high) high = greatest[row] as number;
    }
    if (!above) break;
    const right = Math.floor(b / BLOCK) * BLOCK;
    for (let row = right; row < b; row += 1) {
      if ((least[row] as number) < low) low = least[row] as number;
      if ((greatest[row] as number) > high) high = greatest[row] as number;
    }
    a = left / BLOCK;
    b = right / BLOCK;
    least = above.least;
    greatest = above.greatest;
    level += 1;
  }
  into[0] = low <= high ? low : NaN;
  into[1] = low <= high ? high : NaN;
}

/** The first row whose step is not before `step`. */
export function firstRowFrom(steps: Column, step: number): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((steps[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last row whose step is not after `step`, or 0. */
export function rowAt(steps: Column, step: number): number {
  return Math.max(0, firstRowFrom(steps, step + 1e-9) - 1);
}

/** For each pixel column its first row; one more entry closes the last column. `stepAt` says the step of a column's left edge. */
export function columnRows(steps: Column, n_columns: number, stepAt: (column: number) => number): Int32Array {
  const rows = new Int32Array(n_columns + 1);
  for (let column = 0; column <= n_columns; column += 1) rows[column] = firstRowFrom(steps, stepAt(column));
  return rows;
}
