/** The runs that are compared: each is fetched once, without its units, and live ones grow. */
import { LiveRun } from '../run/live.svelte';
import type { RunModel } from '../run/model';

const TABLES = ['scalars', 'measures'];

export class ComparedRuns {
  private lives = $state.raw<ReadonlyMap<string, LiveRun>>(new Map());

  get models(): ReadonlyMap<string, RunModel> {
    return new Map([...this.lives].flatMap(([name, { model }]) => (model ? [[name, model] as const] : [])));
  }

  get refusals(): ReadonlyMap<string, string> {
    return new Map([...this.lives].flatMap(([name, { refusal }]) => (refusal ? [[name, refusal] as const] : [])));
  }

  /** Opens what is new among these names, lets go of the rest, and keeps their order. */
  show(names: readonly string[]): void {
    for (const [name, live] of this.lives) if (!names.includes(name)) live.stop();
    this.lives = new Map(names.map((name) => [name, this.lives.get(name) ?? new LiveRun(name, TABLES)]));
  }

  stop(): void {
    this.show([]);
  }
}

/** Runs that differ in nothing but the seed. */
export interface SeedGroup {
  key: string;
  names: string[];
}

export function groupsOf(models: ReadonlyMap<string, RunModel>): SeedGroup[] {
  const groups = new Map<string, string[]>();
  for (const [name, { header }] of models) {
    const key = header.kind === 'foreign' ? name : JSON.stringify([header.task, header.settings.filter((one) => one.name !== 'seed' && !one.name.endsWith('.seed'))]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups].map(([key, names]) => ({ key, names }));
}

/** Settings in which these runs differ, each with its value in every run; null where a run does not have it. */
export function differences(models: ReadonlyMap<string, RunModel>): { setting: string; values: (string | null)[] }[] {
  const headers = [...models.values()].map((model) => model.header);
  const names = new Set(headers.flatMap((header) => ['task', ...header.settings.map((setting) => setting.name)]));
  const rows: { setting: string; values: (string | null)[] }[] = [];
  for (const setting of names) {
    const values = headers.map((header) => (setting === 'task' ? header.task : (header.settings.find((one) => one.name === setting)?.value ?? null)));
    if (new Set(values).size > 1 && !rows.some((row) => row.setting === setting)) rows.push({ setting, values });
  }
  return rows;
}

/** From the least to the greatest of curves on the same steps; null where their steps differ. */
export function spanOf(models: RunModel[], name: string): { steps: Float64Array; least: Float64Array; greatest: Float64Array } | null {
  const curves = models.map((model) => curveNamed(model, name));
  const n = Math.min(...curves.map((curve) => curve?.steps.length ?? 0));
  const first = curves[0]?.steps;
  if (!first || n === 0 || !curves.every((curve) => curve && curve.steps[n - 1] === first[n - 1] && curve.steps[n >> 1] === first[n >> 1])) return null;
  const least = new Float64Array(n);
  const greatest = new Float64Array(n);
  for (let row = 0; row < n; row += 1) {
    const values = curves.map((curve) => curve?.curve.values[row] as number);
    least[row] = Math.min(...values);
    greatest[row] = Math.max(...values);
  }
  return { steps: first.subarray(0, n), least, greatest };
}

/** A quantity of an evaluation or a scalar measure, with its steps. */
export function curveNamed(model: RunModel, name: string): { steps: Float64Array; curve: RunModel['scalars'][number] } | null {
  const scalar = model.scalar(name);
  if (scalar) return { steps: model.steps, curve: scalar };
  const measure = model.measures.find((known) => known.name === name);
  return measure ? { steps: model.frames, curve: measure } : null;
}
