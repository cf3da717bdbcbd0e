/**
 * Choosing among the filters (channels) of a layer. null = all, [] = none.
 */

/**
 * Every filter, the largest contribution first, whatever its sign.
 * @param {ArrayLike<number>} contributions
 * @param {number} channels
 * @returns {number[]}
 */
export function byContribution(contributions, channels) {
  const of = (/** @type {number} */ c) => Math.abs(contributions[c]) || 0;
  return Array.from({ length: channels }, (_, c) => c).sort((a, b) => of(b) - of(a) || a - b);
}

/**
 * Every filter, the most active first.
 * @param {ArrayLike<number>} means of the activations
 * @param {number} channels
 * @returns {number[]}
 */
export function byActivation(means, channels) {
  const of = (/** @type {number} */ c) => (Number.isFinite(means[c]) ? means[c] : Number.NEGATIVE_INFINITY);
  // Two that are no numbers are equal, where their difference is none.
  return Array.from({ length: channels }, (_, c) => c).sort((a, b) =>
    of(a) === of(b) ? a - b : of(b) - of(a),
  );
}

/**
 * The fewest filters that hold a part of all that is added and taken: the strongest ones, whatever their sign.
 * @param {ArrayLike<number>} contributions
 * @param {number} part in [0, 1]
 * @returns {number[]} in rising order; none where nothing is known
 */
export function enough(contributions, part) {
  const order = byContribution(contributions, contributions.length);
  const all = order.reduce((sum, filter) => sum + Math.abs(contributions[filter]), 0);
  if (!(all > 0)) return [];
  let held = 0;
  let taken = 0;
  // A sum in another order may miss the whole by its last digit.
  while (taken < order.length && held < part * all * (1 - 1e-9)) {
    held += Math.abs(contributions[order[taken]]);
    taken += 1;
  }
  return order.slice(0, taken).sort((a, b) => a - b);
}

/**
 * Filters as people write them: "10-20, 32".
 * @param {string} text
 * @param {number} channels
 * @returns {{filters: number[], problem: string}} in rising order, each once; `problem` says what cannot be meant
 */
export function readFilters(text, channels) {
  /** @type {Set<number>} */
  const found = new Set();
  const words = text.replace(/\s*(?:[-–:]|\.\.)\s*/g, "-").split(/[,;\s]+/);
  for (const word of words) {
    if (word === "") continue;
    const match = /^(\d+)(?:-(\d+))?$/.exec(word);
    if (match === null) return { filters: [], problem: `“${word}” is no filter. Write 10-20, 32.` };
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])].sort((a, b) => a - b);
    if (to >= channels) return { filters: [], problem: `No filter ${to}: there are 0 to ${channels - 1}.` };
    for (let filter = from; filter <= to; filter++) found.add(filter);
  }
  return { filters: [...found].sort((a, b) => a - b), problem: "" };
}

/**
 * From "all", the first one is chosen alone; the last one taken out gives "all" again.
 * @param {number[] | null} filters
 * @param {number} filter
 * @returns {number[] | null}
 */
export function toggleFilter(filters, filter) {
  if (filters === null) return [filter];
  if (!filters.includes(filter)) return [...filters, filter].sort((a, b) => a - b);
  const kept = filters.filter((other) => other !== filter);
  return kept.length > 0 ? kept : null;
}

/**
 * All filters from one place of the list to another, in place of the present choice.
 * @param {number[]} order
 * @param {number} from place in `order`
 * @param {number} to place in `order`
 * @returns {number[]}
 */
export function filterRange(order, from, to) {
  return order.slice(Math.min(from, to), Math.max(from, to) + 1).sort((a, b) => a - b);
}

/**
 * What the chosen filters hold of all that is added and taken: sum of |c_k| over the chosen / over all.
 * @param {ArrayLike<number>} contributions
 * @param {number[] | null} filters
 * @returns {number} in [0, 1]; 0 where nothing is known
 */
export function share(contributions, filters) {
  let all = 0;
  for (let c = 0; c < contributions.length; c++) all += Math.abs(contributions[c]);
  if (!(all > 0)) return 0;
  if (filters === null) return 1;
  let chosen = 0;
  for (const filter of new Set(filters)) chosen += Math.abs(contributions[filter] ?? 0);
  return chosen / all;
}
