/** The data of the verb `phase`, as far as the map draws it. */
import type { Json } from '../source/types';

export type SettingValue = number | string | boolean | null;

export interface PhaseCell {
  x: SettingValue;
  y: SettingValue;
  runs: number;
  seeds: number;
  generalized: number;
  share: number;
  share_low: number;
  share_high: number;
  n_train: number | null;
  median_step_generalized: number | null;
  few_seeds: boolean;
}

export interface BoundaryPlace {
  line: SettingValue;
  n: number | null;
  value: number | null;
  /** The 95 % interval of a measured place; null outside of what was swept. */
  value_low: number | null;
  value_high: number | null;
  within: string;
}

export interface PhaseData {
  x: string;
  y: string | null;
  x_values: SettingValue[];
  y_values: SettingValue[] | null;
  along: string | null;
  cells: PhaseCell[];
  boundary_theory: BoundaryPlace[];
  boundary_measured: BoundaryPlace[];
  notes: string[];
}

export function readPhase(data: { [name: string]: Json } | undefined): PhaseData | null {
  return data && Array.isArray(data['cells']) ? (data as unknown as PhaseData) : null;
}

/** Where a value lies between the columns (or rows) of an axis, in cells; null where it lies outside. */
export function placeAmong(values: readonly SettingValue[], value: number): number | null {
  const numbers = values.map(Number);
  for (let i = 0; i + 1 < numbers.length; i += 1) {
    const [low, high] = [numbers[i] as number, numbers[i + 1] as number];
    if (value >= Math.min(low, high) && value <= Math.max(low, high)) return i + 0.5 + (value - low) / (high - low || 1);
  }
  return null;
}

/** A boundary as steps from line to line of the map, each from one edge of its line to the other; lines without one are left out. */
export function boundaryPoints(phase: PhaseData, places: readonly BoundaryPlace[]): { x: number; y: number }[] {
  const along_x = phase.along === phase.x;
  return places.flatMap((place) => {
    const point = pointAt(phase, place, place.value);
    return point ? [-0.5, 0.5].map((edge) => (along_x ? { x: point.x, y: point.y + edge } : { x: point.x + edge, y: point.y })) : [];
  });
}

/** The intervals of a measured boundary as pieces of the map's lines; one that reaches out of the sweep ends where the sweep does. */
export function boundaryIntervals(phase: PhaseData): { x: number; y: number }[][] {
  const swept = (phase.along === phase.x ? phase.x_values : (phase.y_values ?? [])).map(Number);
  return phase.boundary_measured.flatMap((place) => {
    if (place.value === null) return [];
    const ends = [place.value_low ?? Math.min(...swept), place.value_high ?? Math.max(...swept)].flatMap((end) => pointAt(phase, place, end) ?? []);
    return ends.length === 2 ? [ends] : [];
  });
}

/** Where a value of the amount of data lies on the line of the map that a place is on; null outside of the map. */
function pointAt(phase: PhaseData, place: BoundaryPlace, value: number | null): { x: number; y: number } | null {
  const along_x = phase.along === phase.x;
  const y_values = phase.y_values ?? [null];
  const lines = along_x ? y_values : phase.x_values;
  const values = along_x ? phase.x_values : y_values;
  const line = lines.findIndex((one) => one === place.line);
  const at = value === null ? null : placeAmong(values, value);
  if (at === null || line < 0) return null;
  return along_x ? { x: at, y: line + 0.5 } : { x: line + 0.5, y: at };
}
