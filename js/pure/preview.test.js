import assert from "node:assert/strict";
import { test } from "node:test";
import { filterSum, keep } from "./preview.js";
import { mask } from "./selection.js";

/** Two filters on a 2 x 3 grid. */
const SMALL = {
  rows: 2,
  columns: 3,
  channels: 2,
  terms: Int8Array.of(127, 0, -127, 10, 20, 30, /**/ -100, 50, 127, -10, 0, 1),
  scales: Float32Array.of(0.5, 2),
};

test("terms times scales, summed over filters, by hand", () => {
  // 127 * .5 - 100 * 2 = -136.5, 0 + 100, -63.5 + 254, 5 - 20, 10 + 0, 15 + 2
  assert.deepEqual([...filterSum(SMALL, null)], [-136.5, 100, 190.5, -15, 10, 17]);
  assert.deepEqual([...filterSum(SMALL, [1])], [-200, 100, 254, -20, 0, 2]);
  assert.deepEqual([...filterSum(SMALL, [])], [0, 0, 0, 0, 0, 0]);
});

test("the ReLU comes after the sum, and neurons that are not chosen are 0", () => {
  const chosen = mask(
    {
      neurons: [
        [0, 0],
        [0, 2],
      ],
      region: [
        [
          [1, 1],
          [1, 1],
        ],
      ],
    },
    2,
    3,
  );
  assert.deepEqual([...keep(filterSum(SMALL, null), chosen)], [0, 0, 190.5, 0, 10, 0]);
});

test("all filters are no filter; disjoint sets add before the ReLU; order and doubles do not matter", () => {
  const all = filterSum(SMALL, null);
  assert.deepEqual(filterSum(SMALL, [0, 1]), all);
  assert.deepEqual(filterSum(SMALL, [1, 0, 1]), all);
  const [one, other] = [filterSum(SMALL, [0]), filterSum(SMALL, [1])];
  assert.ok(all.every((value, i) => value === one[i] + other[i]));
  assert.deepEqual(filterSum(SMALL, [0, 1, 2, -1]), all, "filters that do not exist add nothing");
});
