/** Which rows of a long list are in sight. */

/** Rows kept ready above and below, for the next turn of the wheel. */
const SPARE = 2;

/**
 * How many tiles stand side by side.
 * @param {number} room
 * @param {number} width of one at least
 * @param {number} gap
 */
export function columnsFor(room, width, gap) {
  return Math.max(1, Math.floor((room + gap) / (width + gap)));
}

/**
 * @param {number} scrolled
 * @param {number} height of what is seen
 * @param {number} rowHeight
 * @param {number} rows in all
 * @returns {[number, number]} the first row, and the one behind the last
 */
export function rowsInSight(scrolled, height, rowHeight, rows) {
  const first = Math.floor(scrolled / rowHeight) - SPARE;
  const last = Math.ceil((scrolled + height) / rowHeight) + SPARE;
  return [Math.max(0, Math.min(rows, first)), Math.max(0, Math.min(rows, last))];
}
