/**
 * From a pointer to a neuron and back. A `Frame` is where the picture lies inside the canvas: it
 * keeps the picture's proportions, so one pair of margins may be left over. All units are those of
 * the canvas, CSS or device pixels alike.
 *
 * @typedef {import("../contract.d.ts").Neuron} Neuron
 * @typedef {import("../contract.d.ts").Box} Box
 * @typedef {{width: number, height: number}} Size
 * @typedef {{left: number, top: number, width: number, height: number}} Frame
 * @typedef {{rows: number, columns: number}} Grid
 * @typedef {{x: number, y: number}} Point
 */

/**
 * The largest frame with the picture's proportions in the middle of a canvas.
 * @param {Size} picture
 * @param {Size} canvas
 * @returns {Frame}
 */
export function fit(picture, canvas) {
  if (!(picture.width > 0 && picture.height > 0)) {
    return { left: 0, top: 0, width: canvas.width, height: canvas.height };
  }
  const scale = Math.min(canvas.width / picture.width, canvas.height / picture.height);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { left: (canvas.width - width) / 2, top: (canvas.height - height) / 2, width, height };
}

/**
 * The same frame with its edges on whole pixels, so that what is painted in it stays sharp.
 * @param {Frame} frame
 * @returns {Frame}
 */
export function snap(frame) {
  const left = Math.round(frame.left);
  const top = Math.round(frame.top);
  return {
    left,
    top,
    width: Math.max(1, Math.round(frame.left + frame.width) - left),
    height: Math.max(1, Math.round(frame.top + frame.height) - top),
  };
}

/**
 * Size of the canvas's store for its size on the page.
 * @param {Size} size in CSS pixels
 * @param {number} ratio device pixels per CSS pixel
 * @returns {Size}
 */
export function devicePixels(size, ratio) {
  return {
    width: Math.max(1, Math.round(size.width * ratio)),
    height: Math.max(1, Math.round(size.height * ratio)),
  };
}

/**
 * The neuron under a point, or null beside the picture.
 * @param {Point} point
 * @param {Frame} frame
 * @param {Grid} grid
 * @returns {Neuron | null}
 */
export function cellAt(point, frame, grid) {
  const row = Math.floor(((point.y - frame.top) / frame.height) * grid.rows);
  const column = Math.floor(((point.x - frame.left) / frame.width) * grid.columns);
  const inside = row >= 0 && row < grid.rows && column >= 0 && column < grid.columns;
  return inside ? [row, column] : null;
}

/**
 * The neuron nearest to a point, which may lie anywhere: a drag may leave the picture.
 * @param {Point} point
 * @param {Frame} frame
 * @param {Grid} grid
 * @returns {Neuron}
 */
export function nearestCell(point, frame, grid) {
  const row = Math.floor(((point.y - frame.top) / frame.height) * grid.rows);
  const column = Math.floor(((point.x - frame.left) / frame.width) * grid.columns);
  return clampCell([row, column], grid);
}

/**
 * @param {Neuron} cell
 * @param {Grid} grid
 * @returns {Neuron}
 */
export function clampCell([row, column], grid) {
  return [
    Math.max(0, Math.min(grid.rows - 1, row || 0)),
    Math.max(0, Math.min(grid.columns - 1, column || 0)),
  ];
}

/**
 * Where a neuron lies on the canvas.
 * @param {Neuron} cell
 * @param {Frame} frame
 * @param {Grid} grid
 * @returns {Frame}
 */
export function cellFrame([row, column], frame, grid) {
  const width = frame.width / grid.columns;
  const height = frame.height / grid.rows;
  return { left: frame.left + column * width, top: frame.top + row * height, width, height };
}

/**
 * The same box from its upper left to its lower right corner.
 * @param {Box} box
 * @returns {Box}
 */
export function normalBox([[row, column], [otherRow, otherColumn]]) {
  return [
    [Math.min(row, otherRow), Math.min(column, otherColumn)],
    [Math.max(row, otherRow), Math.max(column, otherColumn)],
  ];
}
