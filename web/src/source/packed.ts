/**
 * Reads a run's bytes (header and columns) without copying a column, and joins later rows to earlier ones.
 */
import type { Column, MeasureShape, PackedRun, RunHeader, Table } from './types';
import { Refusal } from './types';

interface RawColumn {
  name: string;
  type: 'f64' | 'f32' | 'u8';
  /** The column's first byte, counted from the end of the header. */
  at: number;
  names?: string[] | null;
}

interface RawHeader extends RunHeader {
  tables: { name: string; n_rows: number; columns: RawColumn[] }[];
}

function readColumn(bytes: ArrayBuffer, type: RawColumn['type'], at: number, n_rows: number): Column {
  switch (type) {
    case 'f64':
      return new Float64Array(bytes, at, n_rows);
    case 'f32':
      return new Float32Array(bytes, at, n_rows);
    case 'u8':
      return new Uint8Array(bytes, at, n_rows);
  }
}

/** The run that these bytes hold. Columns are views of `bytes`. */
export function readPacked(bytes: ArrayBuffer): PackedRun {
  if (bytes.byteLength < 4) throw new Refusal('the run arrived without a header');
  const n_header = new DataView(bytes).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(bytes, 4, n_header));
  const { tables: raw_tables, ...header } = JSON.parse(text) as RawHeader;
  for (const measure of header.measures) measure.shape = measure.shape.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase() as MeasureShape;
  const tables: { [name: string]: Table } = {};
  for (const raw of raw_tables) {
    const table: Table = { n_rows: raw.n_rows, columns: {}, names: {} };
    for (const column of raw.columns) {
      table.columns[column.name] = readColumn(bytes, column.type, 4 + n_header + column.at, raw.n_rows);
      if (column.names) table.names[column.name] = column.names;
    }
    tables[raw.name] = table;
  }
  return { header, tables };
}

function joinColumns(before: Column, later: Column): Column {
  const joined =
    before instanceof Float64Array
      ? new Float64Array(before.length + later.length)
      : before instanceof Float32Array
        ? new Float32Array(before.length + later.length)
        : new Uint8Array(before.length + later.length);
  joined.set(before);
  joined.set(later, before.length);
  return joined;
}

/** The same texts by their places in `known`, which gets those that it lacks: each piece of a run numbers its texts anew. */
function renumbered(column: Column, names: string[] | undefined, known: string[] | undefined): Column {
  if (!(column instanceof Uint8Array) || !names || !known) return column;
  const place = names.map((name) => {
    if (!known.includes(name)) known.push(name);
    return known.indexOf(name);
  });
  return column.map((number) => place[number] ?? 255);
}

/** A table whose rows follow another's. A column that only one of them has is missing where the other's rows are. */
function joinTables(before: Table, later: Table): Table {
  const columns: { [name: string]: Column } = {};
  const all_names: { [column: string]: string[] } = {};
  for (const name of new Set([...Object.keys(before.columns), ...Object.keys(later.columns)])) {
    const first = before.columns[name];
    const second = later.columns[name];
    const names = before.names[name] ?? later.names[name];
    if (names) all_names[name] = [...names];
    if (first && second) columns[name] = joinColumns(first, renumbered(second, later.names[name], all_names[name]));
    else if (first) columns[name] = joinColumns(first, missing(first, later.n_rows));
    else if (second) columns[name] = joinColumns(missing(second, before.n_rows), second);
  }
  return { n_rows: before.n_rows + later.n_rows, columns, names: all_names };
}

function missing(like: Column, n_rows: number): Column {
  if (like instanceof Uint8Array) return new Uint8Array(n_rows).fill(255);
  return like instanceof Float32Array ? new Float32Array(n_rows).fill(NaN) : new Float64Array(n_rows).fill(NaN);
}

/** The rows of a table up to a step. Rows are in the order of their steps. */
function rowsUntil(table: Table, step: number): Table {
  const steps = table.columns['step'];
  if (!steps) return table;
  let n_rows = table.n_rows;
  while (n_rows > 0 && (steps[n_rows - 1] as number) > step) n_rows -= 1;
  const columns: { [name: string]: Column } = {};
  for (const [name, column] of Object.entries(table.columns)) columns[name] = column.subarray(0, n_rows);
  return { ...table, n_rows, columns };
}

/** This table is about the last snapshot only, so that the later one replaces the earlier one. */
const LAST_SNAPSHOT_ONLY = new Set(['unit_irreps']);

/** The run with the rows that have come since step `after`. The later header is the one that holds. */
export function joinPacked(before: PackedRun, later: PackedRun, after: number): PackedRun {
  const tables = { ...before.tables };
  for (const [name, table] of Object.entries(later.tables)) {
    const known = tables[name];
    if (LAST_SNAPSHOT_ONLY.has(name)) {
      if (table.n_rows > 0) tables[name] = table;
    } else tables[name] = known ? joinTables(rowsUntil(known, after), table) : table;
  }
  return { header: later.header, tables };
}
