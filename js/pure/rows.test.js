import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsFor, rowsInSight } from "./rows.js";

test("as many tiles as fit with the gaps between them, never none", () => {
  assert.equal(columnsFor(60, 60, 6), 1);
  assert.equal(columnsFor(125, 60, 6), 1);
  assert.equal(columnsFor(126, 60, 6), 2);
  assert.equal(columnsFor(0, 60, 6), 1);
});

test("the rows in sight and two more on either side, by hand", () => {
  assert.deepEqual(rowsInSight(0, 262, 88, 200), [0, 5]); // 262 / 88 = 2.98
  assert.deepEqual(rowsInSight(880, 262, 88, 200), [8, 15]); // rows 10 to 12.98
  assert.deepEqual(rowsInSight(17_338, 262, 88, 200), [195, 200]);
  assert.deepEqual(rowsInSight(99_999, 262, 88, 3), [3, 3], "scrolled beyond a list that became shorter");
});

test("whatever is scrolled to, every row in sight is among them", () => {
  for (let scrolled = 0; scrolled < 1000; scrolled += 7) {
    const [first, last] = rowsInSight(scrolled, 300, 44, 40);
    for (let row = 0; row < 40; row++) {
      const seen = row * 44 < scrolled + 300 && (row + 1) * 44 > scrolled;
      if (seen) assert.ok(row >= first && row < last);
    }
  }
});
