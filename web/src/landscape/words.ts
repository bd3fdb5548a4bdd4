// The landscape's own texts. Numbers in them are the library's.

import { inLanguage } from '../state.svelte';

/** A cyclic group is what readers know as addition modulo its order; other tasks keep their name. */
function named(task: string, addition: string): string {
  const order = /^cyclic:(\d+)$/.exec(task)?.[1];
  return order ? `${addition} ${order}` : task;
}

const en = {
  about: (task: string) => `${named(task, 'Addition modulo')}, before any training`,
  memorizing: 'memorizing',
  generalizing: 'generalizing',
  noPeak: 'no peak yet',
  headline: (n: string, name: string, isOnly: boolean): [string, string, string] =>
    isOnly ? [`With ${n} training samples, only `, name, ' is a mountain.'] : [`With ${n} training samples, `, name, ' is the higher mountain.'],
  lead: 'Height is the energy that a hidden unit climbs as it learns. It goes up whichever mountain it stands on.',
  raw: 'raw energy',
  whitened: 'whitened energy',
  energy: 'Energy',
  rawMeans: 'What the first gradient climbs.',
  whitenedMeans: 'What the gradient climbs once the top layer has fitted what random features can fit. It predicts real training better.',
  data: 'Training samples',
  play: 'Add data',
  pause: 'Stop',
  section: 'Section through both summits',
  crossing: (n: string) => `overtakes at ${n}`,
  crossingLong: (n: string, low: string, high: string) => `Generalizing overtakes at ${n} samples (95 % interval ${low} to ${high}).`,
  turn: 'The two mountains. Turn them with the arrow keys.',
  picture: (sentence: string) => `Two mountains in three dimensions. ${sentence}`,
  hint: 'Drag to turn',
  command: 'The same on your command line',
  waiting: 'Measuring the landscape…',
  none: 'This landscape has no two mountains to show.',
  units: 'Where the units of this run stand',
  unitsHow:
    'One dot a unit, in the colour of the peak it stands below: the upper half of a mountain if it is at least half-way up, the lower half if not. Where within that half is not measured, so the dots are spread evenly.',
  time: 'Training step',
  places: ['high on generalizing', 'low on generalizing', 'between the two', 'low on memorizing', 'high on memorizing', 'dead'],
};

type Texts = typeof en;

const zh: Texts = {
  about: (task) => `${named(task, '加法，模')}，训练开始之前`,
  memorizing: '死记',
  generalizing: '泛化',
  noPeak: '尚未成峰',
  headline: (n, name, isOnly) => (isOnly ? [`有 ${n} 个训练样本时，只有`, name, '成峰。'] : [`有 ${n} 个训练样本时，`, name, '的山更高。']),
  lead: '高度是隐藏单元在学习中攀升的能量。单元站在哪座山上，就往哪座山顶爬。',
  raw: '原始能量',
  whitened: '白化能量',
  energy: '能量',
  rawMeans: '训练刚开始时，梯度攀升的就是它。',
  whitenedMeans: '等顶层先拟合了随机特征所能拟合的部分，梯度攀升的便是它。它更能预示真实的训练。',
  data: '训练样本数',
  play: '增加数据',
  pause: '停下',
  section: '过两座峰顶的剖面',
  crossing: (n) => `${n} 处反超`,
  crossingLong: (n, low, high) => `样本达到 ${n} 个时，泛化反超（95% 置信区间 ${low} 至 ${high}）。`,
  turn: '两座山峰，可用方向键转动。',
  picture: (sentence) => `两座山峰的立体图。${sentence}`,
  hint: '拖动即可转动',
  command: '在你的命令行上重现',
  waiting: '正在测量地形…',
  none: '这个地形上没有可供展示的两座峰。',
  units: '这次训练的单元站在哪里',
  unitsHow: '一点代表一个单元，颜色表示它所在的峰：爬过一半的画在上半山，未到一半的画在下半山。半山之内的确切高度没有测量，所以各点均匀散开。',
  time: '训练步',
  places: ['泛化峰上半山', '泛化峰下半山', '两峰之间', '死记峰下半山', '死记峰上半山', '已死'],
};

export function texts(): Texts {
  return inLanguage({ en, zh });
}
