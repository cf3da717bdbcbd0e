import assert from "node:assert/strict";
import { test } from "node:test";
import { encodings, verdictOf } from "./album.js";

const pictures = {
  count: 4,
  order: [0, 1, 2, 3],
  predicted: new Int32Array([1, 0, 1, -1]),
  probabilities: new Float32Array([0.93, 0.004, Number.NaN, Number.NaN]),
  labels: new Int32Array([1, 1, -1, 0]),
  note: "",
};

test("a verdict in words, beside the label where it is known", () => {
  const names = ["cat", "dog"];
  assert.deepEqual(verdictOf(pictures, 0, names), {
    said: "dog .93",
    truth: "right",
    words: "dog .93 · right",
  });
  assert.deepEqual(verdictOf(pictures, 1, names), {
    said: "cat <.01",
    truth: "wrong",
    words: "cat <.01 · wrong, it is dog",
  });
  assert.deepEqual(verdictOf(pictures, 2, names), { said: "dog", truth: "", words: "dog" });
  assert.deepEqual(verdictOf(pictures, 3, names), { said: "", truth: "", words: "" });
  assert.deepEqual(verdictOf(pictures, 9, names), { said: "", truth: "", words: "" });
});

test("a small picture is sent as it is, a photograph smaller and smaller", () => {
  assert.deepEqual(encodings(28, 20)[0], { width: 28, height: 20, type: "image/png" });
  const photograph = encodings(5472, 3648);
  assert.deepEqual(photograph[0], { width: 1280, height: 853, type: "image/jpeg" });
  assert.ok(photograph.every((one, i) => i === 0 || one.width < photograph[i - 1].width));
  for (const { width, height } of photograph) assert.ok(Math.abs(width / height - 1.5) < 0.01);
});

test("a line of pixels stays one", () => {
  assert.deepEqual(encodings(9000, 1).at(-1), { width: 200, height: 1, type: "image/jpeg" });
  assert.ok(encodings(3, 2).every(({ width, height }) => width === 3 && height === 2));
});
