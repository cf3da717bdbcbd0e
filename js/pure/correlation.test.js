import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { centredRanks, correlationWords, inBoth, mapCorrelation, rankCorrelation } from "./correlation.js";

const near = (found, expected, slack = 1e-12) =>
  assert.ok(Math.abs(found - expected) < slack, `${found} is not ${expected}`);
const grid = (...lines) => ({ rows: lines.length, columns: lines[0].length, values: lines.flat() });

test("by hand: ranks 1 2 3 4 and 2 1 4 3 give 1 - 6 * 4 / (4 * 15)", () => {
  near(rankCorrelation([10, 20, 30, 40], [3, 1, 9, 7]), 0.6);
  near(rankCorrelation([1, 2, 3], [-1, -2, -3]), -1);
});

test("equal values share their average rank", () => {
  assert.deepEqual([...centredRanks([0, 0, 5])], [-0.5, -0.5, 1]);
  assert.deepEqual([...centredRanks([7, 2, 7, 7, -0, 0])], [1.5, -0.5, 1.5, 1.5, -2, -2]);
  near(rankCorrelation([0, 0, 5], [1, 2, 3]), 1.5 / Math.sqrt(3));
});

test("a map that is the same everywhere, or holds a NaN, ranks nothing", () => {
  assert.ok(Number.isNaN(rankCorrelation([1, 1, 1], [1, 2, 3])));
  assert.ok(Number.isNaN(rankCorrelation([1, Number.NaN, 3], [1, 2, 3])));
  assert.ok(Number.isNaN(rankCorrelation([], [])));
  assert.throws(() => rankCorrelation([1, 2], [1, 2, 3]), /2 and 3 values/);
});

test("it is of ranks alone: a growing function of a map changes nothing, the order of the two neither", () => {
  const one = Array.from({ length: 35 }, (_, i) => Math.max(0, Math.sin(7 * i)));
  const other = one.map((value, i) => Math.max(0, value + Math.sin(3 * i) / 2));
  near(
    rankCorrelation(
      one.map((value) => value ** 3),
      other,
    ),
    rankCorrelation(one, other),
  );
  near(rankCorrelation(other, one), rankCorrelation(one, other));
  near(rankCorrelation(one, one), 1);
});

test("on grids of any sizes it is the number that Python has", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../tests/fixtures/correlation.json", import.meta.url), "utf8"),
  );
  for (const { one, other, expected } of cases) {
    const found = mapCorrelation(grid(...one), grid(...other));
    if (expected === null) assert.ok(Number.isNaN(found));
    else near(found, expected, 1e-9);
  }
});

test("a map against its own enlargement: the one row of three is stretched, nothing is squeezed", () => {
  near(mapCorrelation(grid([1, 2, 3]), grid([1, 2, 3], [1, 2, 3])), 1);
});

test("where there is no correlation, words say which map ranks nothing", () => {
  const [map, flat] = [grid([0, 1, 2]), grid([0, 0, 0])];
  assert.equal(correlationWords(map, grid([0, 2, 1])), "rank correlation 0.50");
  assert.match(correlationWords(flat, map), /this map is the same everywhere/);
  assert.match(correlationWords(map, flat), /the map on show is the same everywhere/);
  assert.match(correlationWords(map, grid([0, Number.NaN, 1])), /no numbers/);
});

/** A map as a selection cuts it, on a grid that is not square. */
const cut = (rows, columns, values, kept) => ({
  rows,
  columns,
  values: values.map((value, i) => value * kept[i]),
  kept: Uint8Array.from(kept),
});

test("by hand: of two rows of four, three neurons are in both, and their ranks 1 2 3 and 2 1 3 give .5", () => {
  const one = cut(2, 4, [9, 1, 2, 3, 9, 9, 9, 9], [0, 1, 1, 1, 0, 0, 0, 0]);
  const other = cut(2, 4, [8, 5, 4, 6, 7, 7, 7, 7], [1, 1, 1, 1, 1, 0, 0, 0]);
  assert.deepEqual(
    inBoth(one, other).map(({ values }) => values),
    [
      [1, 2, 3],
      [5, 4, 6],
    ],
  );
  assert.equal(correlationWords(one, other), "rank correlation 0.50 over 3 neurons");
});

test("a map agrees with every part of itself, in either order", () => {
  const whole = { rows: 3, columns: 5, values: Array.from({ length: 15 }, (_, i) => (7 * i) % 15) };
  for (let seed = 1; seed < 200; seed++) {
    const kept = whole.values.map((_, i) => Number(Math.sin(seed * (i + 1)) > 0));
    const part = cut(3, 5, whole.values, kept);
    const size = kept.filter((one) => one === 1).length;
    const expected =
      size < 2
        ? "no rank correlation: the maps share fewer than two neurons"
        : `rank correlation 1.00 over ${size} neurons`;
    assert.equal(correlationWords(part, whole), expected);
    assert.equal(correlationWords(whole, part), expected);
  }
});

test("there is nothing to compare where grids differ or the choices do not meet", () => {
  const none = "no rank correlation: the maps share fewer than two neurons";
  const left = cut(2, 3, [1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 0, 0]);
  assert.equal(correlationWords(left, cut(2, 3, [6, 5, 4, 3, 2, 1], [0, 1, 1, 0, 1, 1])), none);
  assert.equal(correlationWords(left, grid([1, 2], [3, 4], [5, 6])), none);
  assert.equal(correlationWords(grid([1, 2, 3, 4], [5, 6, 7, 8]), left), none);
  // A product with pixels: cut by a grid that is not its own.
  const product = { ...grid([1, 2, 3, 4]), kept: Uint8Array.of(1, 1) };
  assert.equal(correlationWords(product, product), none);
});

test("flat is said of what is compared", () => {
  const one = cut(1, 4, [5, 5, 1, 2], [1, 1, 0, 0]);
  assert.match(correlationWords(one, grid([1, 2, 3, 4])), /this map is the same everywhere/);
  assert.match(correlationWords(grid([1, 2, 3, 4]), one), /the map on show is the same everywhere/);
});
