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
