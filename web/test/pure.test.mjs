// Tests of the parts that need no browser: node --test test/pure.test.mjs

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

const SOURCE = new URL('../src/', import.meta.url);
const MADE = mkdtempSync(join(tmpdir(), 'dunwu-page-'));

/** Modules without a browser in them, as JavaScript: types are taken away and nothing is checked. */
for (const name of ['chart/scale', 'landscape/axis', 'landscape/terrain', 'landscape/relief', 'chart/canvas', 'chart/shades', 'landscape/look', 'landscape/climb', 'landscape/race', 'words/format', 'whatif/settings', 'sweeps/phase']) {
  const text = readFileSync(new URL(`${name}.ts`, SOURCE), 'utf8');
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  const { outputText } = ts.transpileModule(text, { compilerOptions: options });
  mkdirSync(join(MADE, dirname(name)), { recursive: true });
  writeFileSync(join(MADE, `${name}.mjs`), outputText.replace(/from '(\.[^']*)'/g, "from '$1.mjs'"));
}
const load = (name) => import(join(MADE, `${name}.mjs`));

const { between, fieldOf, heightAt, pictureAt, section, scaleOf } = await load('landscape/terrain');
const { Camera, paint, tinted } = await load('landscape/relief');
const { lookOf } = await load('landscape/look');
const { placeUnits } = await load('landscape/climb');
const { coursesOf, rankAt } = await load('landscape/race');
const { SMALL, chosenFrom, valuesOf, wordsOf } = await load('whatif/settings');
const { pathOf, place, ticks } = await load('landscape/axis');
const { shareOf, ticksOf } = await load('chart/scale');
const { boundaryIntervals, boundaryPoints } = await load('sweeps/phase');

test('a boundary and its interval lie on the line that they were measured on', () => {
  const place = (line, value, value_low, value_high) => ({ line, value, value_low, value_high, within: 'swept' });
  const phase = { x: 'data.fraction', y: 'seed', x_values: [0.1, 0.2, 0.4], y_values: [7, 8, 9], along: 'data.fraction' };
  phase.boundary_measured = [place(7, 0.2, 0.15, 0.3), place(8, null, null, null), place(9, 0.3, 0.2, null)];
  assert.deepEqual(boundaryPoints(phase, phase.boundary_measured), [{ x: 1.5, y: 0 }, { x: 1.5, y: 1 }, { x: 2, y: 2 }, { x: 2, y: 3 }]);
  const [first, open, ...rest] = boundaryIntervals(phase).map(([low, high]) => [low.x, high.x, low.y, high.y].map((n) => Number(n.toFixed(9))));
  assert.deepEqual([first, open, rest], [[1, 2, 0.5, 0.5], [1.5, 2.5, 2.5, 2.5], []]);
});

/** Two hills 80 degrees apart; the second is `second` high. */
function hills(n_train, second, is_peak = true) {
  const axis = (from, to, n) => Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
  const [theta, phi] = [axis(-60, 140, 41), axis(-60, 60, 25)];
  const energy = (t, p) => 0.4 + 3.6 * Math.exp(-(t * t + p * p) / 900) + (second - 0.4) * Math.exp(-((t - 80) ** 2 + p * p) / 900);
  const mark = (t, kind, peak) => ({ theta: t, phi: 0, height: energy(t, 0), kind, is_peak: peak, name: kind });
  return { n_train, theta, phi, heights: phi.flatMap((p) => theta.map((t) => energy(t, p))), marks: [mark(0, 'memory', true), mark(80, 'feature', is_peak)] };
}

test('the picture between two landscapes is each of them at its end', () => {
  const [a, b] = [hills(100, 2), hills(200, 5)];
  assert.equal(between(a, b, 0), a);
  assert.equal(between(a, b, 1), b);
  assert.equal(pictureAt([a, b], 7), b);
  const middle = between(a, b, 0.5);
  assert.ok(middle.marks[1].height > a.marks[1].height && middle.marks[1].height < b.marks[1].height);
  assert.ok(middle.marks.every((mark) => mark.name === ''), 'no name and so no number between measured ones');
});

test('the section is the row at phi = 0', () => {
  const terrain = hills(100, 3);
  const row = terrain.phi.indexOf(0);
  const { height } = section(terrain);
  height.forEach((z, i) => assert.ok(Math.abs(z - terrain.heights[row * terrain.theta.length + i]) < 1e-9));
});

test('the refined field passes through every measured height', () => {
  const terrain = hills(100, 3);
  const field = fieldOf(terrain, 3);
  terrain.phi.forEach((phi, j) =>
    terrain.theta.forEach((theta, i) => {
      const height = heightAt(field, theta, phi);
      assert.ok(Math.abs(height - terrain.heights[j * terrain.theta.length + i]) < 1e-4, `${theta} ${phi}`);
    }),
  );
  assert.equal(heightAt(field, 1000, 0), undefined);
});

test('a summit is painted where the camera places it, from any side', () => {
  const terrain = hills(100, 5);
  const field = fieldOf(terrain);
  const { highest } = scaleOf([terrain]);
  const look = lookOf(false);
  const tints = tinted(field, highest, look, []);
  for (const turn of [0, 0.4, 1.6, 3, -2]) {
    const camera = new Camera(field, highest, turn, 0.55, 400, 260, 30);
    const pixels = new Uint8ClampedArray(400 * 260 * 4);
    paint(pixels, 400, 260, camera, { look, tints, contour: 0.5, line: 1, stride: 0.6 });
    const [x, y] = camera.place(80, 0, terrain.marks[1].height);
    const alpha = (row) => pixels[4 * (Math.round(row) * 400 + Math.floor(x)) + 3];
    assert.ok(x > 0 && x < 400 && y > 0 && y < 260, 'it lies within the picture');
    assert.equal(alpha(y + 3), 255, `just below the summit there is ground, turn ${turn}`);
    assert.ok(alpha(y - 6) === 0 || turn === 3, `just above the highest summit there is sky, turn ${turn}`);
  }
});

test('units are placed on their mountain and on their half of it', () => {
  const terrain = hills(100, 4);
  const at = [30, 20, 5, 12, 9, 7];
  const units = placeUnits(terrain, at);
  const field = fieldOf(terrain, 1);
  at.forEach((count, where) => assert.equal(units.filter((unit) => unit.place === where).length, count));
  for (const unit of units.filter(({ place: where }) => where <= 1)) {
    const share = heightAt(field, unit.theta, unit.phi) / terrain.marks[1].height;
    assert.ok(unit.place === 0 ? share >= 0.5 : share <= 0.6, `${unit.place} ${share}`);
    assert.ok(Math.abs(unit.theta - 80) < 60);
  }
});

test('a race answer becomes a course for each energy', () => {
  const series = (title) => ({ name: title, title, start: 0, labels: ['n = 100', 'n = 200'], captions: ['', ''], terrains: [hills(100, 2, false), hills(200, 5)] });
  const data = { energy: 'raw', crossing: { n: 150, low: null, high: 160 }, other: { energy: 'whitened', crossing: null } };
  const courses = coursesOf({ answers: [{ data, terrains: [series('raw energy'), series('whitened energy')] }] });
  assert.deepEqual(courses.raw.amounts, [100, 200]);
  assert.deepEqual(courses.raw.crossing, { n: 150, low: null, high: 160 });
  assert.equal(courses.whitened.crossing, null);
  assert.deepEqual([rankAt(courses.raw, 0), rankAt(courses.raw, 1)], ['only memory', 'feature']);
});

test('a link restores the settings, and words say what differs from the preset', () => {
  const chosen = { ...SMALL, data: '0.25', optimizer: 'muon', modulus: '13' };
  const values = Object.fromEntries(Object.entries(valuesOf(chosen)).filter(([, value]) => value !== null));
  assert.deepEqual(chosenFrom(values), chosen);
  assert.deepEqual(chosenFrom({ data: '7', optimizer: 'rm -rf', width: '' }), SMALL);
  assert.deepEqual(wordsOf(SMALL), ['small', 'numerics=exact']);
  assert.deepEqual(wordsOf(chosen), ['small', 'data.fraction=0.25', 'task=cyclic:13', 'optimizer=muon', 'numerics=exact']);
});

test('a chart places values and leaves gaps where they are missing', () => {
  const scale = { from: 0.5, to: 1000, log: true };
  assert.equal(shareOf(0.5, scale), 0);
  assert.equal(shareOf(1000, scale), 1);
  assert.ok(Number.isNaN(shareOf(0, scale)), 'a logarithm has no place for nought');
  assert.equal(shareOf(25, { from: 0, to: 100, log: false, root: true }), 0.5);
  assert.deepEqual(ticksOf(scale, 5), [1, 10, 100, 1000]);
  assert.equal(place({ low: 0, high: 1000, from: 0, to: 100 }, 500), 50);
  assert.deepEqual(ticks({ low: 0, high: 4.4, from: 0, to: 1 }, 4), [0, 2, 4]);
  const flat = { low: 0, high: 3, from: 0, to: 3 };
  assert.equal(pathOf(flat, flat, [0, 1, 2, 3], [0, NaN, 2, 3]), 'M0.0 0.0M2.0 2.0L3.0 3.0');
});
