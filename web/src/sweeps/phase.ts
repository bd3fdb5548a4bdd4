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

/** A boundary as places on the map, line after line; lines without one are left out. */
export function boundaryPoints(phase: PhaseData, places: readonly BoundaryPlace[]): { x: number; y: number }[] {
  const along_x = phase.along === phase.x;
  const y_values = phase.y_values ?? [null];
  const lines = along_x ? y_values : phase.x_values;
  const values = along_x ? phase.x_values : y_values;
  return places.flatMap((place) => {
    const line = lines.findIndex((value) => value === place.line);
    const at = place.value === null ? null : placeAmong(values, place.value);
    if (at === null || line < 0) return [];
    return [along_x ? { x: at, y: line + 0.5 } : { x: line + 0.5, y: at }];
  });
}
