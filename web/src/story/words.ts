// The sentences of the story, with the numbers of the run that it is told about.

import { inLanguage } from '../state.svelte';
import { rowAt } from '../chart/columns';
import { number, percent } from '../words/format';
import { whole, type Course } from '../landscape/race';
import type { RunModel } from '../run/model';

export type SceneName = 'shown' | 'memorizes' | 'jump' | 'units' | 'climb' | 'data' | 'together' | 'try';

export interface Scene {
  name: SceneName;
  sentence: string;
  aside: string;
}

/** The numbers that the sentences need, as they are written. */
interface Facts {
  shown: string;
  all: string;
  labels: string;
  memorized: string;
  /** The share of what it was never shown that it answers when it has memorized. */
  others: string;
  generalized: string;
  units: string;
  generalizing: string;
  few: string;
  crossing: string;
}

type Tell = { [name in SceneName]: (facts: Facts) => [string, string] };

const en: Tell = {
  shown: ({ shown, all, labels }) => [
    `A network is shown ${shown} of the ${all} sums modulo ${labels}.`,
    'One square a sum, as many filled as it is shown. The others it never sees.',
  ],
  memorizes: ({ memorized, others }) => [
    `By step ${memorized} it knows the sums it was shown, and ${others} of the others.`,
    'It has memorized. Most trainings would be stopped here.',
  ],
  jump: ({ generalized }) => [
    `Then, at step ${generalized}, it has come to answer those it was never shown.`,
    'Nothing was changed and nothing was added. This is grokking, 顿悟, sudden understanding.',
  ],
  units: ({ generalizing, units }) => [
    `Inside, ${generalizing} of its ${units} units end up carrying what it understands.`,
    'A point a unit. Those that memorize stand high on the sample alone; those that generalize stand far to the right, high on all sums.',
  ],
  climb: () => [
    'While it learns, a unit climbs: there is a mountain for memorizing and one for generalizing.',
    'Height is the energy that the gradient makes a unit climb. Every height is computed, none is drawn by hand.',
  ],
  data: ({ few, crossing }) => [
    `With ${few} samples only memorizing is worth the climb. From ${crossing} on, generalizing is higher.`,
    'More data raises one mountain; the other sinks in the end.',
  ],
  together: () => ['The curves, the units and their labels are one event, seen three times.', 'Scroll, and all three move with the same step of training.'],
  try: () => ['Now change something.', 'Give it less data, or no decay, and see whether it still understands.'],
};

const zh: Tell = {
  shown: ({ shown, all, labels }) => [
    `模 ${labels} 的加法共有 ${all} 道题，只给网络看其中 ${shown} 道。`,
    '一格一道题，给它看多少，就涂多少格；其余的它从未见过。',
  ],
  memorizes: ({ memorized, others }) => [`到第 ${memorized} 步，看过的题它都会了，没看过的只会 ${others}。`, '它背熟了。换作平常，训练到此就该停了。'],
  jump: ({ generalized }) => [`到了第 ${generalized} 步，没看过的题，它竟也会了。`, '什么都没改，什么都没加。这就是顿悟。'],
  units: ({ generalizing, units }) => [
    `打开来看：${units} 个单元里，最后有 ${generalizing} 个撑起了它的理解。`,
    '一点一个单元。死记的只在样本上站得高；泛化的远在右边，在全部题目上都站得高。',
  ],
  climb: () => ['学习时，单元在爬山：一座通向死记，一座通向泛化。', '高度就是梯度推着单元攀升的能量。每一处高度都是算出来的，没有一处出自手绘。'],
  data: ({ few, crossing }) => [`只有 ${few} 个样本时，值得爬的只有死记；从 ${crossing} 个起，泛化更高。`, '数据多了，一座山升起，另一座山终究沉下。'],
  together: () => ['曲线、单元、标签，原是同一件事的三个侧面。', '往下滚动，三幅图随同一个训练步一起变化。'],
  try: () => ['轮到你来改一改。', '少给些数据，或者去掉衰减，看它还能不能顿悟。'],
};

const ORDER: SceneName[] = ['shown', 'memorizes', 'jump', 'units', 'climb', 'data', 'together', 'try'];

/** The scenes that this run and this landscape can tell; what they do not know is left out, not made up. */
export function scenesOf(run: RunModel, course: Course | undefined): Scene[] {
  const { header } = run;
  const { step_memorized: memorized, step_generalized: generalized, units } = header.data;
  const others = typeof memorized === 'number' ? run.scalar('test_accuracy')?.values[rowAt(run.steps, memorized)] : undefined;
  /** Without them there is no picture of the units. */
  const has_energies = run.perUnit('unit_energy_train') !== undefined;
  const tell = inLanguage({ en, zh });
  const facts: Facts = {
    shown: number(header.n_train),
    all: number(header.n_population),
    labels: number(header.n_labels),
    memorized: number(memorized),
    others: percent(others, 0),
    generalized: number(generalized),
    units: number(header.n_units),
    generalizing: number(units?.['generalizing']),
    few: number(course?.amounts[0]),
    crossing: whole(course?.crossing?.n),
  };
  const isKnown: { [name in SceneName]: boolean } = {
    shown: header.n_train !== null && header.n_labels !== null,
    memorizes: typeof memorized === 'number' && others !== undefined && memorized < (generalized ?? Infinity),
    jump: typeof generalized === 'number',
    units: typeof units?.['generalizing'] === 'number' && has_energies,
    climb: course !== undefined,
    data: Boolean(course?.crossing),
    together: run.n_units > 0 && has_energies,
    try: true,
  };
  return ORDER.filter((name) => isKnown[name]).map((name) => {
    const [sentence, aside] = tell[name](facts);
    return { name, sentence, aside };
  });
}

const TEXTS = {
  en: {
    opening: 'Opening a run…',
    sandbox: 'Train one yourself',
    present: 'Show it to others',
    command: 'This run on your command line',
    scroll: 'Scroll',
    step: 'training step',
    accuracy: 'answered correctly',
    units: 'units',
    labels: 'units by label',
    samples: 'training samples',
    picture: 'Picture',
  },
  zh: {
    opening: '正在打开一次训练……',
    sandbox: '亲手训练一个',
    present: '讲给别人看',
    command: '在你的命令行上打开这次训练',
    scroll: '往下滚动',
    step: '训练步',
    accuracy: '答对的比例',
    units: '单元',
    labels: '各类单元的数目',
    samples: '个训练样本',
    picture: '图',
  },
};

export function texts(): (typeof TEXTS)['en'] {
  return inLanguage(TEXTS);
}
