import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt, cellFrame, clampCell, devicePixels, fit, nearestCell, normalBox, snap } from "./geometry.js";

const GRID = { rows: 9, columns: 14 };

test("a wide picture on a high canvas has margins above and below, worked out by hand", () => {
  // 280 x 90 on 420 x 300: scale 1.5, height 135, (300 - 135) / 2 = 82.5 above.
  assert.deepEqual(fit({ width: 280, height: 90 }, { width: 420, height: 300 }), {
    left: 0,
    top: 82.5,
    width: 420,
    height: 135,
  });
});

test("a high picture on a wide canvas has margins left and right", () => {
  assert.deepEqual(fit({ width: 50, height: 200 }, { width: 300, height: 100 }), {
    left: 137.5,
    top: 0,
    width: 25,
    height: 100,
  });
});

test("without a picture the canvas is the frame", () => {
  assert.deepEqual(fit({}, { width: 30, height: 20 }), { left: 0, top: 0, width: 30, height: 20 });
});

for (const [picture, canvas] of [
  [
    { width: 280, height: 90 },
    { width: 421.5, height: 300 },
  ],
  [
    { width: 50, height: 200 },
    { width: 300, height: 100.25 },
  ],
  [
    { width: 112, height: 112 },
    { width: 640, height: 480 },
  ],
]) {
  const frame = fit(picture, canvas);
  const name = `${picture.width} x ${picture.height} on ${canvas.width} x ${canvas.height}`;

  test(`${name}: every neuron is found at its centre and just inside its corners`, () => {
    for (let row = 0; row < GRID.rows; row++) {
      for (let column = 0; column < GRID.columns; column++) {
        const { left, top, width, height } = cellFrame([row, column], frame, GRID);
        for (const [across, down] of [
          [0.5, 0.5],
          [0.01, 0.01],
          [0.99, 0.01],
          [0.01, 0.99],
          [0.99, 0.99],
        ]) {
          const point = { x: left + across * width, y: top + down * height };
          assert.deepEqual(cellAt(point, frame, GRID), [row, column]);
          assert.deepEqual(nearestCell(point, frame, GRID), [row, column]);
        }
      }
    }
  });

  test(`${name}: beside the picture there is no neuron, but a nearest one`, () => {
    const { left, top, width, height } = frame;
    assert.equal(cellAt({ x: left - 1, y: top + 1 }, frame, GRID), null);
    assert.equal(cellAt({ x: left + 1, y: top + height + 1 }, frame, GRID), null);
    assert.deepEqual(nearestCell({ x: left - 999, y: top - 999 }, frame, GRID), [0, 0]);
    assert.deepEqual(nearestCell({ x: left + width + 999, y: top + height + 999 }, frame, GRID), [8, 13]);
    assert.deepEqual(nearestCell({ x: left - 5, y: top + height + 5 }, frame, GRID), [8, 0]);
  });

  test(`${name}: cells lie edge to edge and fill the frame`, () => {
    const last = cellFrame([8, 13], frame, GRID);
    assert.ok(Math.abs(last.left + last.width - frame.left - frame.width) < 1e-9);
    assert.ok(Math.abs(last.top + last.height - frame.top - frame.height) < 1e-9);
    const [one, next] = [cellFrame([3, 4], frame, GRID), cellFrame([4, 5], frame, GRID)];
    assert.ok(Math.abs(one.left + one.width - next.left) < 1e-9);
    assert.ok(Math.abs(one.top + one.height - next.top) < 1e-9);
  });

  for (const ratio of [1, 1.25, 2, 3]) {
    test(`${name}: the same neuron at ${ratio} device pixels per pixel`, () => {
      const store = devicePixels(canvas, ratio);
      const sharp = snap(fit(picture, store));
      for (const cell of [
        [0, 0],
        [4, 7],
        [8, 13],
      ]) {
        const { left, top, width, height } = cellFrame(cell, sharp, GRID);
        const point = { x: (left + width / 2) / ratio, y: (top + height / 2) / ratio };
        assert.deepEqual(cellAt(point, frame, GRID), cell);
      }
    });
  }
}

test("a snapped frame has whole edges, never less than a pixel apart", () => {
  assert.deepEqual(snap({ left: 1.4, top: 0.6, width: 10.2, height: 0.1 }), {
    left: 1,
    top: 1,
    width: 11,
    height: 1,
  });
});

test("a box is the same box from any two opposite corners", () => {
  const expected = [
    [2, 3],
    [6, 11],
  ];
  for (const box of [
    [
      [2, 3],
      [6, 11],
    ],
    [
      [6, 11],
      [2, 3],
    ],
    [
      [2, 11],
      [6, 3],
    ],
    [
      [6, 3],
      [2, 11],
    ],
  ]) {
    assert.deepEqual(normalBox(box), expected);
  }
});

test("steps beyond the grid end at its edge, infinite ones too", () => {
  assert.deepEqual(clampCell([-1, 14], GRID), [0, 13]);
  assert.deepEqual(clampCell([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], GRID), [8, 0]);
});
