import { h } from "../dom.js";
import { diverging } from "../pure/palette.js";
import { number } from "../pure/words.js";

/**
 * One filter: a picture of what it adds where, its number, its signed share beside the strongest.
 * @param {number} filter
 * @param {import("../pure/read.js").Evidence | null} evidence
 * @param {number} most the strongest filter's contribution, without its sign
 */
export function paintTile(filter, evidence, most) {
  const label = h("span", { class: "cw-tile-label" }, [String(filter)]);
  const attributes = { role: "option", "aria-label": `Filter ${filter}`, "data-filter": String(filter) };
  if (evidence === null || evidence.contributions === null) {
    return h("div", { ...attributes, class: "cw-tile" }, [label]);
  }
  const value = evidence.contributions[filter] ?? 0;
  const words = `${value < 0 ? "takes" : "adds"} ${number(Math.abs(value))}`;
  const bar = h("span", { class: "cw-signed" });
  bar.style.setProperty("--cw-share", most > 0 ? (value / most).toFixed(4) : "0");
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
