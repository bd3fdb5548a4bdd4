/**
 * The time that all pictures of a page share: which steps they show, and where the cursor stands.
 */
import { placeOfStep, stepOfPlace } from './scale';

export class TimeAxis {
  /** Steps by their logarithm, where early training is as wide as late training. */
  log = $state(true);
  /** The last step that there is. */
  last = $state(1);
  from = $state(0);
  to = $state(1);
  /** The reader chose the window, so that growth of the run may not change it. */
  is_zoomed = $state(false);
  private trail: { from: number; to: number }[] = [];

  /** Tells how far the run has come; an unzoomed axis shows all of it. */
  extend(last: number): void {
    this.last = Math.max(1, last);
    if (!this.is_zoomed) {
      this.from = 0;
      this.to = this.last;
    }
  }

  private set(from: number, to: number): void {
    const low = placeOfStep(Math.max(0, from), this.log);
    const high = placeOfStep(Math.min(this.last, to), this.log);
    if (!(high - low > placeOfStep(this.last, this.log) * 1e-5)) return;
    this.from = Math.max(0, from);
    this.to = Math.min(this.last, to);
    this.is_zoomed = this.from > 0 || this.to < this.last;
  }

  /** Shows `from..to`; `back` returns to what was shown before. */
  show(from: number, to: number): void {
    this.trail.push({ from: this.from, to: this.to });
    if (this.trail.length > 50) this.trail.shift();
    this.set(from, to);
  }

  back(): void {
    const before = this.trail.pop();
    if (before) this.set(before.from, before.to);
    else this.reset();
  }

  reset(): void {
    this.trail = [];
    this.set(0, this.last);
  }

  /** Makes the window `factor` as wide, around a step that stays where it is. */
  zoom(factor: number, around: number): void {
    const low = placeOfStep(this.from, this.log);
    const high = placeOfStep(this.to, this.log);
    const centre = placeOfStep(around, this.log);
    const end = placeOfStep(this.last, this.log);
    const from = Math.max(0, centre - (centre - low) * factor);
    const to = Math.min(end, centre + (high - centre) * factor);
    this.set(stepOfPlace(from, this.log), to >= end ? this.last : stepOfPlace(to, this.log));
  }

  /** Moves the window by a share of its width, as far as there are steps. */
  pan(share: number): void {
    const low = placeOfStep(this.from, this.log);
    const high = placeOfStep(this.to, this.log);
    const end = placeOfStep(this.last, this.log);
    const by = Math.max(-low, Math.min(end - high, share * (high - low)));
    if (by !== 0) this.set(stepOfPlace(low + by, this.log), stepOfPlace(high + by, this.log));
  }

  /** Where a step lies in the window: 0 at its left end, 1 at its right one. */
  share(step: number): number {
    const low = placeOfStep(this.from, this.log);
    return (placeOfStep(step, this.log) - low) / (placeOfStep(this.to, this.log) - low || 1);
  }

  step(share: number): number {
    const low = placeOfStep(this.from, this.log);
    return stepOfPlace(low + share * (placeOfStep(this.to, this.log) - low), this.log);
  }
}

export class Cursor {
  /** Where the cursor was put; the address keeps it. */
  step = $state(0);
  /** Where the pointer looks at the moment. */
  looked = $state<number | null>(null);
  playing = $state(false);
  /** The cursor goes along with the latest step. */
  following = $state(false);

  /** The step that all pictures show. */
  get at(): number {
    return this.looked ?? this.step;
  }

  put(step: number): void {
    this.step = Math.max(0, Math.round(step));
    this.looked = null;
    this.following = false;
  }
}
