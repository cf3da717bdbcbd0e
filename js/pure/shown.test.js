import assert from "node:assert/strict";
import { test } from "node:test";
import { EVERYTHING } from "./selection.js";
import { shareAt, shown, wholeMaximum } from "./shown.js";

const EVIDENCE = {
  id: 4,
  rows: 2,
  columns: 3,
  channels: 1,
  terms: Int8Array.of(0, 10, 20, 30, 40, 127),
  scales: Float32Array.of(0.1),
  contributions: Float32Array.of(22.7),
  previews: true,
  note: "",
};
const EXACT = [0, 1.01, 2, 3, 4, 12.7];
const result = (change = {}) => ({
  seq: 9,
  evidenceId: 4,
  rows: 2,
  columns: 3,
  map: Float32Array.from(EXACT),
  full: 12.7,
  maximum: 12.7,
  ofPixels: false,
  filters: null,
  selection: EVERYTHING,
  message: "",
  ...change,
});
const CORNER = { neurons: [[1, 2]], region: null };

test("the result of the present selection is shown as the kernel gave it", () => {
  const now = shown(EVIDENCE, result(), null, EVERYTHING);
  assert.equal(now.result.seq, 9);
  assert.deepEqual([...now.map.values], [...Float32Array.from(EXACT)]);
});

test("while the result is for another selection, the preview is shown", () => {
  const now = shown(EVIDENCE, result(), null, CORNER);
  assert.equal(now.result, null);
  assert.deepEqual([...now.map.values], [0, 0, 0, 0, 0, Math.fround(127 * Math.fround(0.1))]);
  const answered = result({ map: Float32Array.of(0, 0, 0, 0, 0, 12.7), selection: CORNER });
  assert.equal(shown(EVIDENCE, answered, null, CORNER).result, answered);
});

test("evidence newer than the result is previewed, a result newer than the evidence is shown", () => {
  assert.equal(shown(EVIDENCE, result({ evidenceId: 3 }), null, EVERYTHING).result, null);
  const ahead = result({ evidenceId: 5, rows: 1, columns: 2, map: Float32Array.of(1, 2) });
  const now = shown(EVIDENCE, ahead, null, EVERYTHING);
  assert.deepEqual([now.rows, now.columns, now.result], [1, 2, ahead]);
  const pixels = shown(EVIDENCE, { ...ahead, ofPixels: true }, null, EVERYTHING);
  assert.deepEqual(
    [pixels.rows, pixels.columns, pixels.chosen.length],
    [0, 0, 0],
    "pixels say nothing of neurons",
  );
});

test("without a preview there is the kernel's map, or an empty one, and the neurons of the evidence", () => {
  const heavy = { ...EVIDENCE, terms: null, previews: false };
  assert.equal(shown(heavy, result(), null, CORNER).result.seq, 9);
  const late = result({ evidenceId: 3, rows: 1, columns: 2, map: Float32Array.of(1, 2) });
  const now = shown(heavy, late, null, CORNER);
  assert.deepEqual([now.rows, now.columns, [...now.chosen]], [2, 3, [0, 0, 0, 0, 0, 1]]);
  assert.deepEqual([now.map.rows, now.map.columns, now.map.values.length], [1, 2, 2]);
  assert.equal(shown(heavy, null, null, EVERYTHING).map.values.length, 0);
});

test("a map of pixels lies on its own raster, over the layer's neurons", () => {
  const pixels = { contributions: null, terms: null, previews: false };
  const map = Float32Array.from({ length: 20 }, (_, i) => i);
  const answer = result({ rows: 4, columns: 5, map, full: 18, maximum: 40, ofPixels: true });
  const now = shown({ ...EVIDENCE, ...pixels }, answer, null, CORNER);
  assert.deepEqual([now.rows, now.columns, [...now.chosen]], [2, 3, [0, 0, 0, 0, 0, 1]]);
  assert.deepEqual(
    [now.map.rows, now.map.columns, now.map.full, now.map.maximum, now.map.ofPixels],
    [4, 5, 18, 40, true],
  );
  assert.equal(shareAt(now, [1, 2]), null, "no pixel is a neuron's");
});

test("a product's terms are no preview of it", () => {
  const product = { ...EVIDENCE, previews: false };
  const answer = result({ rows: 4, columns: 5, map: new Float32Array(20), ofPixels: true });
  assert.equal(shown(product, answer, null, CORNER).map.values.length, 20);
  assert.equal(wholeMaximum(product), 0);
});

test("a neuron's share is of what has full heat", () => {
  assert.ok(Math.abs(shareAt(shown(EVIDENCE, result(), null, EVERYTHING), [1, 1]) - 4 / 12.7) < 1e-6);
  const nothing = result({ map: new Float32Array(6), full: 0, maximum: 0 });
  assert.equal(shareAt(shown(EVIDENCE, nothing, null, EVERYTHING), [1, 1]), null);
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
  assert.equal(wholeMaximum({ ...EVIDENCE, terms: null, previews: false }), 0);
  assert.equal(wholeMaximum(null), 0);
});
