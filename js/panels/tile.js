import { h } from "../dom.js";
import { diverging } from "../pure/palette.js";
import { number } from "../pure/words.js";

/**
 * What the bars of all tiles show.
 * @typedef {object} Bars
 * @property {ArrayLike<number>} values by filter
 * @property {number} most the largest without its sign
 * @property {boolean} areActivations or else contributions
 */

/**
 * One filter: a picture of what it adds where, its number, and a signed bar beside the strongest.
 * @param {number} filter
 * @param {import("../pure/read.js").Evidence | null} evidence
 * @param {Bars | null} bars null where nothing is known
 */
export function paintTile(filter, evidence, bars) {
  const label = h("span", { class: "cw-tile-label" }, [String(filter)]);
  const attributes = { role: "option", "aria-label": `Filter ${filter}`, "data-filter": String(filter) };
  if (evidence === null || bars === null) return h("div", { ...attributes, class: "cw-tile" }, [label]);
  const value = bars.values[filter] ?? 0;
  const words = describe(filter, evidence);
  const bar = h("span", { class: bars.areActivations ? "cw-signed cw-activation" : "cw-signed" });
  bar.style.setProperty("--cw-share", bars.most > 0 ? (value / bars.most).toFixed(4) : "0");
  const children = [label, bar];
  if (evidence.terms) children.unshift(thumbnail(filter, evidence, evidence.terms));
  return h(
    "div",
    {
      ...attributes,
      class: value < 0 ? "cw-tile cw-against" : "cw-tile",
      "aria-description": words,
      title: `Filter ${filter} ${words}`,
    },
    children,
  );
}

/**
 * @param {number} filter
 * @param {import("../pure/read.js").Evidence} evidence
 */
function describe(filter, { contributions, means }) {
  const added = contributions?.[filter];
  const mean = means[filter];
  const words = [];
  if (added !== undefined) words.push(`${added < 0 ? "takes" : "adds"} ${number(Math.abs(added))}`);
  if (mean !== undefined) words.push(`mean activation ${number(mean)}`);
  return words.join(", ");
}

/**
 * One pixel for a neuron; the page enlarges it.
 * @param {number} filter
 * @param {import("../pure/read.js").Evidence} evidence
 * @param {Int8Array} terms
 */
function thumbnail(filter, { rows, columns }, terms) {
  const size = rows * columns;
  const picture = h("canvas", {
    class: "cw-thumb",
    width: String(columns),
    height: String(rows),
    "aria-hidden": "true",
  });
  const pixels = diverging(terms.subarray(filter * size, (filter + 1) * size));
  picture.getContext("2d")?.putImageData(new ImageData(pixels, columns, rows), 0, 0);
  return picture;
}
