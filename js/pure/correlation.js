/**
 * How alike two maps are: Spearman's rank correlation, as `camwidget.maths.rank_correlation` defines it. Maps on
 * grids of different sizes are first enlarged to the larger number of rows and of columns. Where a selection cuts a
 * map, its zeros outside say nothing of the map: what is compared are the neurons that are chosen in both.
 *
 * @typedef {{rows: number, columns: number, values: ArrayLike<number>}} Grid
 * @typedef {Grid & {kept?: Uint8Array}} Cut `kept`: 1 at the neurons that a selection left of the map, where it cuts it
 */
import { bilinear } from "./resize.js";

/**
 * Ranks from 1, equal values sharing the average of theirs, less the average rank (n + 1) / 2. All 0 where the values
 * are the same everywhere; null where one is not a number.
 * @param {ArrayLike<number>} values
 * @returns {Float64Array | null}
 */
export function centredRanks(values) {
  const sorted = Float64Array.from(values);
  if (sorted.some(Number.isNaN)) return null;
  const size = sorted.length;

  sorted.sort();
  /** @type {Map<number, number>} rank of each value */
  const rankOf = new Map();
  for (let first = 0; first < size; ) {
    let last = first;
    while (last + 1 < size && sorted[last + 1] === sorted[first]) last += 1;
    rankOf.set(sorted[first], (first + last) / 2 + 1 - (size + 1) / 2);
    first = last + 1;
  }
  return Float64Array.from(values, (value) => /** @type {number} */ (rankOf.get(value)));
}

/**
 * Pearson's correlation of the ranks, in [-1, 1]. NaN where one map is the same everywhere or holds a NaN: it ranks
 * nothing, and so it correlates with nothing.
 * @param {ArrayLike<number>} one
 * @param {ArrayLike<number>} other as many
 */
export function rankCorrelation(one, other) {
  if (one.length !== other.length)
    throw new RangeError(`Maps of ${one.length} and ${other.length} values have no rank correlation.`);
  const [x, y] = [centredRanks(one), centredRanks(other)];
  if (x === null || y === null) return Number.NaN;
  const spread = Math.sqrt(dot(x, x) * dot(y, y));
  return spread > 0 ? dot(x, y) / spread : Number.NaN;
}

/**
 * The same of maps on grids of any two sizes.
 * @param {Grid} one
 * @param {Grid} other
 */
export function mapCorrelation(one, other) {
  const rows = Math.max(one.rows, other.rows);
  const columns = Math.max(one.columns, other.columns);
  return rankCorrelation(enlarged(one, rows, columns), enlarged(other, rows, columns));
}

/**
 * @param {Grid} map
 * @param {number} rows
 * @param {number} columns
 */
function enlarged(map, rows, columns) {
  if (map.rows === rows && map.columns === columns) return map.values;
  return bilinear(map.values, map.rows, map.columns, rows, columns);
}

/**
 * @param {Float64Array} x
 * @param {Float64Array} y
 */
function dot(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}

/**
 * Both maps at the neurons that are chosen in both, as they are where none is cut; null where two grids or fewer than
 * two neurons leave nothing to compare.
 * @param {Cut} one
 * @param {Cut} other
 * @returns {[Grid, Grid] | null}
 */
export function inBoth(one, other) {
  const cuts = [one, other].flatMap(({ kept }) => (kept ? [kept] : []));
  if (cuts.length === 0) return [one, other];
  const size = one.values.length;
  // A map of pixels is not on the neurons' grid.
  if (one.rows !== other.rows || other.values.length !== size || cuts.some((kept) => kept.length !== size))
    return null;
  const places = [...cuts[0].keys()].filter((i) => cuts.every((kept) => kept[i] === 1));
  const at = (/** @type {Grid} */ { values }) => ({
    rows: 1,
    columns: places.length,
    values: places.map((i) => values[i]),
  });
  return places.length < 2 ? null : [at(one), at(other)];
}

/**
 * The correlation in words, and why there is none.
 * @param {Cut} pinned
 * @param {Cut} present
 */
export function correlationWords(pinned, present) {
  const none = "no rank correlation: ";
  const both = inBoth(pinned, present);
  if (both === null) return `${none}the maps share fewer than two neurons`;
  const value = mapCorrelation(...both);
  const [{ values: mine }, { values: shown }] = both;
  const over = both[0] === pinned ? "" : ` over ${mine.length} neurons`;
  if (Number.isFinite(value)) return `rank correlation ${value.toFixed(2)}${over}`;
  if (hasNaN(mine) || hasNaN(shown)) return `${none}a map holds values that are no numbers`;
  return `${none}${isFlat(mine) ? "this map" : "the map on show"} is the same everywhere`;
}

/** @param {ArrayLike<number>} values */
function isFlat(values) {
  return Array.from(values).every((value) => value === values[0]);
}

/** @param {ArrayLike<number>} values */
function hasNaN(values) {
  return Array.from(values).some(Number.isNaN);
}
