/**
 * Lines over a picture of unknown colours: a light line on a dark one is seen on any ground.
 *
 * @typedef {import("../pure/geometry.js").Frame} Frame
 * @typedef {import("../pure/geometry.js").Grid} Grid
 */
import { cellFrame } from "../pure/geometry.js";

const VEIL = "rgb(12 14 20 / 0.5)";
const DARK = "rgb(8 10 16 / 0.75)";
const LIGHT = "rgb(255 255 255 / 0.96)";
const FAINT = "rgb(255 255 255 / 0.24)";
const FAINT_SHADE = "rgb(0 0 0 / 0.16)";

/**
 * Dims the neurons that take no part.
 * @param {CanvasRenderingContext2D} context
 * @param {Grid & {chosen: Uint8Array}} grid
 * @param {Frame} frame
 */
export function drawVeil(context, grid, frame) {
  context.fillStyle = VEIL;
  context.beginPath();
  const edges = gridLines(grid, frame);
  for (let row = 0; row < grid.rows; row++) {
    for (let column = 0; column < grid.columns; column++) {
      if (grid.chosen[row * grid.columns + column] === 1) continue;
      const [left, top] = [edges.x[column], edges.y[row]];
      context.rect(left, top, edges.x[column + 1] - left, edges.y[row + 1] - top);
    }
  }
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {number} ratio device pixels per CSS pixel
 */
export function drawGrid(context, grid, frame, ratio) {
  // Where neurons are hardly larger than the lines, lines would be all there is to see.
  if (frame.width / grid.columns < 6 * ratio || frame.height / grid.rows < 6 * ratio) return;
  const { x, y } = gridLines(grid, frame);
  const path = new Path2D();
  for (const line of x.slice(1, -1)) {
    path.moveTo(line + 0.5, frame.top);
    path.lineTo(line + 0.5, frame.top + frame.height);
  }
  for (const line of y.slice(1, -1)) {
    path.moveTo(frame.left, line + 0.5);
    path.lineTo(frame.left + frame.width, line + 0.5);
  }
  strokeTwice(context, path, [FAINT_SHADE, 2 * ratio], [FAINT, Math.max(1, Math.round(0.75 * ratio))]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("../pure/outline.js").Segment[]} segments
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {number} ratio
 */
export function drawOutline(context, segments, grid, frame, ratio) {
  // At the picture's edge the line moves inwards: half of it would lie outside the canvas.
  const inside = (/** @type {number[]} */ lines) => {
    const [first, last] = [lines[0] + 2 * ratio, lines[lines.length - 1] - 2 * ratio];
    return lines.map((line) => Math.max(first, Math.min(last, line)));
  };
  const lines = gridLines(grid, frame);
  const [x, y] = [inside(lines.x), inside(lines.y)];
  const path = new Path2D();
  for (const { from, to } of segments) {
    path.moveTo(x[from[1]], y[from[0]]);
    path.lineTo(x[to[1]], y[to[0]]);
  }
  context.lineCap = "round";
  strokeTwice(context, path, [DARK, 4 * ratio], [LIGHT, 2 * ratio]);
}

/**
 * One neuron: thin under the pointer, bold where the keyboard is.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../contract.d.ts").Neuron} cell
 * @param {Grid} grid
 * @param {Frame} frame
 * @param {number} ratio
 * @param {boolean} bold
 */
export function drawCell(context, cell, grid, frame, ratio, bold) {
  const { left, top, width, height } = cellFrame(cell, frame, grid);
  const inset = (bold ? 2 : 1) * ratio;
  const path = new Path2D();
  path.rect(left + inset, top + inset, Math.max(1, width - 2 * inset), Math.max(1, height - 2 * inset));
  const [wide, thin] = bold ? [5, 2.5] : [2.5, 1];
  strokeTwice(context, path, [DARK, wide * ratio], [LIGHT, thin * ratio]);
}

/**
 * What a neuron depends on, dashed.
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number, number]} field top, left, bottom, right, as shares of the picture
 * @param {Frame} frame
 * @param {number} ratio
 */
export function drawField(context, [top, left, bottom, right], frame, ratio) {
  const path = new Path2D();
  path.rect(
    frame.left + left * frame.width + ratio,
    frame.top + top * frame.height + ratio,
    Math.max(1, (right - left) * frame.width - 2 * ratio),
    Math.max(1, (bottom - top) * frame.height - 2 * ratio),
  );
  context.save();
  context.setLineDash([5 * ratio, 4 * ratio]);
  strokeTwice(context, path, [DARK, 3 * ratio], [LIGHT, 1.5 * ratio]);
  context.restore();
}

/**
 * The grid's lines on whole pixels.
 * @param {Grid} grid
 * @param {Frame} frame
 */
function gridLines(grid, frame) {
  const line = (/** @type {number} */ start, /** @type {number} */ length, /** @type {number} */ count) =>
    Array.from({ length: count + 1 }, (_, i) => Math.round(start + (length * i) / count));
  return { x: line(frame.left, frame.width, grid.columns), y: line(frame.top, frame.height, grid.rows) };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} path
 * @param {[string, number]} below colour and width
 * @param {[string, number]} above
 */
function strokeTwice(context, path, below, above) {
  for (const [colour, width] of [below, above]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke(path);
  }
}
