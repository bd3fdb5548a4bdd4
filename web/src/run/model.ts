/** A packed run as the views read it: evaluations, snapshots, units, irreps, spectra. Nothing is computed but places and counts. */
import { curveOf, type Curve } from '../chart/columns';
import type { Band, Mark } from '../chart/plot';
import type { Cursor, TimeAxis } from '../chart/time.svelte';
import type { Column, MeasureInfo, PackedRun, RunHeader, Table } from '../source/types';

export const LABELS = ['generalizing', 'memorizing', 'undecided', 'dead'] as const;
export type LabelName = (typeof LABELS)[number];

/** What every picture of a run takes: the run, and the time that they all share. */
export interface RunView {
  model: RunModel;
  time: TimeAxis;
  cursor: Cursor;
  bands?: Band[];
  marks?: Mark[];
}

/** The colours of LABELS, lines and areas alike. */
export const LABEL_COLOURS = ['--line-test', '--line-train', '--area-undecided', '--area-dead'] as const;

export interface Spectrum {
  measure: string;
  index: Column;
  values: Column;
  /** The first row of each snapshot's spectrum; one more entry closes the last. */
  starts: Int32Array;
  frames: Float64Array;
  greatest: number;
}

export class RunModel {
  readonly header: RunHeader;
  /** Steps of the evaluations. */
  readonly steps: Float64Array;
  readonly scalars: Curve[];
  /** Steps of the snapshots. */
  readonly frames: Float64Array;
  readonly measures: Curve[];
  readonly n_units: number;
  /** A label a unit of a snapshot, snapshot after snapshot, as its place in LABELS; 255 is none. */
  readonly labels: Uint8Array;
  private readonly units: Table | undefined;
  private readonly irreps: Table | undefined;
  readonly last: number;

  constructor(readonly packed: PackedRun) {
    const { header, tables } = packed;
    this.header = header;
    this.steps = Float64Array.from(tables['scalars']?.columns['step'] ?? []);
    this.scalars = curvesOf(tables['scalars']);
    this.frames = Float64Array.from(tables['measures']?.columns['step'] ?? []);
    this.measures = curvesOf(tables['measures']);
    this.units = tables['units'];
    this.irreps = tables['irreps'];
    this.n_units = this.frames.length > 0 && this.units ? this.units.n_rows / this.frames.length : 0;
    this.labels = this.readLabels();
    this.last = Math.max(this.steps.at(-1) ?? 0, this.frames.at(-1) ?? 0);
  }

  private readLabels(): Uint8Array {
    const column = this.units?.columns['label'];
    const names = this.units?.names['label'] ?? [];
    if (!(column instanceof Uint8Array)) return new Uint8Array(0);
    const place = names.map((name) => {
      const found = (LABELS as readonly string[]).indexOf(name);
      return found < 0 ? 255 : found;
    });
    return column.map((number) => place[number] ?? 255);
  }

  scalar(name: string): Curve | undefined {
    return this.scalars.find((curve) => curve.name === name);
  }

  measure(name: string): MeasureInfo | undefined {
    return this.header.measures.find((measure) => measure.name === name);
  }

  /** A measure of every unit of every snapshot, or undefined where no unit has a value. */
  perUnit(name: string): Column | undefined {
    const column = this.units?.columns[name];
    if (column) for (const value of column) if (!Number.isNaN(value)) return column;
    return undefined;
  }

  perUnitNames(): string[] {
    return this.header.measures.filter((measure) => measure.shape === 'per_unit' && this.perUnit(measure.name)).map((measure) => measure.name);
  }

  /** A measure of every irrep of every snapshot. */
  perIrrep(name: string): { rows: string[]; values: Column; most: number } | undefined {
    const values = this.irreps?.columns[name];
    const rows = this.header.irreps?.map((irrep) => irrep.name);
    if (!values || !rows || rows.length === 0) return undefined;
    let most = 0;
    for (const value of values) if (value > most) most = value;
    return most > 0 ? { rows, values, most } : undefined;
  }

  /** How many units have each label, snapshot after snapshot. */
  labelCounts(): { name: LabelName; counts: Uint32Array }[] {
    this.counted ??= this.countLabels();
    return this.counted;
  }

  private counted: { name: LabelName; counts: Uint32Array }[] | null = null;

  private countLabels(): { name: LabelName; counts: Uint32Array }[] {
    const n_frames = this.frames.length;
    const layers = LABELS.map((name) => ({ name, counts: new Uint32Array(n_frames) }));
    for (let row = 0; row < this.labels.length; row += 1) {
      const layer = layers[this.labels[row] as number];
      const frame = Math.floor(row / this.n_units);
      if (layer) layer.counts[frame] = (layer.counts[frame] as number) + 1;
    }
    return layers;
  }

  spectra(): Spectrum[] {
    const table = this.packed.tables['spectra'];
    const [steps, measure, index, value] = ['step', 'measure', 'index', 'value'].map((name) => table?.columns[name]);
    if (!table || !steps || !measure || !index || !value) return [];
    const names = table.names['measure'] ?? [];
    return names.flatMap((name, number) => {
      const rows: number[] = [];
      for (let row = 0; row < table.n_rows; row += 1) if (measure[row] === number) rows.push(row);
      const starts: number[] = [];
      const frames: number[] = [];
      rows.forEach((row, i) => {
        if (i === 0 || steps[row] !== steps[rows[i - 1] as number]) {
          starts.push(i);
          frames.push(steps[row] as number);
        }
      });
      const values = Float64Array.from(rows, (row) => value[row] as number);
      const greatest = values.reduce((most, one) => (one > most ? one : most), 0);
      return greatest > 0
        ? [{ measure: name, index: Float64Array.from(rows, (row) => index[row] as number), values, starts: Int32Array.from([...starts, rows.length]), frames: Float64Array.from(frames), greatest }]
        : [];
    });
  }

  /** The share of each unit's power in each irrep at the last snapshot, unit after unit. */
  unitIrreps(): { n_irreps: number; shares: Column } | undefined {
    const shares = this.packed.tables['unit_irreps']?.columns['unit_irrep_power'];
    const n_irreps = this.header.irreps?.length ?? 0;
    return shares && n_irreps > 0 && shares.length === n_irreps * this.n_units ? { n_irreps, shares } : undefined;
  }
}

/** Every column of a table but its step and its texts, where it has a value at all. */
function curvesOf(table: Table | undefined): Curve[] {
  if (!table) return [];
  return Object.entries(table.columns)
    .filter(([name, column]) => name !== 'step' && !(column instanceof Uint8Array))
    .map(([name, column]) => curveOf(name, column))
    .filter((curve) => curve.least <= curve.greatest);
}
