import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { colourise, density, diverging, gradient, heat, largest, paints } from "./palette.js";

test("heat is the map divided by its maximum and by nothing else", () => {
  assert.deepEqual([...heat([0, 1, 2, 4])], [0, 0.25, 0.5, 1]);
  assert.deepEqual([...heat([3, 4, 4])], [0.75, 1, 1]); // the smallest value does not become 0
  assert.deepEqual([...heat([1, 2], 4)], [0.25, 0.5]); // what has full heat was averaged away
});

test("there is no heat without positive evidence or with a value that is not finite", () => {
  for (const map of [[0, 0, 0], [-1, 0], [], [1, Number.NaN], [1, Number.POSITIVE_INFINITY], [Number.NaN]]) {
    assert.equal(heat(map), null);
  }
});

test("the largest value of a map, NaN where one is not finite", () => {
  assert.equal(largest([1, 7, 3]), 7);
  assert.equal(largest([-3, -7]), -3);
  assert.ok(Number.isNaN(largest([1, Number.NEGATIVE_INFINITY])));
});

test("heat i / 255 takes colour i", () => {
  const palette = Uint8Array.from({ length: 768 }, (_, i) => (i * 37) % 256);
  const pixels = colourise(
    Float32Array.from({ length: 256 }, (_, i) => i / 255),
    paints(palette, 1),
  );
  for (let i = 0; i < 256; i++) {
    assert.deepEqual([...pixels.slice(4 * i, 4 * i + 4)], [...palette.slice(3 * i, 3 * i + 3), 255]);
  }
});

test("heat beyond its range takes the last colour, below it the first", () => {
  const colours = paints(gradient(), 1);
  assert.deepEqual([...colourise(Float32Array.of(1.5), colours)], [253, 231, 37, 255]);
  assert.deepEqual([...colourise(Float32Array.of(-1), colours)], [68, 1, 84, 255]);
});

test("full heat has exactly the opacity, at opacity 1 all heat does, at 0 none", () => {
  for (const opacity of [0, 0.3, 0.6, 1]) assert.equal(density(1, opacity), opacity);
  for (const value of [0, 0.1, 0.5]) {
    assert.equal(density(value, 1), 1);
    assert.equal(density(value, 0), 0);
  }
});

test("more heat is never painted thinner", () => {
  for (const opacity of [0.2, 0.5, 0.9]) {
    for (let i = 1; i < 256; i++) assert.ok(density(i / 255, opacity) >= density((i - 1) / 255, opacity));
  }
});

test("a gradient passes through its anchors", () => {
  const palette = gradient([
    [0, 10, 20],
    [100, 110, 120],
    [200, 30, 255],
  ]);
  assert.deepEqual([...palette.slice(0, 3)], [0, 10, 20]);
  assert.deepEqual([...palette.slice(765)], [200, 30, 255]);
  assert.equal(palette.length, 768);
});

test("signed terms: the hue is the sign, the density the size beside the largest", () => {
  const pixels = diverging([0, 50, -100]);
  assert.deepEqual([pixels[3], pixels[7], pixels[11]], [0, 128, 255]);
  assert.ok(pixels[4] > pixels[6], "warm for");
  assert.ok(pixels[10] > pixels[8], "cool against");
  assert.ok([...diverging([0, 0])].every((value, i) => i % 4 !== 3 || value === 0));
});

test("the paint is as dense here as in the kernel's pictures, by numbers worked out by hand", () => {
  const cases = JSON.parse(
    readFileSync(new URL("../../tests/fixtures/density.json", import.meta.url), "utf8"),
  );
  for (const { heat, opacity, density: expected } of cases) {
    assert.ok(Math.abs(density(heat, opacity) - expected) < 1e-12, `heat ${heat}, opacity ${opacity}`);
  }
});
