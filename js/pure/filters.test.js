import assert from "node:assert/strict";
import { test } from "node:test";
import { byActivation, enough, readFilters, share } from "./filters.js";

test("the most active first, equals by their numbers, what is no number last", () => {
  assert.deepEqual(byActivation([1, 3, Number.NaN, 3, -2, Number.POSITIVE_INFINITY], 6), [1, 3, 0, 4, 2, 5]);
  assert.deepEqual(byActivation([], 3), [0, 1, 2]);
});

test("the fewest filters that hold a part, by hand: 5 + 3 of 10 are 80 %", () => {
  assert.deepEqual(enough([1, -5, 3, 0, 1], 0.8), [1, 2]);
  assert.deepEqual(enough([1, -5, 3, 0, 1], 0.81), [0, 1, 2]);
  assert.deepEqual(enough([1, -5, 3, 0, 1], 0.5), [1]);
  assert.deepEqual(enough([1, -5, 3, 0, 1], 1), [0, 1, 2, 4], "without the one that adds nothing");
  assert.deepEqual(enough([0, 0], 0.8), []);
  assert.deepEqual(enough([], 0.8), []);
  assert.deepEqual(enough([1, Number.NaN], 0.8), [], "nothing can be said of what is no number");
});

test("what is enough is enough, and one filter fewer is not", () => {
  for (let seed = 1; seed < 40; seed++) {
    const contributions = Float32Array.from(
      { length: 3 * seed },
      (_, c) => Math.sin(seed * 7.3 + c * c) ** 5,
    );
    const found = enough(contributions, 0.8);
    const weakest = found.reduce((a, b) => (Math.abs(contributions[b]) < Math.abs(contributions[a]) ? b : a));
    assert.ok(share(contributions, found) > 0.8 - 1e-6);
    assert.ok(
      share(
        contributions,
        found.filter((filter) => filter !== weakest),
      ) < 0.8,
    );
  }
});

test("filters are read as people write them", () => {
  const cases = [
    ["10-12, 32", [10, 11, 12, 32]],
    ["32,10 - 12", [10, 11, 12, 32]],
    ["12–10; 11", [10, 11, 12]],
    ["3 5  8-9", [3, 5, 8, 9]],
    ["4:6, 7..8", [4, 5, 6, 7, 8]],
    ["47", [47]],
    [" , ", []],
    ["", []],
  ];
  for (const [text, filters] of cases)
    assert.deepEqual(readFilters(text, 48), { filters, problem: "" }, text);
});

test("what cannot be meant is said, with what can", () => {
  assert.deepEqual(readFilters("3, 48", 48), { filters: [], problem: "No filter 48: there are 0 to 47." });
  assert.match(readFilters("3, 9-99999999999", 48).problem, /No filter 99999999999/);
  assert.match(readFilters("3, edges", 48).problem, /“edges” is no filter. Write 10-20, 32./);
  assert.match(readFilters("3-", 48).problem, /“3-”/);
});
