// A race answer as the landscape reads it: one course of landscapes for each energy.

import type { Asked, Json, TerrainSeries } from '../source/types';
import { number } from '../words/format';
import { summit } from './terrain';

export type Energy = 'raw' | 'whitened';

/** Where generalizing overtakes; `null` where it is not known. */
export interface Crossing {
  n: number | null;
  low: number | null;
  high: number | null;
}

/** A crossing as people write it: nobody draws a third of a sample. */
export function whole(amount: number | null | undefined): string {
  return number(amount === null || amount === undefined ? amount : Math.round(amount));
}

/** The landscapes of one energy. Arrays go by amount of data, in ascending order. */
export interface Course {
  energy: Energy;
  series: TerrainSeries;
  amounts: number[];
  labels: string[];
  /** Heights of the highest peak of each kind, NaN where there is none. */
  memory: number[];
  feature: number[];
  crossing: Crossing | null;
}

function record(value: Json | undefined): { [name: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
}

function crossingOf(value: Json | undefined): Crossing | null {
  const { n, low, high } = record(value);
  const number = (part: Json | undefined): number | null => (typeof part === 'number' ? part : null);
  return typeof n === 'number' ? { n, low: number(low), high: number(high) } : null;
}

/** All landscapes of an answer. */
export function seriesOf(asked: Asked): TerrainSeries[] {
  return asked.answers.flatMap((answer) => answer.terrains ?? []);
}

/** The courses of a race answer by energy. */
export function coursesOf(asked: Asked): Partial<Record<Energy, Course>> {
  const data = asked.answers[0]?.data ?? {};
  const other = record(data['other']);
  const courses: Partial<Record<Energy, Course>> = {};
  for (const series of seriesOf(asked)) {
    const energy: Energy = series.title.startsWith('raw') ? 'raw' : 'whitened';
    const height = (kind: 'memory' | 'feature'): number[] =>
      series.terrains.map((terrain) => {
        const mark = summit(terrain, kind);
        return mark?.is_peak ? mark.height : NaN;
      });
    courses[energy] = {
      energy,
      series,
      amounts: series.terrains.map((terrain) => terrain.n_train),
      labels: series.labels,
      memory: height('memory'),
      feature: height('feature'),
      crossing: crossingOf(data['energy'] === energy ? data['crossing'] : other['crossing']),
    };
  }
  return courses;
}

/** What a measured landscape shows, by the heights of its two summits. */
export type Rank = 'memory' | 'feature' | 'only memory' | 'only feature';

export function rankAt(course: Course, index: number): Rank {
  const [memory, feature] = [course.memory[index] ?? NaN, course.feature[index] ?? NaN];
  if (Number.isNaN(feature)) return 'only memory';
  if (Number.isNaN(memory)) return 'only feature';
  return feature > memory ? 'feature' : 'memory';
}
