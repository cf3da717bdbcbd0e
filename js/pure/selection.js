/**
 * Which neurons take part: the union of boxes and single neurons, null in both = all of them.
 * Every function returns a new selection; none looks at the page.
 *
 * @typedef {import("../contract.d.ts").Neuron} Neuron
 * @typedef {import("../contract.d.ts").Box} Box
 * @typedef {{neurons: Neuron[] | null, region: Box[] | null}} Selection
 */
import { normalBox } from "./geometry.js";

/** @type {Readonly<Selection>} */
export const EVERYTHING = Object.freeze({ neurons: null, region: null });

/**
 * The trait as a list of boxes in order; one bare pair of corners is accepted.
 * @param {unknown} region
 * @returns {Box[]}
 */
export function boxes(region) {
  if (!Array.isArray(region) || region.length === 0) return [];
  const single = typeof region[0]?.[0] === "number";
  return (single ? [region] : region).map((box) => normalBox(box));
}

/** @param {Selection} selection */
export function isEverything(selection) {
  return selection.neurons === null && selection.region === null;
}

/**
 * 1 where a neuron takes part, 0 elsewhere.
 * @param {Selection} selection
 * @param {number} rows
 * @param {number} columns
 * @returns {Uint8Array}
 */
export function mask(selection, rows, columns) {
  const chosen = new Uint8Array(rows * columns);
  if (isEverything(selection)) return chosen.fill(1);
  for (const [[top, left], [bottom, right]] of boxes(selection.region)) {
    for (let row = Math.max(0, top); row <= Math.min(rows - 1, bottom); row++) {
      chosen.fill(1, row * columns + Math.max(0, left), row * columns + Math.min(columns - 1, right) + 1);
    }
  }
  for (const [row, column] of selection.neurons ?? []) {
    if (row >= 0 && row < rows && column >= 0 && column < columns) chosen[row * columns + column] = 1;
  }
  return chosen;
}

/** @param {Uint8Array} chosen */
export function count(chosen) {
  return chosen.reduce((sum, one) => sum + one, 0);
}

/**
 * A box instead of the selection or, `added`, besides it.
 * @param {Selection} selection
 * @param {Box} box
 * @param {boolean} added
 * @returns {Selection}
 */
export function withBox(selection, box, added) {
  if (!added) return { neurons: null, region: [normalBox(box)] };
  return { neurons: selection.neurons, region: [...boxes(selection.region), normalBox(box)] };
}

/**
 * Puts a neuron in or takes it out. From "all", the first one is chosen alone; the last one taken out
 * gives "all" again. A box that holds the neuron is cut into the boxes around it.
 * @param {Selection} selection
 * @param {Neuron} neuron
 * @returns {Selection}
 */
export function toggle(selection, neuron) {
  const region = boxes(selection.region);
  const neurons = selection.neurons ?? [];
  const isIt = (/** @type {Neuron} */ other) => other[0] === neuron[0] && other[1] === neuron[1];
  const cut = region.flatMap((box) => without(box, neuron));
  const chosen = neurons.some(isIt) || cut.length !== region.length || !sameBoxes(cut, region);
  if (!chosen) return { neurons: [...neurons, neuron], region: selection.region };
  const kept = neurons.filter((other) => !isIt(other));
  return { neurons: kept.length > 0 ? kept : null, region: cut.length > 0 ? cut : null };
}

/**
 * @param {Box[]} some
 * @param {Box[]} others
 */
function sameBoxes(some, others) {
  return JSON.stringify(some) === JSON.stringify(others);
}

/**
 * What is left of a box without one neuron: the rows above, those below, and the two sides.
 * @param {Box} box in order
 * @param {Neuron} neuron
 * @returns {Box[]}
 */
function without(box, [row, column]) {
  const [[top, left], [bottom, right]] = box;
  if (row < top || row > bottom || column < left || column > right) return [box];
  /** @type {Box[]} */
  const around = [
    [
      [top, left],
      [row - 1, right],
    ],
    [
      [row, left],
      [row, column - 1],
    ],
    [
      [row, column + 1],
      [row, right],
    ],
    [
      [row + 1, left],
      [bottom, right],
    ],
  ];
  return around.filter(([[t, l], [b, r]]) => t <= b && l <= r);
}
