import { h, setText } from "../dom.js";
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
  const more = h("span", { class: "cw-more", "aria-hidden": "true" }, ["✦"]);
  const label = h("span", { class: "cw-tile-label" }, [String(filter), more]);
  const attributes = { role: "option", "aria-label": `Filter ${filter}`, "data-filter": String(filter) };
  const excites = [
    h("img", { class: "cw-thumb cw-excited-only", alt: "", decoding: "sync" }),
    h("span", { class: "cw-tile-label cw-muted cw-excited-only" }),
  ];
  if (evidence === null || bars === null)
    return h("div", { ...attributes, class: "cw-tile" }, [label, ...excites]);
  const value = bars.values[filter] ?? 0;
  const words = describe(filter, evidence);
  const bar = h("span", { class: bars.areActivations ? "cw-signed cw-activation" : "cw-signed" });
  bar.style.setProperty("--cw-share", bars.most > 0 ? (value / bars.most).toFixed(4) : "0");
  const children = [label, bar, ...excites];
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
 * The picture that excites the filter most below it, and the activation reached; empty where there is none yet.
 * @typedef {(filter: number) => import("../exciting.js").Excited | undefined} ExcitedOf
 * @param {HTMLElement} element
 * @param {ReturnType<ExcitedOf>} excited
 */
export function showExcited(element, excited) {
  const [picture, value] = /** @type {any} */ (element.querySelectorAll(".cw-excited-only"));
  showPicture(picture, excited);
  setText(value, excited?.value ?? "");
}

/**
 * @param {HTMLImageElement} picture
 * @param {Pick<import("../exciting.js").Excited, "src" | "words">} [excited]
 */
export function showPicture(picture, { src, words } = NONE) {
  picture.title = words;
  picture.hidden = src === "";
  if (picture.src !== src) picture.src = src;
}

const NONE = { src: "", words: "" };

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
