// Units of a run on its landscape: how many stand where, and where their dots are drawn.

import type { Asked, Json, Terrain } from '../source/types';
import { fieldOf, heightAt, summit, type Field } from './terrain';

/** Places of units in the library's order, as the classes that colour them; see `Place` in crates/dunwu/src/landscape/climbing.rs. */
export const PLACES = ['generalizing', 'generalizing low', 'mixed', 'memorizing low', 'memorizing', 'dead'] as const;

/** Layers from the ground up: memorizing below, generalizing growing on top of it, the dead at the very top. */
const UPWARDS = [4, 3, 2, 1, 0, 5];

export interface ClimbStep {
  step: number;
  /** Units at each of `PLACES`. */
  at: number[];
}

function isRecord(value: Json | undefined): value is { [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The snapshots of an answer of verb `climbing`. */
export function climbOf(asked: Asked): ClimbStep[] {
  const climbing = asked.answers[0]?.data['climbing'];
  const steps = isRecord(climbing) && Array.isArray(climbing['steps']) ? climbing['steps'] : [];
  return steps.filter(isRecord).map((step) => ({ step: Number(step['step']), at: (step['at'] as number[] | undefined) ?? [] }));
}

/** The colours of `PLACES`. */
const COLOURS = ['--line-test', '--low-test', '--line-restored', '--low-train', '--line-train', '--area-dead'];

export function layersOf(steps: readonly ClimbStep[]): { name: string; title: string; colour: string; counts: number[] }[] {
  return UPWARDS.map((place) => ({ name: PLACES[place] ?? '', title: '', colour: COLOURS[place] ?? '', counts: steps.map((step) => step.at[place] ?? 0) }));
}

export interface PlacedUnit {
  theta: number;
  phi: number;
  place: number;
}

/** Two irrational steps that fill a square evenly (Roberts 2018); height and angle take one each. */
const STEPS = [0.7548776662, 0.5698402910] as const;

/** Where a ray from a summit first falls to a share of its height, or begins to rise again. */
function descend(field: Field, from: { theta: number; phi: number; height: number }, angle: number, share: number): [number, number] {
  let before = from.height;
  for (let away = 1; ; away++) {
    const [theta, phi] = [from.theta + away * Math.cos(angle), from.phi + away * Math.sin(angle)];
    const height = heightAt(field, theta, phi);
    const isEnd = height === undefined || height > before + 1e-9 || height <= share * from.height;
    if (isEnd) return [from.theta + (away - 1) * Math.cos(angle), from.phi + (away - 1) * Math.sin(angle)];
    before = height;
  }
}

/** A dot a unit. A unit's place says the mountain and the half; within the half dots are spread evenly. */
export function placeUnits(terrain: Terrain, at: readonly number[]): PlacedUnit[] {
  const field = fieldOf(terrain, 1);
  const [memory, feature] = [summit(terrain, 'memory'), summit(terrain, 'feature')];
  const tops = terrain.marks.filter((mark) => heightAt(field, mark.theta, mark.phi) !== undefined);
  const units: PlacedUnit[] = [];
  at.forEach((count, place) => {
    for (let k = 0; k < count; k++) {
      const [spread, angle] = [(k * STEPS[0]) % 1, ((k * STEPS[1]) % 1) * 2 * Math.PI];
      // Which of several peaks of a kind it is, is not said: they take turns.
      const kind = place <= 1 ? 'feature' : 'memory';
      const alike = tops.filter((mark) => mark.kind === kind);
      const top = alike[k % alike.length];
      let [theta, phi]: [number, number] = [0, 0];
      if (place === 2 && memory && feature) {
        const radius = 9 * Math.sqrt(spread);
        theta = (memory.theta + feature.theta) / 2 + radius * Math.cos(angle);
        phi = radius * Math.sin(angle);
      } else if (place === 5) {
        // Those without weights lie along the near edge of the block.
        theta = field.centre[0] + field.half[0] * (1.9 * spread - 0.95);
        phi = field.centre[1] - field.half[1] * 0.97;
      } else if (top) {
        const isHigh = place === 0 || place === 4;
        const share = isHigh ? 0.96 - 0.42 * spread : 0.47 - 0.3 * spread;
        [theta, phi] = descend(field, top, angle, share);
      }
      units.push({ theta, phi, place });
    }
  });
  return units;
}
