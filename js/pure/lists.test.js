import assert from "node:assert/strict";
import { test } from "node:test";
import { find, topClasses, verdicts } from "./classes.js";
import { byContribution, filterRange, share, toggleFilter } from "./filters.js";

test("the most probable classes come first, the chosen one is always there, once", () => {
  const probabilities = [0.1, 0.4, 0.05, 0.3, 0.15];
  assert.deepEqual(topClasses(probabilities, 5, 1, 3), [1, 3, 4]);
  assert.deepEqual(topClasses(probabilities, 5, 2, 3), [1, 3, 4, 2]);
  assert.deepEqual(topClasses(probabilities, 5, 9, 3), [1, 3, 4], "no such class");
  assert.deepEqual(topClasses([], 4, 2, 2), [0, 1, 2], "nothing known yet");
});

test("values stand in for probabilities, also those below -1", () => {
  const outputs = [-7, 3, -2];
  assert.deepEqual(topClasses(verdicts({ probabilities: null, outputs }), 3, 1, 3), [1, 2, 0]);
  assert.deepEqual(topClasses(verdicts({ probabilities: [0.1, 0.2, 0.7], outputs }), 3, 1, 1), [2, 1]);
  assert.deepEqual(topClasses(verdicts(null), 3, -1, 9), [0, 1, 2]);
});

test("a class is found by the beginning of its name, of a word, by a part, or by its index", () => {
  const names = ["bobcat", "tiger cat", "cat", "dog", "category 3", "<b>cat</b>"];
  assert.deepEqual(find(names, [], "cat"), [2, 4, 1, 5, 0]);
  assert.deepEqual(find(names, [], " CAT "), [2, 4, 1, 5, 0]);
  assert.deepEqual(find(names, [0, 0, 0.1, 0, 0.9], "cat").slice(0, 2), [4, 2], "the more probable first");
  assert.deepEqual(find(names, [], "3"), [3, 4]);
  assert.deepEqual(find(names, [], "zebra"), []);
  assert.deepEqual(find(names, [], "").length, 6);
});

test("filters stand in order of what they add or take", () => {
  assert.deepEqual(byContribution([1, -5, 3, -3, Number.NaN], 5), [1, 2, 3, 0, 4]);
  assert.deepEqual(byContribution([], 3), [0, 1, 2]);
});

test("from all, the first filter is chosen alone; the last one taken out gives all", () => {
  assert.deepEqual(toggleFilter(null, 12), [12]);
  assert.deepEqual(toggleFilter([12], 3), [3, 12]);
  assert.deepEqual(toggleFilter([3, 12], 3), [12]);
  assert.equal(toggleFilter([12], 12), null);
  assert.deepEqual(toggleFilter([], 5), [5], "from none too");
});

test("a range goes by the order of the list, in either direction", () => {
  const order = [7, 2, 9, 4, 0];
  assert.deepEqual(filterRange(order, 1, 3), [2, 4, 9]);
  assert.deepEqual(filterRange(order, 3, 1), [2, 4, 9]);
});

test("shares are of the sizes, whatever the sign", () => {
  assert.equal(share([3, -1, 4], [0, 1]), 0.5);
  assert.equal(share([3, -1, 4], [1, 1, 99]), 0.125);
  assert.equal(share([3, -1, 4], null), 1);
  assert.equal(share([], null), 0);
});
