/** The folder's list of runs and its jobs, kept up to date while a view shows them. */
import { source } from '../source/current';
import type { Job, ListData, Source } from '../source/types';

export class Folder {
  list = $state.raw<ListData | null>(null);
  jobs = $state.raw<Job[]>([]);
  refusal = $state<string | null>(null);
  may_change = $state(false);
  /** The job that was started here last. */
  private started = $state<number | null>(null);
  private stops: (() => void)[] = [];
  private is_stopped = false;

  constructor() {
    void this.begin();
  }

  private async begin(): Promise<void> {
    const from = await source();
    if (this.is_stopped) return;
    this.may_change = from.mayChange;
    await this.read();
    this.stops.push(from.followRuns(() => void this.read()));
    if (from.mayChange) {
      this.jobs = await from.jobs().catch(() => []);
      this.stops.push(from.followJobs((jobs) => (this.jobs = jobs)));
    }
    if (this.is_stopped) this.stop();
  }

  async read(): Promise<void> {
    try {
      this.list = await (await source()).runs();
      this.refusal = null;
    } catch (error) {
      this.refusal = (error as Error).message;
    }
  }

  /** Changes the folder; a refusal is told where jobs are. */
  private async change(act: (from: Source) => Promise<unknown>): Promise<void> {
    try {
      const from = await source();
      await act(from);
      this.jobs = await from.jobs();
      this.refusal = null;
    } catch (error) {
      this.refusal = (error as Error).message;
    }
  }

  start(words: string[]): Promise<void> {
    return this.change(async (from) => (this.started = (await from.start(words)).id));
  }

  /** What was started here last, where it failed: its reason belongs beside what asked for it, not only in the list of jobs. */
  get failed(): Job | undefined {
    return this.jobs.find((job) => job.id === this.started && job.state === 'failed');
  }

  stopJob(id: number): Promise<void> {
    return this.change((from) => from.stop(id));
  }

  stop(): void {
    this.is_stopped = true;
    for (const stop of this.stops) stop();
    this.stops = [];
  }
}
