/**
 * Which classes to list, and how to find one among a thousand. Where the network gives values and no probabilities, the
 * values stand in: the largest first.
 */

/**
 * What the classes are put in order by.
 * @param {import("./read.js").Result | null} result
 * @returns {ArrayLike<number>}
 */
export function verdicts(result) {
  return result?.probabilities ?? result?.outputs ?? [];
}

/**
 * The most probable classes, best first, and the chosen one at the end if it is not among them.
 * @param {ArrayLike<number>} probabilities
 * @param {number} total number of classes
 * @param {number} target
 * @param {number} most
 * @returns {number[]}
 */
export function topClasses(probabilities, total, target, most) {
  const order = byProbability(probabilities, total).slice(0, most);
  if (target >= 0 && target < total && !order.includes(target)) order.push(target);
  return order;
}

/**
 * Every class, best first; equal ones keep their order.
 * @param {ArrayLike<number>} probabilities
 * @param {number} total
 * @returns {number[]}
 */
export function byProbability(probabilities, total) {
  const of = (/** @type {number} */ k) => (Number.isFinite(probabilities[k]) ? probabilities[k] : -Infinity);
  // Two infinities have no difference.
  return Array.from({ length: total }, (_, k) => k).sort((a, b) => (of(a) === of(b) ? a - b : of(b) - of(a)));
}

/**
 * Classes whose name holds the text: names that begin with it first, then those with a word that does, then
 * the rest; the more probable first within each. A number finds the class of that index as well.
 * @param {string[]} names
 * @param {ArrayLike<number>} probabilities
 * @param {string} text
 * @returns {number[]}
 */
export function find(names, probabilities, text) {
  const wanted = text.trim().toLowerCase();
  const order = byProbability(probabilities, names.length);
  if (wanted === "") return order;
  const index = /^\d+$/.test(wanted) ? Number(wanted) : -1;
  /** @type {number[][]} */
  const found = [[], [], []];
  for (const k of order) {
    const name = names[k].toLowerCase();
    const place = name.indexOf(wanted);
    if (k === index || place === 0) found[0].push(k);
    else if (place > 0) found[/[^\p{L}\p{N}]/u.test(name[place - 1]) ? 1 : 2].push(k);
  }
  return found.flat();
}
