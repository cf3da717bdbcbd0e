import assert from "node:assert/strict";
import { test } from "node:test";
import { outline } from "./outline.js";
import { mask } from "./selection.js";

const [ROWS, COLUMNS] = [9, 14];
const lengthOf = (segments) =>
  segments.reduce((sum, { from, to }) => sum + to[0] - from[0] + to[1] - from[1], 0);

test("a box has four lines", () => {
  const segments = outline(
    mask(
      {
        neurons: null,
        region: [
          [
            [2, 3],
            [6, 9],
          ],
        ],
      },
      ROWS,
      COLUMNS,
    ),
    ROWS,
    COLUMNS,
  );
  assert.deepEqual(segments, [
    { from: [2, 3], to: [2, 10] },
    { from: [7, 3], to: [7, 10] },
    { from: [2, 3], to: [7, 3] },
    { from: [2, 10], to: [7, 10] },
  ]);
});

test("the line is as long as there are edges between chosen and not chosen", () => {
  const neurons = [
    [0, 0],
    [0, 13],
    [4, 4],
    [4, 5],
    [5, 5],
    [8, 7],
  ];
  const chosen = mask({ neurons, region: null }, ROWS, COLUMNS);
  // Three single neurons in 4 edges each; three neurons in an L: 3 * 4 - 2 * 2 shared.
  assert.equal(lengthOf(outline(chosen, ROWS, COLUMNS)), 3 * 4 + 8);
});

test("two boxes side by side have no line between them; nothing has none", () => {
  const chosen = mask(
    {
      neurons: null,
      region: [
        [
          [0, 0],
          [1, 3],
        ],
        [
          [0, 4],
          [1, 6],
        ],
      ],
    },
    ROWS,
    COLUMNS,
  );
  assert.equal(outline(chosen, ROWS, COLUMNS).length, 4);
  assert.deepEqual(outline(new Uint8Array(ROWS * COLUMNS), ROWS, COLUMNS), []);
});
