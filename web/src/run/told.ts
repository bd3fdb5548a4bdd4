/**
 * What is said of a run, in the reader's language.
 *
 * The library writes English. In Chinese the same outcome is told with the library's numbers; its remaining sentences stand in English
 * under "every figure".
 */
import type { RunHeader } from '../source/types';
import { scenesOf } from '../story/words';
import { language } from '../state.svelte';
import { number, percent } from '../words/format';
import { words } from '../words/words';
import type { RunModel } from './model';

/** How it ended, as `dunwu show --json` has it. */
interface Outcome {
  kind: 'grokked' | 'lost' | 'forgot' | 'censored' | 'diverged' | 'collapsed';
  step: number;
  arrived?: number;
  left?: number;
  final?: number;
}

export function headlineOf(model: RunModel): string {
  const { header } = model;
  const outcome = header.data['outcome'] as unknown as Outcome | undefined;
  const is_ours = header.kind !== 'foreign' && outcome !== undefined && !header.data['imported'];
  if (header.kind !== 'foreign' && header.state === 'running') {
    const test = shareOf(header, 'test_accuracy');
    return words().one.training(number(model.last), number(header.steps), test === null ? null : percent(test));
  }
  return language() === 'zh' && is_ours ? inChinese(header, outcome, model.last) : header.headline;
}

function shareOf({ data }: RunHeader, name: string): number | null {
  const share = data[name];
  return typeof share === 'number' ? share : null;
}

export function sentencesOf(model: RunModel): string[] {
  if (language() !== 'zh' || model.header.kind === 'foreign') return model.header.story;
  const of_the_run = ['shown', 'memorizes', 'jump', 'units'];
  return scenesOf(model, undefined).flatMap(({ name, sentence }) => (of_the_run.includes(name) ? [sentence] : []));
}

function inChinese(header: RunHeader, outcome: Outcome, last: number): string {
  const { data, settings, n_population, steps, state } = header;
  if (state === 'interrupted') return `训练中断了：共 ${number(steps)} 步，已记录到第 ${number(last)} 步。`;
  const level = (event: string): string => percent(Number(settings.find(({ name }) => name === `events.${event}`)?.value ?? 0.99));
  const { step_memorized: memorized, step_generalized: generalized } = data;
  const [train, test] = [shareOf(header, 'train_accuracy'), shareOf(header, 'test_accuracy')];
  const before = typeof memorized !== 'number' ? '训练样本始终没有全部记住' : `训练样本在第 ${number(memorized)} 步记住`;
  const had = typeof generalized === 'number' ? `此前在第 ${number(generalized)} 步已经泛化。` : '';
  switch (outcome.kind) {
    case 'grokked':
      return `网络顿悟了：到第 ${number(outcome.step)} 步，没看过的题也能答对至少 ${level('generalized')}；${before}。`;
    case 'lost':
      return `网络泛化之后又丢了：第 ${number(outcome.arrived)} 步学会没看过的题，从第 ${number(outcome.left)} 步起跌破 ${level('generalized')}，最后答对 ${percent(outcome.final)}。`;
    case 'forgot':
      return `网络记住之后又忘了：第 ${number(outcome.arrived)} 步记住训练样本，从第 ${number(outcome.left)} 步起跌破 ${level('memorized')}，最后答对 ${percent(outcome.final)}。`;
    case 'censored':
      if (test === null) return `全部 ${number(n_population)} 个样本都用来训练，训练了 ${number(outcome.step)} 步；没有留出的题，谈不上泛化。`;
      return `${typeof memorized === 'number' ? `第 ${number(memorized)} 步记住了训练样本，但` : '既没记住训练样本，也'}没能在 ${number(outcome.step)} 步之内泛化：没看过的题答对 ${percent(test)}，看过的答对 ${percent(train)}。`;
    case 'diverged':
      return `训练发散了：到第 ${number(outcome.step)} 步，损失或权重不再是有限的数。${had}`;
    case 'collapsed':
      return `网络坍缩了：到第 ${number(outcome.step)} 步，隐藏单元全部或几乎全部衰减为零。${had}`;
  }
}
