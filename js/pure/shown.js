/**
 * Which map is on show. The kernel's result is the authority for the selection it answers; while the answer to a
 * newer selection is on its way, the preview stands in.
 *
 * @typedef {import("./read.js").Evidence} Evidence
 * @typedef {import("./read.js").Result} Result
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {object} Raster a map as it is painted
 * @property {number} rows
 * @property {number} columns
 * @property {ArrayLike<number>} values raw units
 * @property {number} full what has full heat
 * @property {number} maximum the largest value there is; more than `full` where the map was cut off
 * @property {boolean} ofPixels
 * @property {Uint8Array} [kept] 1 at the neurons that a selection left of the map, where it cuts it
 * @typedef {object} Shown
 * @property {number} rows of the layer's grid
 * @property {number} columns of the layer's grid
 * @property {Uint8Array} chosen neurons of that grid
 * @property {Raster} map
 * @property {Result | null} result the one that is shown; null for a preview
 */
import { same } from "./history.js";
import { largest } from "./palette.js";
import { filterSum, keep } from "./preview.js";
import * as read from "./read.js";
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
 * The largest value of the map of all filters and neurons, as the terms have it; 0 where they do not say.
 * @param {Evidence | null} evidence
 */
export function wholeMaximum(evidence) {
  if (evidence === null || !evidence.previews) return 0;
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
  const isAhead = result !== null && (evidence === null || result.evidenceId > evidence.id);
  const { rows, columns } = isAhead ? ownGrid(result) : (evidence ?? NO_GRID);
  const chosen = mask(selection, rows, columns);
  const exact =
    result !== null && result.rows > 0 ? { rows, columns, chosen, map: rasterOf(result), result } : null;
  const isAnswer = result?.evidenceId === evidence?.id && result && answers(result, filters, selection);
  if (evidence === null || isAhead || isAnswer) return exact;
  if (!evidence.previews) return exact ?? { rows, columns, chosen, map: raster(0, 0, []), result: null };
  const map = raster(rows, columns, keep(summed(evidence, filters), chosen));
  return { rows, columns, chosen, map, result: null };
}

/**
 * The map's value at a neuron as a share of full heat; null where the map is not one of neurons.
 * @param {Shown} now
 * @param {import("../contract.d.ts").Neuron} neuron
 */
export function shareAt({ rows, columns, map }, [row, column]) {
  if (map.ofPixels || map.rows !== rows || map.columns !== columns || !(map.full > 0)) return null;
  return map.values[row * columns + column] / map.full;
}

/**
 * Whether what is chosen now is still without an answer.
 * @param {read.Readable} model
 */
export function isAwaited(model) {
  const newest = read.result(model);
  if (newest === null) return false;
  const settled = Object.entries(newest.settings).every(([name, value]) => model.get(name) === value);
  return !(settled && answers(newest, read.filters(model), read.selection(model)));
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

const NO_GRID = { rows: 0, columns: 0 };

/**
 * The neurons' grid where only a result is known: pixels say nothing of it.
 * @param {Result} result
 */
function ownGrid(result) {
  return result.ofPixels ? NO_GRID : result;
}

/**
 * @param {number} rows
 * @param {number} columns
 * @param {ArrayLike<number>} values
 * @returns {Raster}
 */
function raster(rows, columns, values) {
  const full = largest(values);
  return { rows, columns, values, full, maximum: full, ofPixels: false };
}

/**
 * @param {Result} result
 * @returns {Raster}
 */
function rasterOf({ rows, columns, map, full, maximum, ofPixels }) {
  return { rows, columns, values: map, full, maximum, ofPixels };
}
