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

test("the chosen colour map's palette, else the first", () => {
  const colormaps = [
    { value: "a", palette: new Uint8Array(768).fill(1) },
    { value: "b", palette: new DataView(new Uint8Array(768).fill(2).buffer) },
  ];
  assert.equal(read.palette(modelOf({ choices: { colormaps }, colormap: "b" }))[5], 2);
  assert.equal(read.palette(modelOf({ choices: { colormaps }, colormap: "none such" }))[5], 1);
});
