// Made-up runs that look like real ones, packed as the library packs them.

const TYPES = { f64: Float64Array, f32: Float32Array, u8: Uint8Array };
export const LABELS = ['generalizing', 'memorizing', 'undecided', 'dead'];

/** A run's bytes: header and columns. `tables` is [name, n_rows, [[name, type, typed array, names?]]]. */
export function pack(header, tables) {
  const blocks = [];
  let at = 0;
  const described = tables.map(([name, n_rows, columns]) => ({
    name,
    n_rows,
    columns: columns.map(([column, type, values, names]) => {
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      const padding = Buffer.alloc((8 - (bytes.length % 8)) % 8);
      const place = at;
      blocks.push(bytes, padding);
      at += bytes.length + padding.length;
      return { name: column, type, at: place, names: names ?? null };
    }),
  }));
  let text = Buffer.from(JSON.stringify({ ...header, tables: described }));
  text = Buffer.concat([text, Buffer.alloc((8 - ((4 + text.length) % 8)) % 8, ' ')]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, ...blocks]);
}

/** The rows of a table whose step is later than `after`. */
export function later([name, n_rows, columns], after) {
  const steps = columns.find(([column]) => column === 'step')?.[2];
  if (after === undefined || !steps) return [name, n_rows, columns];
  let first = steps.findIndex((step) => step > after);
  if (first < 0) first = n_rows;
  return [name, n_rows - first, columns.map(([column, type, values, names]) => [column, type, values.slice(first), names])];
}

function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const logistic = (x) => 1 / (1 + Math.exp(-x));

const measure = (name, tells, shape, unit, formula, undefined_when = 'never') => ({
  name, tells, shape, unit, formula, source: 'Tian 2025, arXiv:2509.21519', undefined: undefined_when,
});

export const MEASURES = [
  measure('effective_rank', 'how many directions of the input the hidden layer uses', 'scalar', 'directions', 'exp(−Σ pᵢ ln pᵢ),  pᵢ = σᵢ/Σσ'),
  measure('gradient_norm', 'how much signal reaches the hidden layer: it rises as the top layer learns and falls as the fit succeeds', 'scalar', 'loss a feature', '‖G_F‖'),
  measure('gradient_alignment', 'whether units climb the energy E independently of each other', 'scalar', 'cosine; 1 is alike', 'cos(G_F, ỸỸᵀF̃)'),
  measure('gram_off_diagonal_ratio', 'whether units interact: small while each learns as if it were alone', 'scalar', 'share', '‖F̃ᵀF̃ − diag‖ / ‖F̃ᵀF̃‖'),
  measure('hidden_norm', 'how large the network is below its top layer', 'scalar', 'weights', '‖W‖'),
  measure('top_norm', 'how large the top layer is', 'scalar', 'weights', '‖V‖'),
  measure('excluded_loss', 'how well the training sample is remembered without the key frequencies', 'scalar', 'nats', 'L(logits − key)', 'outside of transformers'),
  measure('unit_energy_train', 'how high the unit has climbed on the data it sees', 'per_unit', 'energy', 'E = ½‖Ỹᵀσ(Xw)‖²'),
  measure('unit_energy_population', 'how high the same unit stands on all data', 'per_unit', 'energy', 'E∞'),
  measure('unit_fit_train', 'how much the unit pushes the right output up, on the training sample', 'per_unit', 'logit', 'mean_i(…)'),
  measure('unit_fit_held_out', 'how much of that carries over to samples that the network has not seen', 'per_unit', 'logit', 'mean_j(…)'),
  measure('unit_norm', 'whether a unit is alive: decay takes the weights of units that do nothing', 'per_unit', 'weights', '‖w‖'),
  measure('unit_purity', 'how far the unit is a feature of one irrep', 'per_unit', 'share', 'max_k power_k'),
  measure('unit_irrep', 'which irrep holds most of the unit', 'per_unit', 'index', 'argmax_k power_k'),
  measure('irrep_power', 'how the hidden layer divides itself among the irreps', 'per_irrep', 'share', 'Σ_j power_jk'),
  measure('irrep_units', 'how many living units are features of this irrep', 'per_irrep', 'units', '#{j}'),
  measure('unit_irrep_power', "how the unit's power lies over the irreps", 'per_unit_and_irrep', 'share', '|ŵ_k|²/Σ'),
  measure('hidden_spectrum', 'which directions of the input the hidden layer has kept', 'spectrum', 'singular values', 'σᵢ(W)'),
  measure('problem_test_accuracy', 'how much of what each problem holds out the network gets right', 'per_problem', 'share', '#right/#', 'where one network learns one problem'),
];

export const SCALARS = [
  { name: 'train_loss', tells: 'how far the outputs are from the labels that were trained on', unit: 'nats a sample' },
  { name: 'train_accuracy', tells: 'how much of the training sample is remembered, by the labels as given', unit: 'share of samples' },
  { name: 'test_loss', tells: 'how far the outputs are from the labels of samples that were not trained on', unit: 'nats a sample' },
  { name: 'test_accuracy', tells: 'how much of what it was not trained on the network gets right', unit: 'share of samples' },
];

/** A run that memorizes at step 10 and generalizes around `arrives`, seen until `until`. */
export function own({ name, seed, n_units, n_snapshots, steps = 1500, arrives = 420, until = steps, running = false, weight_decay = '0.002', modulus = 23 }) {
  const draw = random(seed);
  const n_irreps = 1 + (modulus - 1) / 2;
  const eval_steps = Float64Array.from({ length: 301 }, (_, i) => (i * steps) / 300).filter((step) => step <= until);
  const wiggle = eval_steps.map(() => (draw() - 0.5) * 0.02);
  const rise = (step) => logistic((step - arrives) / (arrives * 0.09));
  const memory = (step) => logistic((step - 6) / 1.5);
  const scalars = ['scalars', eval_steps.length, [
    ['step', 'f64', eval_steps],
    ['train_loss', 'f64', eval_steps.map((s, i) => 3.2 * (1 - memory(s)) + 0.02 * Math.exp(-s / 500) + 4e-4 * (1 + 8 * wiggle[i]))],
    ['train_accuracy', 'f64', eval_steps.map((s) => Math.min(1, 0.04 + 0.96 * memory(s)))],
    ['test_loss', 'f64', eval_steps.map((s, i) => (3.1 + 2.3 * memory(s)) * (1 - rise(s)) + 0.004 + Math.abs(wiggle[i]) * 0.1)],
    ['test_accuracy', 'f64', eval_steps.map((s, i) => Math.max(0, Math.min(1, 0.03 + 0.12 * memory(s) + 0.85 * rise(s) + wiggle[i] * (1 - rise(s)))))],
  ]];
  const frames = Float64Array.from({ length: n_snapshots }, (_, i) => Math.max(i, Math.round(steps * (i / (n_snapshots - 1)) ** 2))).filter((step) => step <= until);
  const n = frames.length;
  const per = (f) => frames.map(f);
  const measures = ['measures', n, [
    ['step', 'f64', frames],
    ['effective_rank', 'f64', per((s) => 22 - 9 * rise(s) + draw())],
    ['gradient_norm', 'f64', per((s) => 0.9 * Math.exp(-s / 400) + 0.02)],
    ['gradient_alignment', 'f64', per((s) => 0.96 - 0.7 * rise(s))],
    ['gram_off_diagonal_ratio', 'f64', per((s) => 0.08 + 0.5 * rise(s))],
    ['hidden_norm', 'f64', per((s) => 14 - 5 * rise(s))],
    ['top_norm', 'f64', per((s) => 2 + 7 * memory(s) - 2 * rise(s))],
    ['excluded_loss', 'f64', per(() => NaN)],
  ]];
  const total = n * n_units;
  const column = () => new Float32Array(total);
  const c = { sample: column(), population: column(), fit: column(), held: column(), norm: column(), purity: column(), irrep: column() };
  const label = new Uint8Array(total);
  const step = new Float64Array(total);
  const unit = new Float64Array(total);
  const own_irrep = Array.from({ length: n_units }, () => 1 + Math.floor(draw() * (n_irreps - 1)));
  const moment = Array.from({ length: n_units }, () => (draw() < 0.72 ? arrives * (0.55 + draw() * 0.8) : Infinity));
  const jitter = Array.from({ length: n_units }, () => draw());
  for (let frame = 0; frame < n; frame += 1) {
    for (let k = 0; k < n_units; k += 1) {
      const row = frame * n_units + k;
      const s = frames[frame];
      const feature = logistic((s - moment[k]) / (arrives * 0.06));
      const token = memory(s) * (1 - feature);
      step[row] = s;
      unit[row] = k;
      c.norm[row] = moment[k] === Infinity && s > arrives * 1.6 ? 0.01 : 0.6 + 0.4 * jitter[k] + 0.5 * feature;
      c.sample[row] = 0.5 + 2.4 * token * (0.6 + 0.4 * jitter[k]) + 3.4 * feature * (0.9 + 0.1 * jitter[k]);
      c.population[row] = 0.45 + 0.5 * token * jitter[k] + 3.3 * feature * (0.9 + 0.1 * jitter[k]);
      c.fit[row] = 0.01 + 0.06 * token * (0.5 + jitter[k]) + 0.11 * feature * (0.7 + 0.5 * jitter[k]);
      c.held[row] = 0.012 * (draw() - 0.5) + 0.1 * feature * (0.7 + 0.5 * jitter[k]);
      c.purity[row] = 0.15 + 0.1 * jitter[k] + 0.72 * feature;
      c.irrep[row] = own_irrep[k];
      label[row] = c.norm[row] < 0.05 ? 3 : feature > 0.5 ? 0 : token > 0.5 ? 1 : 2;
    }
  }
  const units = ['units', total, [
    ['step', 'f64', step], ['unit', 'f64', unit], ['label', 'u8', label, LABELS], ['label_from_sample', 'u8', label, LABELS],
    ['unit_energy_train', 'f32', c.sample], ['unit_energy_population', 'f32', c.population], ['unit_fit_train', 'f32', c.fit],
    ['unit_fit_held_out', 'f32', c.held], ['unit_norm', 'f32', c.norm], ['unit_purity', 'f32', c.purity], ['unit_irrep', 'f32', c.irrep],
  ]];
  const names = Array.from({ length: n_irreps }, (_, k) => (k === 0 ? 'trivial' : `frequency ${k}`));
  const n_rows = n * n_irreps;
  const irrep_step = new Float64Array(n_rows);
  const irrep_name = new Uint8Array(n_rows);
  const power = new Float64Array(n_rows);
  const carriers = new Float64Array(n_rows);
  for (let frame = 0; frame < n; frame += 1) {
    for (let k = 0; k < n_irreps; k += 1) {
      const row = frame * n_irreps + k;
      irrep_step[row] = frames[frame];
      irrep_name[row] = k;
      for (let j = 0; j < n_units; j += 1) if (own_irrep[j] === k && c.purity[frame * n_units + j] > 0.6) carriers[row] += 1;
      power[row] = (carriers[row] + 2) / (n_units + 2 * n_irreps);
    }
  }
  const irreps = ['irreps', n_rows, [
    ['step', 'f64', irrep_step], ['irrep', 'u8', irrep_name, names], ['degree', 'f64', new Float64Array(n_rows).fill(1)],
    ['irrep_power', 'f64', power], ['irrep_units', 'f64', carriers],
  ]];
  const n_values = 32;
  const spectrum_step = new Float64Array(n * n_values);
  const spectrum_index = new Float64Array(n * n_values);
  const spectrum_value = new Float64Array(n * n_values);
  for (let row = 0; row < n * n_values; row += 1) {
    const s = frames[Math.floor(row / n_values)];
    spectrum_step[row] = s;
    spectrum_index[row] = row % n_values;
    spectrum_value[row] = 2.2 * Math.exp(-(row % n_values) / 30) + 2.5 * rise(s) * Math.exp(-(((row % n_values) / 8) ** 2));
  }
  const spectra = ['spectra', n * n_values, [
    ['step', 'f64', spectrum_step], ['measure', 'u8', new Uint8Array(n * n_values), ['hidden_spectrum']], ['index', 'f64', spectrum_index], ['value', 'f64', spectrum_value],
  ]];
  const n_map = n_units * n_irreps;
  const share = new Float64Array(n_map);
  const map_irrep = new Uint8Array(n_map);
  const map_unit = new Float64Array(n_map);
  for (let row = 0; row < n_map; row += 1) {
    const k = Math.floor(row / n_irreps);
    const purity = n > 0 ? c.purity[(n - 1) * n_units + k] : 0.2;
    map_unit[row] = k;
    map_irrep[row] = row % n_irreps;
    share[row] = row % n_irreps === own_irrep[k] ? purity : (1 - purity) / (n_irreps - 1);
  }
  const unit_irreps = ['unit_irreps', n_map, [
    ['step', 'f64', new Float64Array(n_map).fill(until)], ['unit', 'f64', map_unit], ['irrep', 'u8', map_irrep, names], ['unit_irrep_power', 'f64', share],
  ]];
  const generalized = until > arrives * 1.35 ? Math.round(arrives * 1.3) : null;
  const count = (which) => (n > 0 ? label.subarray((n - 1) * n_units).reduce((sum, l) => sum + (l === which ? 1 : 0), 0) : 0);
  const header = {
    run: `runs/${name}`, name, task: `cyclic:${modulus}`, kind: 'own', n_labels: modulus, n_train: Math.round(modulus * modulus / 2), n_population: modulus * modulus, n_units, steps,
    state: running ? 'running' : generalized ? 'grokked' : 'censored',
    settings: [['model.width', n_units], ['data.fraction', '0.5'], ['optimizer.learning_rate', '0.005'], ['optimizer.weight_decay', weight_decay], ['seed', seed], ['steps', steps]].map(([key, value]) => ({ name: key, value: String(value) })),
    irreps: names.map((irrep) => ({ name: irrep, degree: 1 })),
    headline: generalized ? `It memorized by step 10 and generalized at step ${generalized}: ${count(0)} of ${n_units} units are features.` : 'It has memorized and does not generalize yet.',
    story: [`${count(0)} of ${n_units} units generalize, ${count(1)} memorize.`, 'All 11 frequencies are covered.'], expected: ['The theory expects features from 264 samples on.'],
    data: {
      step_memorized: 10, step_generalized: generalized,
      stages: [['lazy', 0, 10], ['independent', 10, Math.round(arrives * 0.7)], ['interactive', Math.round(arrives * 0.7), steps]].filter(([, from]) => from < until).map(([stage, from, to]) => ({ name: stage, from, to: Math.min(to, until) })),
      units: Object.fromEntries(LABELS.map((l, i) => [l, count(i)])), irreps: { covered: names.slice(1), missing: [] },
    },
    n_snapshots: n,
    interventions: name.includes('fork') ? [{ step: 300, until: null, what: 'optimizer.weight_decay = 0.02 at 300' }] : [],
    no_token_weights: null, measures: MEASURES, scalars: SCALARS,
  };
  return { header, tables: [scalars, measures, units, irreps, unit_irreps, spectra] };
}

/** Another program's run: series and nothing else. */
export function foreign({ name, n_series, n_points, seed = 5 }) {
  const draw = random(seed);
  const steps = Float64Array.from({ length: n_points }, (_, i) => i * 10);
  const columns = [['step', 'f64', steps]];
  for (let k = 0; k < n_series; k += 1) {
    const values = new Float32Array(n_points);
    let level = 2 + draw() * 2;
    for (let i = 0; i < n_points; i += 1) {
      level = level * 0.998 + (draw() - 0.5) * 0.08;
      values[i] = level + (draw() < 0.002 ? 3 : 0);
    }
    columns.push([n_series < 5 ? ['train/loss', 'eval/loss', 'eval/accuracy', 'lr'][k] : `layer.${k}/norm`, 'f32', values]);
  }
  const header = {
    run: `runs/${name}`, name, task: name, kind: 'foreign', n_labels: null, n_train: null, n_population: null, n_units: null, steps: null, state: 'imported',
    settings: [{ name: 'batch', value: '64' }], irreps: null, headline: `${n_series} series over ${n_points * 10} steps, from TensorBoard.`, story: [], data: {}, n_snapshots: 0, interventions: [],
    no_token_weights: null, measures: [], scalars: columns.slice(1).map(([column]) => ({ name: column, tells: '', unit: '' })),
  };
  return { header, tables: [['scalars', n_points, columns]] };
}
