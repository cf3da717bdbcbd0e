/**
 * The map of a selection, worked out in the browser from the terms w A that the kernel sent once:
 * map = relu(sum over the chosen filters of the terms), 0 at neurons that are not chosen.
 *
 * @typedef {import("./read.js").Evidence} Evidence
 */

/**
 * Sum over the chosen filters, signed, at every neuron.
 * @param {Evidence} evidence with terms
 * @param {number[] | null} filters null = all
 * @returns {Float32Array}
 */
export function filterSum(evidence, filters) {
  const size = evidence.rows * evidence.columns;
  const sum = new Float32Array(size);
  const terms = evidence.terms;
  if (terms === null) return sum;
  for (const channel of chosenFilters(evidence, filters)) {
    const scale = evidence.scales[channel];
    const start = channel * size;
    for (let i = 0; i < size; i++) sum[i] += terms[start + i] * scale;
  }
  return sum;
}

/**
 * @param {Float32Array} sum
 * @param {Uint8Array} chosen
 * @returns {Float32Array}
 */
export function keep(sum, chosen) {
  return sum.map((value, i) => (chosen[i] === 1 && value > 0 ? value : 0));
}

/**
 * @param {Evidence} evidence
 * @param {number[] | null} filters
 * @returns {Iterable<number>}
 */
function chosenFilters(evidence, filters) {
  if (filters === null) return Array(evidence.channels).keys();
  return new Set(filters.filter((channel) => channel >= 0 && channel < evidence.channels));
}
