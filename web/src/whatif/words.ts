// The texts of the what-if. What a training came to is the library's sentence.

import { inLanguage } from '../state.svelte';
import type { Name, Situation } from './settings';

const en = {
  lead: 'A small network learns to add, in this page, as you move a slider.',
  names: {
    data: 'Share of the table it is shown',
    decay: 'Weight decay',
    rate: 'Learning rate',
    width: 'Hidden units',
    optimizer: 'Optimizer',
    loss: 'Loss',
    activation: 'Activation',
    modulus: 'Modulus',
    seed: 'Seed',
    steps: 'Steps',
  } satisfies { [name in Name]: string },
  situations: 'Situations',
  situation: {
    half: ['Half the table', 'It knows what it was shown at once. Wait: long after, it begins to answer the rest.'],
    little: ['Too little data', 'What it was shown it knows. The rest it never learns.'],
    much: ['Much data', 'Shown most of the table, it hardly waits: the blue curve follows the orange one.'],
    noDecay: ['No decay', 'Nothing draws it away from the sample. The orange curve arrives, the blue one stays on the ground.'],
    tooMuchDecay: ['Too much decay', 'The decay eats what the network learns. Watch its units die.'],
    wide: ['Wide', 'Four times the units. Compare the wait with the faint curve of half the table.'],
    muon: ['Muon', 'Another optimizer: late with what it was shown, soon with the rest, and then it wavers.'],
  } satisfies { [name in Situation['name']]: [string, string] },
  train: 'questions it was shown',
  test: 'questions it was never shown',
  accuracy: 'Answered correctly',
  loss: 'Loss',
  units: 'Its hidden units',
  step: 'training step',
  training: (step: string, steps: string) => `Training: step ${step} of ${steps}.`,
  shown: (train: string, all: string) => `${train} of ${all} questions shown`,
  theory: 'What the theory expected',
  command: 'The same bits on your command line',
  link: 'Copy a link to these settings',
  linked: 'Link copied',
  ghosts: 'Faint: your last settings.',
  loading: 'Loading the engine…',
};

type Texts = typeof en;

const zh: Texts = {
  lead: '拖动滑块，一个小网络就在这一页里从头学加法。',
  names: {
    data: '给它看加法表的几成',
    decay: '权重衰减',
    rate: '学习率',
    width: '隐藏单元数',
    optimizer: '优化器',
    loss: '损失函数',
    activation: '激活函数',
    modulus: '模数',
    seed: '随机种子',
    steps: '训练步数',
  },
  situations: '几种情形',
  situation: {
    half: ['看一半', '看过的题，它立刻就会。再等等：过了很久，没看过的题它忽然也会了。'],
    little: ['数据太少', '看过的题全会，没看过的始终不会。'],
    much: ['数据很多', '大半张表都看过，几乎不用等：蓝线紧跟着橙线升上来。'],
    noDecay: ['没有衰减', '没有什么把它从样本上拉开。橙线到了顶，蓝线一直趴在地上。'],
    tooMuchDecay: ['衰减过强', '学到的还不够衰减吃的。看它的单元一个个死去。'],
    wide: ['更宽', '单元多到四倍。和“看一半”留下的浅色曲线比一比，等待短了多少。'],
    muon: ['Muon', '换一种优化器：看过的学得晚，没看过的紧跟着学会，之后却摇摆不定。'],
  },
  train: '看过的题',
  test: '没看过的题',
  accuracy: '答对的比例',
  loss: '损失',
  units: '它的隐藏单元',
  step: '训练步',
  training: (step, steps) => `训练中：第 ${step} 步，共 ${steps} 步。`,
  shown: (train, all) => `共 ${all} 题，给它看 ${train} 题`,
  theory: '理论原本的预期',
  command: '在你的命令行上得到分毫不差的结果',
  link: '复制这组设置的链接',
  linked: '链接已复制',
  ghosts: '浅色的线：之前的设置。',
  loading: '正在载入引擎……',
};

export function texts(): Texts {
  return inLanguage({ en, zh });
}
