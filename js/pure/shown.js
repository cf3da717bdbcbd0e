/**
 * Which map is on show. The kernel's result is the authority for the selection it answers; while the answer to a
 * newer selection is on its way, the preview stands in.
 *
 * @typedef {import("./read.js").Evidence} Evidence
 * @typedef {import("./read.js").Result} Result
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {object} Shown
 * @property {number} rows
 * @property {number} columns
 * @property {ArrayLike<number>} map
 * @property {Uint8Array} chosen
 * @property {Result | null} result the one that is shown; null for a preview
 */
import { same } from "./history.js";
import { filterSum, keep } from "./preview.js";
import { boxes, mask } from "./selection.js";

/** @type {WeakMap<Evidence, {filters: number[] | null, sum: Float32Array}>} */
const sums = new WeakMap();

/**
 * The sum over filters changes with the filters only, not with every step of a drag.
 * @param {Evidence} evidence
 * @param {number[] | null} filters
 */
function summed(evidence, filters) {
  const known = sums.get(evidence);
  if (known && known.filters === filters) return known.sum;
  const sum = filterSum(evidence, filters);
  sums.set(evidence, { filters, sum });
  return sum;
}

/** @type {WeakMap<Evidence, number>} */
const maxima = new WeakMap();

/**
 * The largest value of the map of all filters and neurons, as the terms have it; 0 where there are none.
 * @param {Evidence | null} evidence
 */
export function wholeMaximum(evidence) {
  if (evidence === null || evidence.terms === null) return 0;
  const known = maxima.get(evidence) ?? Math.max(0, ...filterSum(evidence, null));
  maxima.set(evidence, known);
  return known;
}

/**
 * @param {Evidence | null} evidence
 * @param {Result | null} result the newest
 * @param {number[] | null} filters
 * @param {Selection} selection
 * @returns {Shown | null} null while nothing is known
 */
export function shown(evidence, result, filters, selection) {
  const exact = result && exactly(result, selection);
  if (evidence === null || (result && result.evidenceId > evidence.id)) return exact;
  if (result?.evidenceId === evidence.id && answers(result, filters, selection)) return exact;
  const { rows, columns, terms } = evidence;
  const chosen = mask(selection, rows, columns);
  if (terms === null) return exact ?? { rows, columns, map: [], chosen, result: null };
  return { rows, columns, map: keep(summed(evidence, filters), chosen), chosen, result: null };
}

/**
 * Whether a result is for this selection.
 * @param {Result} result
 * @param {number[] | null} filters
 * @param {Selection} selection
 */
function answers(result, filters, selection) {
  const asked = result.selection;
  return (
    same(result.filters, filters) &&
    same(asked.neurons, selection.neurons) &&
    (asked.region === null) === (selection.region === null) &&
    same(boxes(asked.region), boxes(selection.region))
  );
}

/**
 * @param {Result} result
 * @param {Selection} selection
 * @returns {Shown | null}
 */
function exactly(result, selection) {
  const { rows, columns, map } = result;
  if (!(rows > 0 && columns > 0)) return null;
  return { rows, columns, map, chosen: mask(selection, rows, columns), result };
}
