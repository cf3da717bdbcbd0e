import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bilinear, cells } from "./resize.js";

const [ROWS, COLUMNS] = [9, 14];

/** The formula as it is written in DESIGN.md, one pixel at a time. */
function restated(map, rows, columns, height, width, y, x) {
  const source = (target, count, size) =>
    Math.min(count - 1, Math.max(0, ((target + 0.5) * count) / size - 0.5));
  const [row, column] = [source(y, rows, height), source(x, columns, width)];
  let sum = 0;
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const weight = Math.max(0, 1 - Math.abs(r - row)) * Math.max(0, 1 - Math.abs(c - column));
      sum += weight * map[r * columns + c];
    }
  }
  return sum;
}

const uneven = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.sin(7 * i) + i / 50);

for (const [height, width] of [
  [90, 70],
  [27, 42],
  [31, 113],
  [9, 14],
  [4, 5],
]) {
  test(`bilinear to ${height} x ${width} is the written formula`, () => {
    const resized = bilinear(uneven, ROWS, COLUMNS, height, width);
    assert.equal(resized.length, height * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const expected = restated(uneven, ROWS, COLUMNS, height, width, y, x);
        assert.ok(Math.abs(resized[y * width + x] - expected) < 1e-5, `pixel ${y}, ${x}`);
      }
    }
  });

  test(`cells to ${height} x ${width} shows row floor((y + 0.5) rows / height)`, () => {
    const resized = cells(uneven, ROWS, COLUMNS, height, width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const row = Math.floor(((y + 0.5) * ROWS) / height);
        const column = Math.floor(((x + 0.5) * COLUMNS) / width);
        assert.equal(resized[y * width + x], uneven[row * COLUMNS + column]);
      }
    }
  });
}

test("the same numbers as Python's resize", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../tests/fixtures/resize.json", import.meta.url), "utf8"),
  );
  assert.ok(cases.length > 0);
  for (const { map, height, width, expected } of cases) {
    const resized = bilinear(map.flat(), map.length, map[0].length, height, width);
    for (const [i, value] of expected.flat().entries()) assert.ok(Math.abs(resized[i] - value) < 1e-5);
  }
});

test("two neurons to eight pixels, by hand", () => {
  const line = [...bilinear([0, 8], 1, 2, 1, 8)];
  assert.deepEqual(line, [0, 0, 1, 3, 5, 7, 8, 8]);
});

test("a single neuron peaks in the middle of its block, and only there", () => {
  // Blocks of 5 x 3 pixels: odd, so that each has one middle pixel.
  const [height, width] = [ROWS * 5, COLUMNS * 3];
  for (const [row, column] of [
    [0, 0],
    [3, 10],
    [8, 13],
    [8, 0],
  ]) {
    const map = new Float32Array(ROWS * COLUMNS);
    map[row * COLUMNS + column] = 1;
    const resized = bilinear(map, ROWS, COLUMNS, height, width);
    assert.equal(resized[(row * 5 + 2) * width + column * 3 + 1], 1);
    const inner = row > 0 && row < ROWS - 1 && column > 0 && column < COLUMNS - 1;
    if (inner) assert.equal(resized.filter((value) => value === 1).length, 1);
  }
});

test("in cells, a single neuron paints exactly its block", () => {
  const map = new Float32Array(ROWS * COLUMNS);
  map[3 * COLUMNS + 10] = 1;
  const [height, width] = [ROWS * 4, COLUMNS * 6];
  const resized = cells(map, ROWS, COLUMNS, height, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = y >= 12 && y < 16 && x >= 60 && x < 66;
      assert.equal(resized[y * width + x], inside ? 1 : 0);
    }
  }
});

test("a constant map stays constant and the same size stays the same map", () => {
  assert.ok(bilinear(new Float32Array(126).fill(2.5), ROWS, COLUMNS, 50, 33).every((value) => value === 2.5));
  assert.deepEqual([...bilinear(uneven, ROWS, COLUMNS, ROWS, COLUMNS)], [...uneven]);
});

test("turning the map over turns the picture over", () => {
  const flipped = uneven.slice().reverse();
  const one = bilinear(uneven, ROWS, COLUMNS, 37, 61);
  const other = bilinear(flipped, ROWS, COLUMNS, 37, 61).reverse();
  assert.ok(one.every((value, i) => Math.abs(value - other[i]) < 1e-5));
});
