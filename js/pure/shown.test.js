import assert from "node:assert/strict";
import { test } from "node:test";
import { EVERYTHING } from "./selection.js";
import { shown, wholeMaximum } from "./shown.js";

const EVIDENCE = {
  id: 4,
  rows: 2,
  columns: 3,
  channels: 1,
  terms: Int8Array.of(0, 10, 20, 30, 40, 127),
  scales: Float32Array.of(0.1),
  contributions: Float32Array.of(22.7),
  note: "",
};
const EXACT = [0, 1.01, 2, 3, 4, 12.7];
const result = (change = {}) => ({
  seq: 9,
  evidenceId: 4,
  rows: 2,
  columns: 3,
  map: Float32Array.from(EXACT),
  filters: null,
  selection: EVERYTHING,
  message: "",
  ...change,
});
const CORNER = { neurons: [[1, 2]], region: null };

test("the result of the present selection is shown as the kernel gave it", () => {
  const now = shown(EVIDENCE, result(), null, EVERYTHING);
  assert.equal(now.result.seq, 9);
  assert.deepEqual([...now.map], [...Float32Array.from(EXACT)]);
});

test("while the result is for another selection, the preview is shown", () => {
  const now = shown(EVIDENCE, result(), null, CORNER);
  assert.equal(now.result, null);
  assert.deepEqual([...now.map], [0, 0, 0, 0, 0, Math.fround(127 * Math.fround(0.1))]);
  const answered = result({ map: Float32Array.of(0, 0, 0, 0, 0, 12.7), selection: CORNER });
  assert.equal(shown(EVIDENCE, answered, null, CORNER).result, answered);
});

test("evidence newer than the result is previewed, a result newer than the evidence is shown", () => {
  assert.equal(shown(EVIDENCE, result({ evidenceId: 3 }), null, EVERYTHING).result, null);
  const ahead = result({ evidenceId: 5, rows: 1, columns: 2, map: Float32Array.of(1, 2) });
  const now = shown(EVIDENCE, ahead, null, EVERYTHING);
  assert.deepEqual([now.rows, now.columns, now.result], [1, 2, ahead]);
});

test("without terms there is the kernel's map, on its own grid, or an empty one", () => {
  const heavy = { ...EVIDENCE, terms: null };
  assert.equal(shown(heavy, result(), null, CORNER).result.seq, 9);
  const late = result({ evidenceId: 3, rows: 1, columns: 2, map: Float32Array.of(1, 2) });
  assert.deepEqual(
    [shown(heavy, late, null, CORNER).rows, shown(heavy, late, null, CORNER).chosen.length],
    [1, 2],
  );
  assert.equal(shown(heavy, null, null, EVERYTHING).map.length, 0);
});

test("filters count as much as neurons, and a box may be given by any two of its corners", () => {
  assert.equal(shown(EVIDENCE, result(), [0], EVERYTHING).result, null);
  assert.equal(shown(EVIDENCE, result({ filters: [0] }), [0], EVERYTHING).result.seq, 9);
  const box = (region) => ({ neurons: null, region });
  const asked = result({ selection: box([[[1, 2], [0, 1]]]) }); // biome-ignore format: a table
  assert.equal(shown(EVIDENCE, asked, null, box([[[0, 1], [1, 2]]])).result, asked); // biome-ignore format: a table
  assert.equal(shown(EVIDENCE, asked, null, box([[[0, 0], [1, 2]]])).result, null); // biome-ignore format: a table
  assert.equal(shown(EVIDENCE, asked, null, box([])).result, null);
  assert.equal(shown(EVIDENCE, result({ selection: box([]) }), null, EVERYTHING).result, null);
});

test("nothing known is null", () => {
  assert.equal(shown(null, null, null, EVERYTHING), null);
});

test("the whole layer's maximum is that of all filters and neurons", () => {
  assert.equal(wholeMaximum(EVIDENCE), Math.fround(127 * Math.fround(0.1)));
  assert.equal(wholeMaximum({ ...EVIDENCE, terms: null }), 0);
  assert.equal(wholeMaximum(null), 0);
});
