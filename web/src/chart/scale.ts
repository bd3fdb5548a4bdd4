/** Places on an axis, and the numbers written beside it. */

export interface Scale {
  from: number;
  to: number;
  log: boolean;
  /** Places go by the square root, which spreads small values. */
  root?: boolean;
}

/** Training steps begin at 0, which a logarithm has no place for; one is added, as on a scale of elapsed steps. */
export function placeOfStep(step: number, log: boolean): number {
  return log ? Math.log10(1 + Math.max(0, step)) : step;
}

export function stepOfPlace(place: number, log: boolean): number {
  return log ? 10 ** place - 1 : place;
}

/** Where `value` lies on the scale, 0 at its lower end and 1 at its upper one; NaN where a logarithm has no value. */
export function shareOf(value: number, scale: Scale): number {
  if (!scale.log) {
    const share = (value - scale.from) / (scale.to - scale.from || 1);
    return scale.root ? Math.sqrt(Math.max(0, share)) : share;
  }
  if (value <= 0) return NaN;
  return Math.log(value / scale.from) / (Math.log(scale.to / scale.from) || 1);
}

/** Round numbers between both ends, about as many as asked for. */
export function roundNumbers(from: number, to: number, about: number): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [];
  const rough = span / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  const stride = factor * power;
  const numbers: number[] = [];
  for (let k = Math.ceil(from / stride - 1e-9); k * stride <= to + 1e-9 * span; k += 1) numbers.push(Number((k * stride).toPrecision(12)));
  return numbers;
}

/** Powers of ten between both ends, as many as asked for or fewer; with 2 and 5 where there are few powers. */
export function powersOfTen(from: number, to: number, about: number): number[] {
  const low = Math.floor(Math.log10(from));
  const high = Math.ceil(Math.log10(to));
  const between = (factors: number[], stride: number): number[] => {
    const numbers: number[] = [];
    for (let power = Math.ceil(low / stride) * stride; power <= high; power += stride) {
      for (const factor of factors) numbers.push(Number((factor * 10 ** power).toPrecision(6)));
    }
    return numbers.filter((value) => value >= from * 0.999 && value <= to * 1.001);
  };
  for (let stride = Math.max(1, Math.ceil((high - low) / Math.max(1, about))); stride >= 1; stride -= 1) {
    const numbers = between([1], stride);
    if (numbers.length >= 3 || (numbers.length === 2 && stride === 1)) return numbers;
  }
  const finer = between([1, 2, 5], 1);
  return finer.length >= 2 ? finer : roundNumbers(from, to, about);
}

export function ticksOf(scale: Scale, about: number): number[] {
  return scale.log ? powersOfTen(scale.from, scale.to, about) : roundNumbers(scale.from, scale.to, about);
}

/** Steps to write below a time axis. */
export function stepTicks(from: number, to: number, log: boolean, about: number): number[] {
  if (!log || (to + 1) / (from + 1) < 8) return roundNumbers(from, to, about);
  const ticks = powersOfTen(Math.max(1, from), to, about);
  return from === 0 ? [0, ...ticks] : ticks;
}

/** A scale that shows all of these finite numbers, with a little room unless they reach a natural end. */
export function scaleOver(ranges: Iterable<readonly [number, number]>, log: boolean): Scale {
  let from = Infinity;
  let to = -Infinity;
  for (const [low, high] of ranges) {
    if (low < from) from = low;
    if (high > to) to = high;
  }
  if (!(from <= to)) return { from: log ? 0.1 : 0, to: 1, log };
  if (log) return { from: from / 1.3, to: to * 1.3, log };
  const room = (to - from) * 0.05 || Math.abs(to) * 0.05 || 0.5;
  return { from: from >= 0 && from - room < 0 ? 0 : from - room, to: to + room, log };
}
