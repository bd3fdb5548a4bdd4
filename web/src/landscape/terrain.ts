// What a landscape is made of, and the picture between two measured ones.

import type { Terrain } from '../source/types';

export type TerrainMark = Terrain['marks'][number];
export type PeakKind = TerrainMark['kind'];

/** The highest mark of a kind, the summit that is named. */
export function summit(terrain: Terrain, kind: PeakKind): TerrainMark | undefined {
  return terrain.marks.find((mark) => mark.kind === kind);
}

function mixed(a: readonly number[], b: readonly number[], share: number): number[] {
  return a.map((value, i) => value + ((b[i] ?? value) - value) * share);
}

/**
 * The picture between two measured landscapes, for motion only: none of its numbers is shown.
 * Marks that only one of the two has are left out.
 */
export function between(a: Terrain, b: Terrain, share: number): Terrain {
  if (share <= 0) return a;
  if (share >= 1 || a.heights.length !== b.heights.length) return b;
  const marks: TerrainMark[] = [];
  for (const kind of ['memory', 'feature'] as const) {
    const [from, to] = [summit(a, kind), summit(b, kind)];
    if (!from || !to) continue;
    const [theta, phi, height] = mixed(
      [from.theta, from.phi, from.height],
      [to.theta, to.phi, to.height],
      share,
    ) as [number, number, number];
    marks.push({ theta, phi, height, kind, is_peak: (share < 0.5 ? from : to).is_peak, name: '' });
  }
  return {
    n_train: share < 0.5 ? a.n_train : b.n_train,
    theta: mixed(a.theta, b.theta, share),
    phi: mixed(a.phi, b.phi, share),
    heights: mixed(a.heights, b.heights, share),
    marks,
  };
}

/** The picture at a position among slides; whole positions are measured ones. */
export function pictureAt(terrains: readonly Terrain[], position: number): Terrain | undefined {
  const first = Math.min(Math.max(Math.floor(position), 0), terrains.length - 1);
  const [a, b] = [terrains[first], terrains[Math.min(first + 1, terrains.length - 1)]];
  return a && b && between(a, b, position - first);
}

/** Heights along phi = 0, the great circle through both summits. */
export function section(terrain: Terrain): { theta: number[]; height: number[] } {
  const { theta, phi, heights } = terrain;
  const above = Math.max(1, phi.findIndex((value) => value >= 0));
  const [low, high] = [phi[above - 1] ?? 0, phi[above] ?? 1];
  const share = Math.min(1, Math.max(0, -low / (high - low)));
  const row = (j: number): number[] => heights.slice(j * theta.length, (j + 1) * theta.length);
  return { theta, height: mixed(row(above - 1), row(above), share) };
}

/** A height field with everything that painting it needs, at `refinement` nodes for each cell of the measured grid. */
export interface Field {
  columns: number;
  rows: number;
  /** Extent of the two angles around `centre`. */
  centre: [number, number];
  half: [number, number];
  /** Heights as measured, or smooth between measured nodes. */
  height: Float32Array;
  /** Slopes along theta and phi, in height a degree. */
  slopeTheta: Float32Array;
  slopePhi: Float32Array;
}

/** Weights of the four neighbours in Catmull and Rom's cubic, which passes through the nodes. */
function cubic(t: number): [number, number, number, number] {
  const [t2, t3] = [t * t, t * t * t];
  return [(-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2, (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2];
}

/** One line of values, refined; ends are continued by themselves. */
function refined(line: Float32Array, refinement: number): Float32Array {
  const n = line.length;
  const fine = new Float32Array((n - 1) * refinement + 1);
  const at = (i: number): number => line[Math.min(Math.max(i, 0), n - 1)] ?? 0;
  for (let k = 0; k < fine.length; k++) {
    const i = Math.min(Math.floor(k / refinement), n - 2);
    const [a, b, c, d] = cubic(k / refinement - i);
    fine[k] = a * at(i - 1) + b * at(i) + c * at(i + 1) + d * at(i + 2);
  }
  return fine;
}

export function fieldOf(terrain: Terrain, refinement = 3): Field {
  const [nTheta, nPhi] = [terrain.theta.length, terrain.phi.length];
  const columns = (nTheta - 1) * refinement + 1;
  const rows = (nPhi - 1) * refinement + 1;
  const wide = Array.from({ length: nPhi }, (_, j) => {
    const row = terrain.heights.slice(j * nTheta, (j + 1) * nTheta).map((z) => (Number.isFinite(z) ? z : 0));
    return refined(Float32Array.from(row), refinement);
  });
  const height = new Float32Array(columns * rows);
  const column = new Float32Array(nPhi);
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < nPhi; j++) column[j] = wide[j]?.[i] ?? 0;
    const fine = refined(column, refinement);
    for (let j = 0; j < rows; j++) height[j * columns + i] = Math.max(0, fine[j] ?? 0);
  }
  const ends = (axis: number[]): [number, number] => [axis[0] ?? 0, axis[axis.length - 1] ?? 1];
  const [theta, phi] = [ends(terrain.theta), ends(terrain.phi)];
  const half: [number, number] = [(theta[1] - theta[0]) / 2, (phi[1] - phi[0]) / 2];
  const [dTheta, dPhi] = [(2 * half[0]) / (columns - 1), (2 * half[1]) / (rows - 1)];
  const slopeTheta = new Float32Array(height.length);
  const slopePhi = new Float32Array(height.length);
  for (let j = 0; j < rows; j++) {
    const [below, above] = [Math.max(j - 1, 0), Math.min(j + 1, rows - 1)];
    for (let i = 0; i < columns; i++) {
      const [left, right] = [Math.max(i - 1, 0), Math.min(i + 1, columns - 1)];
      const z = (x: number, y: number): number => height[y * columns + x] ?? 0;
      slopeTheta[j * columns + i] = (z(right, j) - z(left, j)) / ((right - left) * dTheta);
      slopePhi[j * columns + i] = (z(i, above) - z(i, below)) / ((above - below) * dPhi);
    }
  }
  return { columns, rows, centre: [(theta[0] + theta[1]) / 2, (phi[0] + phi[1]) / 2], half, height, slopeTheta, slopePhi };
}

/** The height at a direction, linear between nodes; undefined outside. */
export function heightAt(field: Field, theta: number, phi: number): number | undefined {
  const x = ((theta - field.centre[0] + field.half[0]) / (2 * field.half[0])) * (field.columns - 1);
  const y = ((phi - field.centre[1] + field.half[1]) / (2 * field.half[1])) * (field.rows - 1);
  if (!(x >= 0 && y >= 0 && x <= field.columns - 1 && y <= field.rows - 1)) return undefined;
  const [i, j] = [Math.min(Math.floor(x), field.columns - 2), Math.min(Math.floor(y), field.rows - 2)];
  const at = j * field.columns + i;
  const [s, t] = [x - i, y - j];
  const z = (k: number): number => field.height[k] ?? 0;
  return (z(at) * (1 - s) + z(at + 1) * s) * (1 - t) + (z(at + field.columns) * (1 - s) + z(at + field.columns + 1) * s) * t;
}

/** The scale of heights that all slides share: one that a frame had for itself would hide that the mountains exchange rank. */
export interface Scale {
  /** The greatest height of all. */
  highest: number;
  /** A round number above it, and the round steps up to there. */
  top: number;
  step: number;
}

export const NO_SCALE: Scale = { highest: 1, top: 1, step: 1 };

export function scaleOf(terrains: readonly Terrain[]): Scale {
  let highest = 0;
  for (const terrain of terrains) for (const z of terrain.heights) if (z > highest) highest = z;
  const raw = (highest || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= raw) ?? raw;
  return { highest: highest || 1, top: Math.ceil(highest / step - 1e-9) * step || 1, step };
}
