import assert from "node:assert/strict";
import { test } from "node:test";
import { float32, int8, uint8 } from "./bytes.js";

/** Little-endian floats at an offset, with rubbish before and behind. */
function buried(values, offset) {
  const buffer = new ArrayBuffer(offset + 4 * values.length + 5);
  new Uint8Array(buffer).fill(0xab);
  const view = new DataView(buffer);
  for (const [i, value] of values.entries()) view.setFloat32(offset + 4 * i, value, true);
  return buffer;
}

const VALUES = [0, -1.5, 3.25, 1e-20, 65504];

for (const offset of [0, 1, 2, 3, 4, 7, 64]) {
  test(`floats at byte ${offset} of a longer buffer, in each form bytes come in`, () => {
    const buffer = buried(VALUES, offset);
    const length = 4 * VALUES.length;
    const expected = [...new Float32Array(VALUES)];
    assert.deepEqual([...float32(new DataView(buffer, offset, length))], expected);
    assert.deepEqual([...float32(new Uint8Array(buffer, offset, length))], expected);
    assert.deepEqual([...float32(buffer.slice(offset, offset + length))], expected);
  });
}

test("signed bytes keep their sign and the window they came in", () => {
  const bytes = new Uint8Array([9, 127, 128, 255, 0, 9]);
  assert.deepEqual([...int8(new DataView(bytes.buffer, 1, 4))], [127, -128, -1, 0]);
});

test("nothing is copied where it need not be, and nothing is written", () => {
  const buffer = buried(VALUES, 8);
  const before = new Uint8Array(buffer).slice();
  assert.equal(float32(new DataView(buffer, 8, 20)).buffer, buffer);
  assert.notEqual(float32(new DataView(buffer, 9, 8)).buffer, buffer);
  assert.deepEqual(new Uint8Array(buffer), before);
});

test("what holds no bytes is empty", () => {
  for (const nothing of [undefined, null, {}, "abc", 7, []]) {
    assert.equal(uint8(nothing).length, 0);
    assert.equal(float32(nothing).length, 0);
    assert.equal(int8(nothing).length, 0);
  }
});

test("bytes that are no whole number of floats give the whole ones", () => {
  assert.equal(float32(new Uint8Array(11)).length, 2);
});
