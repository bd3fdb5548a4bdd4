// What can be changed, and the words after `dunwu run` that say so.

export type Name = 'data' | 'decay' | 'rate' | 'width' | 'optimizer' | 'loss' | 'activation' | 'modulus' | 'seed' | 'steps';
export type Chosen = { [name in Name]: string };

export type Control = { name: Name; key: string } & ({ kind: 'slider'; stops: string[] } | { kind: 'choice'; options: string[] });

/** Round values, a few in each decade. */
function decades(from: number, to: number, mantissas: number[]): string[] {
  const stops: string[] = [];
  for (let power = from; power <= to; power++) for (const m of mantissas) stops.push(String(Number(`${m}e${power}`)));
  return stops;
}

function span(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

/** In the order in which one reaches for them. */
export const CONTROLS: Control[] = [
  { name: 'data', key: 'data.fraction', kind: 'slider', stops: span(2, 19).map((twentieths) => String(Number(twentieths) / 20)) },
  { name: 'decay', key: 'optimizer.weight_decay', kind: 'slider', stops: ['0', ...decades(-5, -1, [1, 2, 5]), '1'] },
  { name: 'rate', key: 'optimizer.learning_rate', kind: 'slider', stops: [...decades(-4, -1, [1, 2, 5])] },
  { name: 'width', key: 'model.width', kind: 'slider', stops: ['16', '32', '64', '128', '256', '512', '1024'] },
  { name: 'modulus', key: 'task', kind: 'slider', stops: span(7, 31) },
  { name: 'seed', key: 'seed', kind: 'slider', stops: span(0, 19) },
  { name: 'optimizer', key: 'optimizer', kind: 'choice', options: ['adam', 'adamw', 'sgd', 'muon'] },
  { name: 'loss', key: 'loss', kind: 'choice', options: ['mse', 'cross_entropy', 'stablemax'] },
  { name: 'activation', key: 'model.activation', kind: 'choice', options: ['square', 'relu', 'abs', 'silu', 'gelu', 'cube'] },
  { name: 'steps', key: 'steps', kind: 'choice', options: ['500', '1000', '2000', '4000'] },
];

/** What the preset `small` says. Words are left out where they say the same. */
export const SMALL: Chosen = {
  data: '0.5',
  decay: '0.0002',
  rate: '0.01',
  width: '256',
  modulus: '23',
  seed: '0',
  optimizer: 'adam',
  loss: 'mse',
  activation: 'square',
  steps: '1000',
};

/** What an address says; what it does not say, or says wrongly, is as in `small`. */
export function chosenFrom(values: { [name: string]: string }): Chosen {
  const chosen = { ...SMALL };
  for (const control of CONTROLS) {
    const value = values[control.name];
    const known = control.kind === 'slider' ? control.stops : control.options;
    if (value !== undefined && known.includes(value)) chosen[control.name] = value;
  }
  return chosen;
}

/** What an address has to say. */
export function valuesOf(chosen: Chosen): { [name: string]: string | null } {
  return Object.fromEntries(CONTROLS.map(({ name }) => [name, chosen[name] === SMALL[name] ? null : chosen[name]]));
}

/** Words after `dunwu run`. With exact numerics they give the same bits on every machine. */
export function wordsOf(chosen: Chosen): string[] {
  const said = CONTROLS.filter(({ name }) => chosen[name] !== SMALL[name]);
  const words = said.map(({ name, key }) => `${key}=${name === 'modulus' ? `cyclic:${chosen.modulus}` : chosen[name]}`);
  return ['small', ...words, 'numerics=exact'];
}

/** Fewer snapshots than usual: they change no bit of the training, and in the page each of them takes as long as forty steps. */
export const FEWER_SNAPSHOTS = 'record.snapshots_per_decade=4';

/** A situation that teaches something: what differs from `small`. */
export interface Situation {
  name: 'half' | 'little' | 'much' | 'noDecay' | 'tooMuchDecay' | 'wide' | 'muon';
  changes: Partial<Chosen>;
}

export const SITUATIONS: Situation[] = [
  { name: 'half', changes: {} },
  { name: 'little', changes: { data: '0.25' } },
  { name: 'much', changes: { data: '0.8' } },
  { name: 'noDecay', changes: { decay: '0' } },
  { name: 'tooMuchDecay', changes: { decay: '0.01' } },
  { name: 'wide', changes: { width: '1024' } },
  { name: 'muon', changes: { optimizer: 'muon', rate: '0.02', decay: '0.2' } },
];
