// Holds the columns of curves to the plain loop over all rows: least, greatest and last value of every pixel column, and no sampling.

import { createServer } from 'vite';

const vite = await createServer({ root: new URL('..', import.meta.url).pathname, server: { middlewareMode: true }, appType: 'custom', logLevel: 'error' });
const { curveOf, extent, columnRows } = await vite.ssrLoadModule('/src/chart/columns.ts');
const { readPacked, joinPacked } = await vite.ssrLoadModule('/src/source/packed.ts');
const { own, pack, later } = await import('./mock-data.mjs');

let state = 7;
const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const whole = (most) => Math.floor(random() * most);
function demand(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

const pair = new Float64Array(2);
for (let round = 0; round < 400; round += 1) {
  const n = 1 + whole(round % 4 === 0 ? 150_000 : 3000);
  const values = Float32Array.from({ length: n }, () => (random() < 0.02 ? NaN : random() * 200 - 100));
  const curve = curveOf('it', values);
  const first = whole(n);
  const end = first + whole(n - first + 1);
  const finite = Array.from(values.subarray(first, end)).filter((value) => !Number.isNaN(value));
  const [least, greatest] = finite.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  extent(curve, first, end, pair);
  const is_same = finite.length === 0 ? Number.isNaN(pair[0]) : pair[0] === least && pair[1] === greatest;
  demand(is_same, `rows ${first}..${end} of ${n}: ${pair} is not ${[least, greatest]}`);
}
console.log('well   the pyramid gives the least and greatest of the plain loop, 400 times');

for (let round = 0; round < 50; round += 1) {
  const steps = Float64Array.from({ length: 1 + whole(4000) }, () => whole(5000)).sort();
  const stepAt = (column) => (column * 5000) / 900;
  const rows = columnRows(steps, 900, stepAt);
  for (let column = 0; column < 900; column += 1) {
    const inside = steps.reduce((count, step) => count + Number(step >= stepAt(column) && step < stepAt(column + 1)), 0);
    demand(rows[column + 1] - rows[column] === inside, `column ${column} has ${rows[column + 1] - rows[column]} rows, not ${inside}`);
  }
}
console.log('well   every row is in the pixel column of its step, and in one only');

const arrayBuffer = (buffer) => buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.byteLength);
const run = own({ name: 'it', seed: 3, n_units: 40, n_snapshots: 30 });
const read = (tables) => readPacked(arrayBuffer(pack(run.header, tables)));
/** The rows of a table up to a step, with its texts numbered another way round, as another piece of the run may have them. */
function earlier([name, , columns], until) {
  const steps = columns.find(([column]) => column === 'step')[2];
  const n_rows = steps.filter((step) => step <= until).length;
  const renumber = (values, names) => values.map((number) => names.length - 1 - number);
  return [name, n_rows, columns.map(([column, type, values, names]) => [column, type, names ? renumber(values.slice(0, n_rows), names) : values.slice(0, n_rows), names && [...names].reverse()])];
}

const complete = read(run.tables);
for (const after of [0, 15, 300, 1499]) {
  const joined = joinPacked(read(run.tables.map((table) => earlier(table, after + 40))), read(run.tables.map((table) => later(table, after))), after);
  for (const [name, table] of Object.entries(complete.tables)) {
    demand(joined.tables[name].n_rows === table.n_rows, `${name}: ${joined.tables[name].n_rows} rows, not ${table.n_rows}`);
    for (const column of ['step', 'unit', 'label']) {
      const [a, b] = [table, joined.tables[name]].map((one) => {
        const names = one.names[column];
        return one.columns[column] && Array.from(one.columns[column], (value) => names?.[value] ?? value);
      });
      demand(!a || a.every((value, row) => value === b[row]), `${name}.${column} differs`);
    }
  }
}
console.log('well   a run that is fetched in pieces is the run that is fetched at once');
await vite.close();
