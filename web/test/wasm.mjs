// The engine as a page loads it: a small problem is trained until it groks, a landscape is asked for, mistakes and panics are refused.
//
//     node web/test/wasm.mjs [FILE]          checks dunwu.wasm
//     node web/test/wasm.mjs --speed [FILE]  measures steps per second of the preset `small`
//     node web/test/wasm.mjs --fingerprints CASES [FILE]   prints the fingerprint of every line of CASES
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const words = process.argv.slice(2);
const option = words[0]?.startsWith('--') ? words.shift() : '';
const cases = option === '--fingerprints' ? words.shift() : undefined;
const file = words[0] ?? fileURLToPath(new URL('../public/dunwu.wasm', import.meta.url));
const module = new WebAssembly.Module(readFileSync(file));

/** A fresh engine: `ask(request)` gives the bytes of the answer, or throws what it was refused with. */
function engine() {
  const { memory, input, ask, output, output_len } = new WebAssembly.Instance(module, {}).exports;
  const answer = () => new Uint8Array(memory.buffer, output() >>> 0, output_len() >>> 0).slice();
  const text = () => new TextDecoder().decode(answer());
  return (request) => {
    const bytes = new TextEncoder().encode(typeof request === 'string' ? request : JSON.stringify(request));
    const at = input(bytes.length) >>> 0;
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    let code;
    try {
      code = ask();
    } catch (trap) {
      const said = text(); // the panic hook has written it
      throw new Error(said.startsWith('{"error"') ? JSON.parse(said).error : String(trap));
    }
    if (code !== 0) throw new Error(JSON.parse(text()).error);
    return answer();
  };
}

const json = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

/** The header of a run, and its columns by table and name. */
function unpack(bytes) {
  const n = new DataView(bytes.buffer).getUint32(0, true);
  const header = json(bytes.subarray(4, 4 + n));
  const kinds = { f64: Float64Array, f32: Float32Array, u8: Uint8Array };
  const tables = {};
  for (const table of header.tables) {
    tables[table.name] = { n_rows: table.n_rows };
    for (const column of table.columns) {
      const at = 4 + n + column.at;
      check(at % 8 === 0, `${table.name}.${column.name} is aligned`);
      tables[table.name][column.name] = new kinds[column.type](bytes.buffer, at, table.n_rows);
    }
  }
  return { header, tables };
}

let failed = 0;
function check(holds, what) {
  if (holds) return;
  failed += 1;
  console.error(`does not hold: ${what}`);
}

/** Whether it is refused with a sentence that has this in it. */
function refused(ask, request, why) {
  try {
    ask(request);
    check(false, `${JSON.stringify(request)} is refused`);
  } catch (error) {
    check(error.message.includes(why), `${JSON.stringify(request)} is refused for ${why}: ${error.message}`);
  }
}

function smoke() {
  const ask = engine();
  const begun = json(ask({ do: 'begin', words: ['small'] }));
  check(begun.steps === 1000 && begun.n_units === 256 && begun.task === 'cyclic:23', 'small begins');
  let rows = 0;
  let last;
  const steps = [];
  for (let call = 0; call < 100; call += 1) {
    last = unpack(ask({ do: 'advance', steps: 50 }));
    rows += last.tables.scalars.n_rows;
    steps.push(...last.tables.scalars.step);
    if (last.header.state !== 'running') break;
  }
  check(last.header.state === 'grokked', `small groks: ${last.header.state}`);
  check(steps.every((step, i) => i === 0 || step > steps[i - 1]), 'every evaluation comes once, in order');
  check(last.header.headline?.length > 10, 'a run has a headline');
  console.log(`small: ${last.header.state} after ${steps.at(-1)} steps, ${rows} evaluations: ${last.header.headline}`);
  const [unit] = json(ask({ do: 'unit', unit: [17] })).answers;
  check(unit.verb === 'unit' && unit.data.units[0].unit === 17 && unit.data.without.test_accuracy <= 1, 'a unit is answered');
  console.log(`unit 17: ${unit.headline}`);
  refused(ask, { do: 'unit', unit: [256] }, '255');
  const [peaks] = json(ask({ do: 'answer', words: ['peaks', 'cyclic:7'] })).answers;
  check(peaks.verb === 'peaks' && peaks.data.peaks.length > 0 && peaks.html.includes('<'), 'peaks are answered');
  console.log(`peaks cyclic:7: ${peaks.headline}`);
  for (const verb of ['presets', 'settings', 'measures', 'task']) {
    check(json(ask({ do: 'answer', words: [verb] })).answers[0].headline.length > 0, `${verb} is answered`);
  }
  const [race] = json(
    ask({ do: 'answer', words: ['race', 'cyclic:7', 'n=15,25,35', 'samples=1', 'restarts=20', 'steps=50'] }),
  ).answers;
  check(race.headline.length > 0, 'race is answered');
  const [forecast] = json(ask({ do: 'answer', words: ['forecast', 'small'] })).answers;
  console.log(`forecast small: ${forecast.headline}`);
  refused(ask, 'nonsense', 'request');
  refused(ask, { do: 'answer', words: ['peaks', 'cyclic:x'] }, 'cyclic:x');
  refused(ask, { do: 'answer', words: ['show', 'small'] }, 'server');
  refused(ask, { do: 'begin', words: ['small', 'model.wdith=3'] }, 'model.width');
  refused(engine(), { do: 'advance', steps: 1 }, 'begin');
}

function speed() {
  for (const numerics of ['exact', 'fast']) {
    for (let turn = 0; turn < 3; turn += 1) {
      const ask = engine();
      const steps = 1000;
      ask({ do: 'begin', words: ['small', `numerics=${numerics}`, `steps=${steps}`, 'record.evaluate_every=1000', 'record.snapshots_per_decade=0', 'record.snapshot_at_events=false', 'events.sustained=2000'] });
      const began = performance.now();
      ask({ do: 'advance', steps });
      console.log(`${numerics}: ${Math.round((steps * 1000) / (performance.now() - began))} steps a second`);
    }
  }
}

function fingerprints() {
  const ask = engine();
  for (const line of readFileSync(cases, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const { fingerprint } = json(ask({ do: 'fingerprint', words: line.split(' ') }));
    console.log(`${fingerprint} ${line}`);
  }
}

if (option === '--speed') speed();
else if (option === '--fingerprints') fingerprints();
else smoke();
process.exit(failed === 0 ? 0 : 1);
