import assert from "node:assert/strict";
import { test } from "node:test";
import * as read from "./read.js";

const modelOf = (state) => ({ get: (name) => state[name] });

test("traits that are missing, empty or of an early moment are read as nothing", () => {
  for (const state of [
    {},
    { evidence: {}, result: {}, choices: {}, image: {} },
    { result: { seq: 0 }, evidence: null },
  ]) {
    const model = modelOf(state);
    assert.equal(read.evidence(model), null);
    assert.equal(read.result(model), null);
    assert.deepEqual(read.choices(model, "classes"), []);
    assert.deepEqual(read.selection(model), { neurons: null, region: null });
    assert.equal(read.filters(model), null);
    assert.equal(read.palette(model).length, 768);
    assert.equal(read.channels(model), 0);
    assert.equal(read.isUnchosen(model), false);
  }
});

test("evidence is unpacked from bytes at any offset, and only once", () => {
  const bytes = new Uint8Array(3 + 12);
  bytes.set([1, 2, 255, 4, 5, 6, 7, 8, 9, 10, 11, 12], 3);
  const scales = new Float32Array([0.5, 2]);
  const raw = {
    id: 7,
    rows: 2,
    columns: 3,
    channels: 2,
    terms: new DataView(bytes.buffer, 3),
    scales: new DataView(scales.buffer),
  };
  const model = modelOf({ evidence: raw });
  const evidence = read.evidence(model);
  assert.deepEqual([...evidence.terms], [1, 2, -1, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  assert.deepEqual([...evidence.scales], [0.5, 2]);
  assert.equal(read.evidence(model), evidence);
});

test("terms that do not fill the grid are no terms", () => {
  const raw = {
    id: 1,
    rows: 2,
    columns: 3,
    channels: 2,
    terms: new Uint8Array(11),
    scales: new Uint8Array(8),
  };
  assert.equal(read.evidence(modelOf({ evidence: raw })).terms, null);
});

const PIXELS = { id: 3, rows: 2, columns: 3, channels: 4, contributions: null, terms: null, previews: false };

test("where no filter is weighed, what is chosen is explained, and nothing chosen is the class", () => {
  const { contributions, terms, previews } = read.evidence(modelOf({ evidence: PIXELS }));
  assert.deepEqual([contributions, terms, previews], [null, null, false]);
  assert.equal(read.isUnchosen(modelOf({ evidence: { ...PIXELS } })), true);
  assert.equal(read.isUnchosen(modelOf({ evidence: { ...PIXELS }, filters: [2] })), false);
  assert.equal(read.isUnchosen(modelOf({ evidence: { ...PIXELS }, neurons: [[0, 1]] })), false);
  const weighed = { ...PIXELS, contributions: new Uint8Array(16) };
  assert.equal(read.isUnchosen(modelOf({ evidence: weighed })), false);
});

test("a network without a map has evidence, and no neurons", () => {
  const evidence = { ...PIXELS, rows: 0, columns: 0, channels: 0, note: "none" };
  const model = modelOf({ evidence, layer: "input" });
  assert.equal(read.evidence(model).note, "none");
  assert.equal(read.channels(model), 0);
  assert.equal(read.choosesTarget(read.evidence(model)), false);
});

test("terms that are no sum of the map are kept, but make no preview", () => {
  const bytes = { terms: new Uint8Array(24), scales: new Uint8Array(16), contributions: new Uint8Array(16) };
  const product = read.evidence(modelOf({ evidence: { ...PIXELS, ...bytes } }));
  assert.deepEqual([product.terms.length, product.previews], [24, false]);
  const cam = read.evidence(modelOf({ evidence: { ...PIXELS, ...bytes, previews: true } }));
  assert.equal(cam.previews, true);
});

test("what the wire leaves out of a result is nothing, not zero", () => {
  const found = read.result(modelOf({ result: { seq: 1, full: null, score: null, probabilities: null } }));
  assert.deepEqual([found.full, found.score, found.probabilities], [Number.NaN, Number.NaN, null]);
  assert.equal(found.outputs.length, 0);
});

test("the chosen colour map's palette, else the first", () => {
  const colormaps = [
    { value: "a", palette: new Uint8Array(768).fill(1) },
    { value: "b", palette: new DataView(new Uint8Array(768).fill(2).buffer) },
  ];
  assert.equal(read.palette(modelOf({ choices: { colormaps }, colormap: "b" }))[5], 2);
  assert.equal(read.palette(modelOf({ choices: { colormaps }, colormap: "none such" }))[5], 1);
});
