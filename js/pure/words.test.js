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
  assert.equal(words.neurons(126, 126, true), "Neurons: the whole class is explained");
});

const RESULT = {
  target: 1,
  against: null,
  explainsSelection: false,
  outputs: [-3.5, 31.26],
  probabilities: [0.2, 0.8],
};
const NAMES = ["two", "three"];
const line = (change, label = "Logit", names = NAMES) =>
  Object.values(words.explained({ ...RESULT, ...change }, label, names)).join("|");

test("what is explained: a class, one against another, a value, or what was chosen", () => {
  assert.equal(line({}), "logit|of class |three||");
  assert.equal(line({ against: 0 }, "contrast"), "contrast|of class |three| against |two");
  assert.equal(line({}, "logit", ["class 0", "class 1"]), "logit|of |class 1||");
  assert.equal(line({ probabilities: null }, "output", ["height", "age"]), "output|of |age||");
  assert.equal(line({ explainsSelection: true }), "sum|of the chosen activations|||");
});

test("a class's verdict is its probability, else its value", () => {
  assert.equal(words.verdict(RESULT, 1), ".80");
  assert.equal(words.verdict({ ...RESULT, probabilities: null }, 1), "31.3");
  assert.equal(words.verdict({ ...RESULT, probabilities: null }, 2), "");
  assert.equal(words.verdict(null, 0), "");
});

test("the colours reach up to the maximum, a part of it, or less than it", () => {
  assert.equal(words.reach({ full: 27.2, maximum: 27.2 }, 0), "27.2");
  assert.equal(words.reach({ full: 3.1, maximum: 3.1 }, 27.2), "3.10 of 27.2");
  assert.equal(words.reach({ full: 0.3, maximum: 1.2 }, 0), "≥ 0.300");
});

test("a neuron's numbers are those that the method has", () => {
  const all = { filter: 12, activation: 1.2, gradient: -0.0031, alpha: 0.5, weight: 0.25 };
  assert.equal(words.neuronFacts(all), "filter 12: A 1.20 · g −0.0031 · α 0.500 · w 0.250");
  const pixels = { ...all, gradient: null, alpha: null, weight: null };
  assert.equal(words.neuronFacts(pixels), "filter 12: A 1.20");
});

test("the network's input is told by its size and range", () => {
  const answer = { id: 1, error: "", height: 20, width: 30, channels: 3, low: -1, high: 1 };
  assert.equal(words.inputs(answer), "20 × 30 × 3, from −1.00 to 1.00");
});

test("a check says what was kept, and how the map changed", () => {
  const found = { before: 0.83, after: 0.71, drop: 0.1446, correlation: -0.124 };
  assert.equal(
    words.checked(found),
    "Probability .83 → .71 with only what the map shows, drop 14 %. With random weights on top: rank correlation −0.12 with this map; 1 would say that it does not depend on them.",
  );
  const values = { before: null, after: null, drop: null, correlation: null };
  assert.equal(words.checked(values), "With random weights on top there is no map to compare.");
});
