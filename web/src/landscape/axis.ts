// Places on the small charts: from values to pixels, and paths through them.

import { roundNumbers } from '../chart/scale';

export interface Axis {
  low: number;
  high: number;
  from: number;
  to: number;
}

/** The pixel of a value. */
export function place({ low, high, from, to }: Axis, value: number): number {
  return from + ((value - low) / (high - low || 1)) * (to - from);
}

/** Round values within an axis, about `wanted` of them. */
export function ticks({ low, high }: Axis, wanted = 5): number[] {
  return roundNumbers(low, high, wanted);
}

/** An SVG path through points; a missing value interrupts it. */
export function pathOf(x: Axis, y: Axis, xs: ArrayLike<number>, ys: ArrayLike<number>): string {
  let path = '';
  let isDown = false;
  for (let i = 0; i < xs.length; i++) {
    const [a, b] = [xs[i] as number, ys[i] as number];
    const isKnown = Number.isFinite(a) && Number.isFinite(b);
    if (isKnown) path += `${isDown ? 'L' : 'M'}${place(x, a).toFixed(1)} ${place(y, b).toFixed(1)}`;
    isDown = isKnown;
  }
  return path;
}
