/**
 * What only one view knows: where the pointer is, what was decoded or asked for.
 *
 * @typedef {object} Look
 * @property {import("../contract.d.ts").Neuron | null} hovered
 * @property {import("../contract.d.ts").Neuron} active the neuron the keyboard is at
 * @property {boolean} byKeys
 * @property {boolean} dragging
 * @property {ImageBitmap | null} bitmap
 * @property {import("./hovered.js").Facts | null} facts of the neuron that is pointed at
 * @property {{bitmap: ImageBitmap | null, words: string} | null} seen the network's input, where it is on show
 */

/** @returns {Look} of a view that nobody has touched */
export function untouched() {
  return {
    hovered: null,
    active: [0, 0],
    byKeys: false,
    dragging: false,
    bitmap: null,
    facts: null,
    seen: null,
  };
}
