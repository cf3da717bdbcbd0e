/**
 * The line around a selection: every edge between a chosen neuron and one that is not, joined where
 * it runs straight on.
 *
 * @typedef {{from: [number, number], to: [number, number]}} Segment  ends as [row, column] of grid corners
 */

/**
 * @param {Uint8Array} chosen rows x columns
 * @param {number} rows
 * @param {number} columns
 * @returns {Segment[]}
 */
export function outline(chosen, rows, columns) {
  const at = (/** @type {number} */ row, /** @type {number} */ column) =>
    row >= 0 && row < rows && column >= 0 && column < columns && chosen[row * columns + column] === 1;
  /** @type {Segment[]} */
  const segments = [];
  for (let row = 0; row <= rows; row++) {
    for (const [start, end] of runs(columns, (column) => at(row - 1, column) !== at(row, column))) {
      segments.push({ from: [row, start], to: [row, end] });
    }
  }
  for (let column = 0; column <= columns; column++) {
    for (const [start, end] of runs(rows, (row) => at(row, column - 1) !== at(row, column))) {
      segments.push({ from: [start, column], to: [end, column] });
    }
  }
  return segments;
}

/**
 * Unbroken runs of places for which `holds`, as [first, one behind the last].
 * @param {number} length
 * @param {(place: number) => boolean} holds
 * @returns {[number, number][]}
 */
function runs(length, holds) {
  /** @type {[number, number][]} */
  const found = [];
  let start = -1;
  for (let place = 0; place <= length; place++) {
    const held = place < length && holds(place);
    if (held && start < 0) start = place;
    if (!held && start >= 0) {
      found.push([start, place]);
      start = -1;
    }
  }
  return found;
}
