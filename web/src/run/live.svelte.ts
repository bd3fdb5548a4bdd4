/** A run that is open: fetched once, and with its new rows as it grows. */
import { source, takePacked } from '../source/current';
import { joinPacked } from '../source/packed';
import type { PackedRun } from '../source/types';
import { RunModel } from './model';

export class LiveRun {
  model: RunModel | null = $state.raw(null);
  refusal: string | null = $state(null);
  private stopped = false;
  private unfollow: () => void = () => undefined;
  private is_asking = false;
  private has_news = false;

  constructor(
    private readonly name: string,
    /** Only these tables, and news only while the run trains: browsers allow six connections to a host. */
    private readonly tables?: string[],
  ) {
    void this.begin();
  }

  private async begin(): Promise<void> {
    try {
      const from = await source();
      const packed = await (this.tables ? from.packed(this.name, undefined, this.tables) : takePacked(this.name));
      if (this.stopped) return;
      this.model = new RunModel(packed);
      if (!this.tables || packed.header.state === 'running') this.unfollow = from.follow(this.name, () => void this.grow());
    } catch (error) {
      this.refusal = (error as Error).message;
    }
  }

  /** Fetches what is new. While one request is under way, any number of news become one more. */
  private async grow(): Promise<void> {
    this.has_news = true;
    if (this.is_asking) return;
    this.is_asking = true;
    while (this.has_news && !this.stopped && this.model) {
      this.has_news = false;
      const known: PackedRun = this.model.packed;
      // A snapshot may be written after the evaluation of its step, so rows are asked for from the last step that both tables have.
      const after = Math.min(this.model.steps.at(-1) ?? -1, this.model.frames.at(-1) ?? Infinity);
      try {
        const later = await (await source()).packed(this.name, Math.max(0, after), this.tables);
        const last = (packed: PackedRun): number => Math.max(...Object.values(packed.tables).map((table) => table.columns['step']?.at(-1) ?? 0));
        const is_new = later.header.state !== known.header.state || last(later) > last(known);
        if (is_new && !this.stopped) this.model = new RunModel(joinPacked(known, later, Math.max(0, after)));
      } catch {
        // The next news ask again; what is shown stays true until then.
        break;
      }
    }
    this.is_asking = false;
  }

  stop(): void {
    this.stopped = true;
    this.unfollow();
  }
}
