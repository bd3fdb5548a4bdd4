/** A run's evaluations as curves, and what happened to it as bands and marks. */
import type { CurveSet } from '../chart/curves';
import type { Band, Mark } from '../chart/plot';
import type { RunHeader } from '../source/types';
import { number } from '../words/format';
import { words } from '../words/words';
import { LABEL_COLOURS, type RunModel } from './model';

const COLOURS: { [name: string]: string } = {
  train_accuracy: '--line-train', test_accuracy: '--line-test', train_loss: '--line-train', test_loss: '--line-test',
  corrupted_accuracy: '--line-corrupted', restored_accuracy: '--line-restored',
};

/** Shares go from 0 to 1, with a little room above. */
export const SHARES = { from: 0, to: 1.03, log: false };

/** All evaluations whose name ends so; earlier runs stay behind as faint curves. */
export function setsOf(model: RunModel, ending: 'accuracy' | 'loss', earlier: readonly RunModel[] = []): CurveSet[] {
  return [...earlier, model].map((one) => ({
    steps: one.steps,
    curves: one.scalars
      .filter((curve) => curve.name.endsWith(ending))
      .map((curve) => ({ ...curve, title: words().scalars[curve.name] ?? curve.name, colour: COLOURS[curve.name] ?? '--line-neutral', is_faint: one !== model })),
  }));
}

export function bandsOf(header: RunHeader): Band[] {
  return (header.data.stages ?? []).map(({ name, from, to }) => ({ name: words().stages[name] ?? name, from, to, fill: `--stage-${name}` }));
}

export function marksOf(header: RunHeader): Mark[] {
  return header.interventions.flatMap(({ step, what }) => (step === null ? [] : [{ step, what }]));
}

/** The steps at which a run had memorized and generalized, with their names. */
export function eventsOf({ data }: RunHeader): Mark[] {
  const event = (step: number | null | undefined, what: string, colour: string): Mark[] =>
    typeof step === 'number' ? [{ step, what, colour, name: `${what} ${number(step)}` }] : [];
  return [...event(data.step_memorized, words().memorized, '--line-train'), ...event(data.step_generalized, words().generalized, '--line-test')];
}

/** Units in layers by their label, from the ground up. */
export function layersOf(model: RunModel): { name: string; title: string; colour: string; counts: ArrayLike<number> }[] {
  return model.labelCounts().map(({ name, counts }, i) => ({ name, counts, title: words().labels[name], colour: LABEL_COLOURS[i] as string }));
}
