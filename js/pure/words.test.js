import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "./words.js";

test("probabilities to two places", () => {
  const cases = [
    [0.413, ".41"],
    [1, "1.00"],
    [0, ".00"],
    [0.001, "<.01"],
    [0.999, "1.00"],
    [Number.NaN, ""],
  ];
  for (const [value, text] of cases) assert.equal(words.probability(value), text);
});

test("numbers to about three figures", () => {
  const cases = [
    [7.314, "7.31"],
    [-0.5, "-0.500"],
    [27.24, "27.2"],
    [314.15, "314"],
    [2.5e-7, "2.5e-7"],
    [0, "0"],
    [Number.NaN, "not finite"],
  ];
  for (const [value, text] of cases) assert.equal(words.number(value), text);
});

test("states", () => {
  assert.equal(words.status("idle", 1, 14.2), "idle · 14 ms");
  assert.equal(words.status("idle", 0, Number.NaN), "idle");
  assert.equal(words.status("idle", 0, 2345), "idle · 2.3 s");
  assert.equal(words.status("computing", 0, 14), "computing…");
  assert.equal(words.status("computing", 0.404, 14), "computing… 40 %");
  assert.equal(words.status("stopped", 0.4, 14), "stopped");
});

test("neurons count from 1 for people", () => {
  assert.equal(words.neuron([2, 4], true, 0.42), "row 3, column 5, chosen, 0.42 of the maximum");
  assert.equal(words.neuron([0, 0], false, null), "row 1, column 1, not chosen");
  assert.equal(words.neurons(12, 126), "Neurons: 12 of 126 chosen");
  assert.equal(words.neurons(126, 126), "Neurons: all 126 chosen");
});
