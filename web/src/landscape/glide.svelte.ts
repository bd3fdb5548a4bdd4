// A position that moves by itself between measured slides, frame by frame, until somebody takes hold of it.

export class Glide {
  position = $state(0);
  isMoving = $state(false);
  private frame = 0;

  /** Takes hold: whatever moved stops here. */
  jump(position: number): void {
    cancelAnimationFrame(this.frame);
    this.isMoving = !Number.isInteger(position);
    this.position = position;
  }

  /** Moves to a position, after a wait and within a time, both in milliseconds. */
  to(goal: number, wait: number, time: number, arrived?: () => void): void {
    cancelAnimationFrame(this.frame);
    const from = this.position;
    const start = performance.now() + wait;
    this.isMoving = true;
    const advance = (now: number): void => {
      const share = Math.min(Math.max((now - start) / time, 0), 1);
      this.position = share === 1 ? goal : from + (goal - from) * share * share * (3 - 2 * share);
      if (share < 1) this.frame = requestAnimationFrame(advance);
      else {
        this.isMoving = false;
        arrived?.();
      }
    };
    this.frame = requestAnimationFrame(advance);
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }
}
