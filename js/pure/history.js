/**
 * Undo: the selections that were, newest last. Plain data; the functions return new histories.
 *
 * @typedef {import("./selection.js").Selection & {filters: number[] | null, layer: string}} Moment
 * @typedef {readonly Moment[]} History
 */

/** More steps than anybody takes back, and few enough to forget about memory. */
const LONGEST = 100;

/**
 * @param {unknown} one
 * @param {unknown} other
 */
export function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

/**
 * Remembers what was before a step. A step that changed nothing is none.
 * @param {History} history
 * @param {Moment} before
 * @param {Moment} after
 * @returns {History}
 */
export function remember(history, before, after) {
  return same(before, after) ? history : [...history, before].slice(-LONGEST);
}

/**
 * @param {History} history
 * @returns {{history: History, moment: Moment | null}}
 */
export function undo(history) {
  return { history: history.slice(0, -1), moment: history[history.length - 1] ?? null };
}
