// Serves the page and the contract of `dunwu serve` from made-up runs, so that the page can be worked on and measured alone.
// `node test/mock.mjs [port]`; the token is "mock".

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LABELS, foreign, later, own, pack } from './mock-data.mjs';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));
const KINDS = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.wasm': 'application/wasm' };
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const made = new Map();
const recipes = {
  'small-1a2b3c4d': () => own({ name: 'small-1a2b3c4d', seed: 1, n_units: 256, n_snapshots: 60 }),
  'small-2b3c4d5e': () => own({ name: 'small-2b3c4d5e', seed: 2, n_units: 256, n_snapshots: 40, arrives: 450 }),
  'small-3c4d5e6f': () => own({ name: 'small-3c4d5e6f', seed: 3, n_units: 256, n_snapshots: 40, arrives: 500 }),
  'small-4d5e6f7a': () => own({ name: 'small-4d5e6f7a', seed: 4, n_units: 256, n_snapshots: 40, arrives: 390 }),
  'decay-5e6f7a8b': () => own({ name: 'decay-5e6f7a8b', seed: 1, n_units: 256, n_snapshots: 40, arrives: 1400, weight_decay: '0.0002' }),
  'decay-6f7a8b9c': () => own({ name: 'decay-6f7a8b9c', seed: 2, n_units: 256, n_snapshots: 40, arrives: 1250, weight_decay: '0.0002' }),
  'fork-7a8b9c0d': () => own({ name: 'fork-7a8b9c0d', seed: 1, n_units: 256, n_snapshots: 40, arrives: 340, weight_decay: '0.02' }),
  'wide-2048': () => own({ name: 'wide-2048', seed: 9, n_units: 2048, n_snapshots: 100 }),
  'tensorboard-mnist': () => foreign({ name: 'tensorboard-mnist', n_series: 4, n_points: 800 }),
  'ten-thousand': () => foreign({ name: 'ten-thousand', n_series: 10_000, n_points: 1000 }),
};
const live = { step: 90, streams: new Set() };
const folder_streams = new Set();
const tags = new Map([['small-1a2b3c4d', ['paper', 'figure-2']]]);
let jobs = [];

function packedOf(name, after, wanted) {
  const kept = (tables) => (wanted ? tables.filter(([table]) => wanted.includes(table)) : tables);
  if (name === 'live-8b9c0d1e') {
    const run = own({ name, seed: 11, n_units: 128, n_snapshots: 50, until: live.step, running: live.step < 1500 });
    return pack(run.header, kept(run.tables).map((table) => later(table, after)));
  }
  if (!recipes[name]) return null;
  if (!made.has(name)) made.set(name, recipes[name]());
  const run = made.get(name);
  // A whole run is packed once, so that a measurement of the page holds little of this server.
  if (after === undefined && !wanted) return (run.whole ??= pack(run.header, run.tables));
  return pack(run.header, kept(run.tables).map((table) => later(table, after)));
}

function listed(name) {
  const is_foreign = name.startsWith('ten') ;
  const is_live = name.startsWith('live');
  const slow = name.startsWith('decay');
  return {
    run: `runs/${name}`, task: is_foreign ? name : 'cyclic:23', kind: is_foreign ? 'foreign' : 'own',
    state: is_live ? (live.step < 1500 ? 'running' : 'grokked') : is_foreign ? 'imported' : slow ? 'censored' : 'grokked', step: is_live ? live.step : is_foreign ? 8000 : 1500,
    train_accuracy: is_foreign ? null : 1, test_accuracy: is_foreign ? null : is_live ? 0.15 : slow ? 0.61 : 1,
    tags: tags.get(name) ?? [], note: name === 'decay-5e6f7a8b' ? 'a tenth of the decay' : '', bytes: 2_400_000 + name.length * 77_777, written: 1_796_000_000 - name.charCodeAt(0) * 3600, writer: is_live ? 'process 4711' : null,
  };
}

function list() {
  return {
    headline: 'Eleven runs, one of which is training.', story: [], folder: 'runs',
    runs: [...Object.keys(recipes), 'live-8b9c0d1e'].map(listed),
    unreadable: [{ run: 'runs/torn-9c0d1e2f', error: 'record.jsonl ends in the middle of line 41: move the directory away, or delete its last line' }],
    tables: ['runs/decay.parquet'], streams: [
      {
        stream: 'runs/streams/4c1f9a0e', texts: ['books/war-and-peace.txt'], tokens: 20 * 2048, ends: Array.from({ length: 20 }, (_, i) => 2048 * (i + 1)), error: null,
        policies: [['sinks:4+1020', 21.4], ['window:1024', 33.1]].map(([policy, perplexity]) => ({ policy, perplexity, stretches: Array.from({ length: 20 }, (_, i) => perplexity + 2 * Math.sin(i)) })),
      },
      { stream: 'runs/streams/5d2e8b1f', texts: ['books/emma.txt'], tokens: 0, ends: [], policies: [{ policy: 'full', perplexity: null, stretches: [] }], error: null },
    ],
  };
}

const figure = '<svg viewBox="0 0 640 120" role="img" aria-label="a line"><path d="M20 100 200 80 400 30 620 20" fill="none" stroke="#0072B2" stroke-width="2"/><text x="20" y="115" font-size="12">step</text></svg>';
const answer = (verb, headline, data, html) => ({ answers: [{ verb, title: 'cyclic:23', setup: '', headline, sentences: [], html: html ?? `<figure><h3>${verb}</h3>${figure}<figcaption>As the library draws it.</figcaption></figure>`, data }], text: headline, code: 0 });

function unitAnswer(words) {
  const name = words[1].split('/').at(-1);
  packedOf(name);
  const run = made.get(name) ?? recipes['small-1a2b3c4d']();
  const units = run.tables.find(([table]) => table === 'units');
  const get = (column) => units[2].find(([known]) => known === column)[2];
  const unit = Number(words[2].split(',')[0]);
  const n_units = run.header.n_units;
  const at = words.includes('--step') ? Number(words[words.indexOf('--step') + 1]) : Infinity;
  let frames = [...new Set(get('step'))];
  const frame = Math.max(0, frames.findLastIndex((step) => step <= at));
  const row = frame * n_units + unit;
  const label = LABELS[get('label')[row]];
  const wave = (phase, k) => Array.from({ length: 23 }, (_, t) => (label === 'generalizing' ? Math.cos((2 * Math.PI * k * t) / 23 + phase) : t === unit % 23 ? 1.4 : 0.1 * Math.sin(t * 7 + phase)));
  const k = get('unit_irrep')[row];
  const purity = get('unit_purity')[row];
  return answer('unit', label === 'generalizing' ? `Without unit ${unit} the network answers 0.4 % fewer of the held-out samples.` : `Without unit ${unit} the network answers the held-out samples as before.`, {
    run: words[1], step: frames[frame], no_peaks: null,
    units: [{
      unit, label, label_from_sample: label, evidence: ['unit_fit_train', 'unit_fit_held_out', 'unit_energy_train', 'unit_energy_population', 'unit_norm', 'unit_purity'].map((measure) => ({ measure, value: get(measure)[row] })),
      peak: label === 'dead' ? null : { kind: label === 'generalizing' ? 'feature' : 'memory', name: label === 'generalizing' ? `frequency ${k}` : `token ${unit % 23}`, height: 3.7, climbed: 0.93 },
      inputs: [{ operand: 'first', weights: wave(0.4, k) }, { operand: 'second', weights: wave(1.1, k) }], outputs: wave(1.5, k),
      irreps: Array.from({ length: 12 }, (_, i) => ({ name: i === 0 ? 'trivial' : `frequency ${i}`, share: i === k ? purity : (1 - purity) / 11 })),
      course: frames.map((step, f) => ({ step, label: LABELS[get('label')[f * n_units + unit]], energy_sample: get('unit_energy_train')[f * n_units + unit], energy_population: get('unit_energy_population')[f * n_units + unit], norm: get('unit_norm')[f * n_units + unit] })),
    }],
    with: { train_loss: 0.0004, train_accuracy: 1, test_loss: 0.004, test_accuracy: 0.9981 }, without: { train_loss: 0.0005, train_accuracy: 1, test_loss: 0.0072, test_accuracy: 0.9943 },
  });
}

function phaseAnswer() {
  const x_values = [0.3, 0.4, 0.5, 0.6, 0.7];
  const y_values = [0.0002, 0.0005, 0.001, 0.002, 0.005];
  const cells = x_values.flatMap((x, i) => y_values.map((y, j) => ({ x, y, runs: 10, seeds: 10, failed: 0, n_train: Math.round(529 * x), generalized: Math.max(0, Math.min(10, 3 * i + 2 * j - 6)), share: Math.max(0, Math.min(1, (3 * i + 2 * j - 6) / 10)), share_low: 0.1, share_high: 0.9, median_step_generalized: 900 - 80 * i - 70 * j, step_generalized_range: [400, 1200], test_accuracy: 0.5, generalizing_units: 0.5, phase: 'grokking', phase_share: 1, few_seeds: false })));
  const places = (shift) => y_values.map((line, j) => ({ line, n: 300 - 30 * j, n_low: 280 - 30 * j, n_high: 320 - 30 * j, value: 0.52 - 0.05 * j + shift, value_low: 0.48 - 0.05 * j, value_high: j === 0 ? null : 0.56 - 0.05 * j, within: 'swept', ratio_to_theory: 1.1 }));
  return answer('phase', 'From 42 % of the table on, most seeds generalize; more decay needs less data.', { x: 'data.fraction', y: 'optimizer.weight_decay', x_values, y_values, along: 'data.fraction', cells, boundary_theory: places(0.03), boundary_measured: places(0), notes: [] });
}

/** A head that looks at the first token and at the one before. */
function attendHead(model, text, layer, head) {
  const tokens = ['<|endoftext|>', ...'It is a truth universally acknowledged, that a single man in possession of a good fortune, must be in want of a wife.\n\nHowever little known the feelings or views of such a man may be on his first entering a neighbourhood'.split(/(?= )|(?=\n)|(?=,)/)];
  const weights = tokens.map((_, q) => {
    const raw = tokens.slice(0, q + 1).map((_, k) => (k === 0 ? 1.5 + head : 0) + Math.exp((k - q) / (1 + layer)));
    const sum = raw.reduce((a, b) => a + b);
    return raw.map((one) => one / sum);
  });
  const received = tokens.map((_, k) => weights.slice(1).reduce((sum, row) => sum + (row[k] ?? 0), 0) / (tokens.length - 1));
  return answer('attend-head', `Layer ${layer}, head ${head} puts ${(100 * received[0]).toFixed(1)} % of its attention on the first token, ‘<|endoftext|>’.`, { model, text, layer, head, tokens, weights, received });
}

function attend(words) {
  const at = words.indexOf('--head');
  if (at >= 0) return attendHead(words[1], words[2], ...words[at + 1].split('.').map(Number));
  const names = ['mass_first', 'mass_recent', 'entropy'];
  const values = (layer, head) => ({ mass_first: layer < 2 ? 0.05 : 0.5 + 0.04 * head, mass_recent: 0.6 - 0.05 * head, entropy: 2 + 0.1 * layer });
  const heads = Array.from({ length: 36 }, (_, i) => {
    const [layer, head] = [Math.floor(i / 6), i % 6];
    const means = values(layer, head);
    return { layer, head, key_head: head, ...means, lost: [0.4, 0.2, 0.1, 0.05], quantiles: Object.fromEntries(names.map((name) => [name, { p10: means[name] / 2, p50: means[name], p90: means[name] * 1.2 }])) };
  });
  return answer('attend', 'From layer 2 on, most heads rest on the first token.', {
    model: words[1], text: words[2], heads, layers: Array.from({ length: 6 }, (_, layer) => ({ layer, lost: [0.5, 0.3, 0.15, 0.07], sink_heads: 0.5 })), lost_sinks: 4, lost_sizes: [68, 132, 260, 516],
    sinks: [{ position: 17, token: '\n', mass: 0.21, layer: 3, head: 2, heads: 4 }], measures: names.map((name) => ({ name, tells: `what ${name} says`, unit: name === 'entropy' ? 'nats' : 'share' })),
  });
}

function answerOf(words) {
  switch (words[0]) {
    case 'unit': return unitAnswer(words);
    case 'phase': return phaseAnswer();
    case 'verdict': return answer('verdict', 'It had generalized at step 546, so that nothing is left to expect.', { subject: words[1], at: 1500, inside: true, course: [15, 30, 60, 120, 240, 480].map((step, i) => ({ step, probability: [0.62, 0.66, 0.71, 0.83, 0.94, 0.99][i], steps_to_generalize: { median: 520 + 10 * i, low: 300 + 35 * i, high: 1400 - 160 * i, coverage: 0.9 } })) });
    case 'doctor': return answer('doctor', 'Its rate was raised.', { alarms: [{ step: 120, onset: 118, reason: 'jump', quantity: 'rate', value: 2, limit: 1 }] });
    case 'presets': return answer('presets', 'Presets.', { presets: [{ name: 'small', paper: 'Tian 2025', promises: 'groks in under ten seconds' }, { name: 'loses', paper: 'none', promises: 'memorizes and loses it' }] });
    case 'attend': return attend(words);
    case 'compare': return answer('compare', 'They part at step 5 and find different features.', {});
    default: return answer(words[0], `${words.join(' ')} has its answer here.`, {});
  }
}

function tell(stream, event, data) {
  stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

function runJob(words) {
  const job = { id: jobs.length + 1, words, state: 'running', phase: 'training', done: 0, pieces: 20, said: null, code: null, error: null, answer: null };
  jobs = [...jobs, job];
  if (words[0] === 'tag') {
    const name = words[1].split('/').at(-1);
    const known = new Set(tags.get(name) ?? []);
    words.slice(2).forEach((word, i, all) => (word === '--remove' ? null : all[i - 1] === '--remove' ? known.delete(word) : known.add(word)));
    tags.set(name, [...known]);
  }
  const timer = setInterval(() => {
    if (job.state !== 'running') return clearInterval(timer);
    job.done += words[0] === 'tag' ? 20 : 2;
    if (job.done >= 20) Object.assign(job, { state: 'done', code: 0, phase: null, answer: answer(words[0], `Done: ${words.join(' ')}`, {}) });
    for (const stream of folder_streams) tell(stream, 'jobs', jobs);
    if (job.state === 'done') for (const stream of folder_streams) tell(stream, 'runs', {});
  }, 400);
  return job;
}

async function body(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return JSON.parse(Buffer.concat(pieces).toString() || 'null');
}

async function api(request, response, url) {
  const json = (value, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const refuse = (status, error) => json({ error }, status);
  const streamTo = (set) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    set.add(response);
    request.on('close', () => set.delete(response));
  };
  const [, , what, name, leaf] = url.pathname.split('/').map(decodeURIComponent);
  if (what === 'about') return json({ version: '0.0.0 mock', folder: 'mock/runs', may_change: true });
  if (what === 'events') return streamTo(folder_streams);
  if (what === 'runs' && leaf === 'events') return streamTo(name.startsWith('live') ? live.streams : new Set());
  if (what === 'runs' && leaf === 'packed') {
    const after = url.searchParams.get('after');
    const bytes = packedOf(name, after === null ? undefined : Number(after), url.searchParams.get('tables')?.split(','));
    return bytes ? response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(bytes) : refuse(404, `no run is called "${name}": look at the list`);
  }
  if (what === 'runs') return json(list());
  if (what === 'answer') return json(answerOf(url.searchParams.getAll('word')));
  if (what === 'jobs' && request.method !== 'GET') {
    if (request.headers['x-dunwu-token'] !== 'mock') return refuse(403, 'open the address that dunwu serve printed: this page has no token');
    if (request.method === 'DELETE') {
      for (const job of jobs) if (job.id === Number(name)) job.state = 'stopped';
      return json({});
    }
    return json(runJob((await body(request)).words));
  }
  if (what === 'jobs' && name) return json(jobs.find((job) => job.id === Number(name)));
  if (what === 'jobs') return json(jobs);
  return refuse(404, 'there is nothing here');
}

export async function file(response, path) {
  const found = normalize(join(DIST, path === '/' ? 'index.html' : path));
  try {
    const content = await readFile(found);
    response.writeHead(200, { 'content-type': KINDS[extname(found)] ?? 'application/octet-stream', 'content-security-policy': POLICY }).end(content);
  } catch {
    // The run that the story tells lies beside the page; a build without it tells a made-up one.
    if (path === '/data/run.packed') response.writeHead(200).end(packedOf('small-1a2b3c4d'));
    else if (await readFile(join(PUBLIC, path)).then((content) => response.writeHead(200, { 'content-type': KINDS[extname(path)] ?? 'application/octet-stream' }).end(content)).catch(() => null)) return;
    else response.writeHead(404).end();
  }
}

export function serve(port = 4180) {
  const growing = setInterval(() => {
    if (live.step >= 1500 || live.streams.size === 0) return;
    live.step += 15;
    for (const stream of live.streams) tell(stream, 'grown', { bytes: 1000 * live.step });
    if (live.step % 75 === 0) for (const stream of folder_streams) tell(stream, 'runs', {});
  }, 700);
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    const done = url.pathname.startsWith('/api/') ? api(request, response, url) : file(response, url.pathname);
    done.catch((error) => response.headersSent || response.writeHead(500).end(JSON.stringify({ error: String(error) })));
  });
  server.on('close', () => clearInterval(growing));
  return new Promise((ready) => server.listen(port, '127.0.0.1', () => ready(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 4180));
  console.log(`http://127.0.0.1:${server.address().port}/#token=mock`);
}
