/**
 * Thousands of curves as a picture of how many pass through each pixel.
 *
 * Every curve covers, in every pixel column, all pixels from its least to its greatest value there and on to its last, so no peak
 * is lost. The picture lies on a grid of columns over all steps: panning moves it by whole columns and draws only those that come
 * into sight, and what takes longer than a frame goes on in the next one.
 */
import type { Column } from '../source/types';
import type { Curve } from './columns';
import { firstRowFrom } from './columns';
import { placeOfStep, shareOf, stepOfPlace, type Scale } from './scale';

export interface ManyCurves {
  steps: Column;
  curves: Curve[];
  scale: Scale;
  /** The time axis. */
  log: boolean;
  from: number;
  to: number;
  /** 0xBBGGRR. */
  colour: number;
}

/** Columns that are drawn in one pass over all curves: enough to use a line of the cache, few enough to stop in time. */
const N_TOGETHER = 16;
/** What counting may take of a frame: little while the reader pans, more while she waits for the whole. */
const MILLISECONDS_PANNING = 8;
const MILLISECONDS_WAITING = 24;

export class Density {
  private readonly picture = document.createElement('canvas');
  private key = '';
  private place_per_column = 1;
  private offset = 0;
  /** Columns that are not drawn yet. */
  private todo: [number, number][] = [];
  private counts = new Uint16Array(0);
  private shades = new Uint32Array(0);

  /** Draws as much as a frame allows; returns whether all is drawn. */
  show(context: CanvasRenderingContext2D, area: { left: number; top: number; width: number; height: number }, many: ManyCurves): boolean {
    const n_columns = Math.round(area.width);
    const n_rows = Math.round(area.height);
    const low = placeOfStep(many.from, many.log);
    const per_column = (placeOfStep(many.to, many.log) - low) / n_columns;
    const { scale, steps, curves } = many;
    const key = [n_columns, n_rows, per_column.toPrecision(6), many.log, scale.from, scale.to, scale.log, steps.length, curves.length, many.colour].join(' ');
    if (key !== this.key) {
      this.key = key;
      this.place_per_column = per_column;
      this.offset = Math.round(low / per_column);
      this.restart(n_columns, n_rows, curves.length, many.colour);
    }
    const offset = Math.round(low / this.place_per_column);
    const is_panning = offset !== this.offset;
    if (is_panning) this.moveTo(offset, n_columns);
    const is_done = this.work(many, n_rows, is_panning ? MILLISECONDS_PANNING : MILLISECONDS_WAITING);
    context.drawImage(this.picture, area.left, area.top, n_columns, n_rows);
    return is_done;
  }

  private restart(n_columns: number, n_rows: number, n_curves: number, colour: number): void {
    this.picture.width = n_columns;
    this.picture.height = n_rows;
    this.todo = [[0, n_columns]];
    this.counts = new Uint16Array(N_TOGETHER * n_rows);
    // One curve is faint and a tenth of all is solid, on a logarithmic scale that depends on nothing that moves.
    this.shades = new Uint32Array(n_curves + 1);
    for (let count = 1; count <= n_curves; count += 1) {
      const opacity = Math.min(1, 0.14 + (0.86 * Math.log(count)) / Math.log(1 + n_curves / 10));
      this.shades[count] = ((Math.round(255 * opacity) << 24) | colour) >>> 0;
    }
  }

  private moveTo(offset: number, n_columns: number): void {
    const by = offset - this.offset;
    this.offset = offset;
    const context = this.picture.getContext('2d');
    if (!context) return;
    context.globalCompositeOperation = 'copy';
    context.drawImage(this.picture, -by, 0);
    context.globalCompositeOperation = 'source-over';
    const fresh: [number, number] = by > 0 ? [Math.max(0, n_columns - by), n_columns] : [0, Math.min(n_columns, -by)];
    const moved = this.todo.map(([from, to]): [number, number] => [Math.max(0, from - by), Math.min(n_columns, to - by)]);
    this.todo = [fresh, ...moved.filter(([from, to]) => from < to)];
  }

  private work(many: ManyCurves, n_rows: number, milliseconds: number): boolean {
    const context = this.picture.getContext('2d');
    const until = performance.now() + milliseconds;
    let next = this.todo[0];
    while (next && context) {
      const end = Math.min(next[1], next[0] + N_TOGETHER);
      this.count(many, next[0], end, n_rows);
      this.write(context, next[0], end, n_rows);
      if (end === next[1]) this.todo.shift();
      else next[0] = end;
      next = this.todo[0];
      if (performance.now() > until) break;
    }
    return this.todo.length === 0;
  }

  private stepAt(column: number, log: boolean): number {
    return stepOfPlace((this.offset + column) * this.place_per_column, log);
  }

  private count(many: ManyCurves, first: number, end: number, n_rows: number): void {
    const { steps, curves, scale, log } = many;
    const { counts } = this;
    const n = end - first;
    counts.fill(0);
    const rows = new Int32Array(n + 1);
    // Where no row falls into a column, the line between its neighbours does, at this share of the way.
    const shares = new Float64Array(n);
    for (let column = 0; column <= n; column += 1) rows[column] = firstRowFrom(steps, this.stepAt(first + column, log));
    for (let column = 0; column < n; column += 1) {
      const row = rows[column] as number;
      const before = (steps[row - 1] as number) ?? NaN;
      shares[column] = (this.stepAt(first + column + 0.5, log) - before) / ((steps[row] as number) - before);
    }
    const factor = -n_rows / (scale.to - scale.from || 1);
    const base = n_rows - scale.from * factor;
    for (const { values } of curves) {
      for (let column = 0; column < n; column += 1) {
        const a = rows[column] as number;
        const b = rows[column + 1] as number;
        let low = Infinity;
        let high = -Infinity;
        if (a === b) {
          if (a === 0 || a >= values.length) continue;
          const before = values[a - 1] as number;
          low = high = before + (shares[column] as number) * ((values[a] as number) - before);
        } else {
          // A line joins neighbours, so a column reaches from the value before its first row to its own last one.
          for (let row = a > 0 ? a - 1 : 0; row < b; row += 1) {
            const value = values[row] as number;
            if (value < low) low = value;
            if (value > high) high = value;
          }
        }
        const top = scale.log ? (1 - shareOf(high, scale)) * n_rows : base + factor * high;
        const bottom = scale.log ? (1 - shareOf(low, scale)) * n_rows : base + factor * low;
        if (!(top < n_rows) || !(bottom >= 0)) continue;
        const start = column * n_rows;
        const last = start + Math.min(n_rows - 1, bottom | 0);
        for (let at = start + Math.max(0, top | 0); at <= last; at += 1) counts[at] = (counts[at] as number) + 1;
      }
    }
  }

  private write(context: CanvasRenderingContext2D, first: number, end: number, n_rows: number): void {
    const n = end - first;
    const image = context.createImageData(n, n_rows);
    const pixels = new Uint32Array(image.data.buffer);
    for (let column = 0; column < n; column += 1) {
      for (let row = 0; row < n_rows; row += 1) pixels[row * n + column] = this.shades[this.counts[column * n_rows + row] as number] as number;
    }
    context.putImageData(image, first, 0);
  }
}
