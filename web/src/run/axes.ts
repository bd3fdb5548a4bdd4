/** Which two measures the cloud of units is drawn over. */
import type { RunModel } from './model';

export interface UnitAxes {
  across: string;
  up: string;
  /** Small values are spread by their roots, and each axis has its own scale. */
  root?: boolean;
}

/** Energies on both samples, as the story and the what-if show units: what memorizes stands high, what generalizes far to the right. */
export const ENERGIES: UnitAxes = { across: 'unit_energy_population', up: 'unit_energy_train', root: true };

/** The first pair that this run has: on the line between the axes both agree, and what memorizes stays below it. */
const PREFERRED: readonly UnitAxes[] = [
  { across: 'unit_fit_train', up: 'unit_fit_held_out' },
  { across: 'unit_energy_train', up: 'unit_energy_population' },
  { across: 'unit_norm', up: 'unit_output_norm' },
];

export function axesOf(model: RunModel, across: string | undefined, up: string | undefined): UnitAxes | null {
  const names = model.perUnitNames();
  const preferred = PREFERRED.find((pair) => names.includes(pair.across) && names.includes(pair.up));
  const fallback = preferred ?? (names.length >= 2 ? { across: names[0] as string, up: names[1] as string } : null);
  if (!fallback) return null;
  return {
    across: across && names.includes(across) ? across : fallback.across,
    up: up && names.includes(up) ? up : fallback.up,
  };
}

/** Least and greatest value over all snapshots, so that units climb and the axes stand still. */
export function rangeOf(values: ArrayLike<number>): readonly [number, number] {
  let least = Infinity;
  let greatest = -Infinity;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
