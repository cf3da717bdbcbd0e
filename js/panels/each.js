/** One map over the picture for each chosen filter, each on its own scale; blank ones are named. */
import { h, setText } from "../dom.js";
import { byContribution } from "../pure/filters.js";
import { devicePixels } from "../pure/geometry.js";
import { heat, largest } from "../pure/palette.js";
import { filterSum, keep } from "../pure/preview.js";
import * as read from "../pure/read.js";
import { number } from "../pure/words.js";
import { paintMap } from "./painter.js";

/** Where no filter is chosen, this many of the strongest are shown. */
const USUAL = 6;
/** More pictures side by side nobody reads. */
const MOST = 24;

/**
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {import("./look.js").Look} look
 * @returns {(now: import("../pure/shown.js").Shown | null) => void} draws it where the view asks for it
 */
export function eachFilter(model, el, look) {
  const words = h("p", { class: "cw-muted cw-each-words" });
  const list = h("div", { class: "cw-each", role: "list", "aria-label": "Maps by filter" });
  const panel = h("div", {}, [list, words]);
  el.append(panel);
  const layer = h("canvas");

  return (now) => {
    panel.hidden = model.get("view") !== "filters";
    if (panel.hidden || now === null) return;
    const evidence = read.evidence(model);
    const terms = evidence?.terms ? evidence : null;
    const filters = terms === null ? [] : chosen(model, terms);
    setText(words, sentence(model, terms, filters.length));
    words.hidden = words.textContent === "";
    while (list.children.length > filters.length) list.lastElementChild?.remove();
    while (list.children.length < filters.length) list.append(figure());
    filters.forEach((filter, place) => {
      if (terms === null) return;
      const values = keep(filterSum(terms, [filter]), now.chosen);
      const full = largest(values);
      const caption = `filter ${filter} · ${full > 0 ? number(full) : "blank"}`;
      const item = /** @type {HTMLElement} */ (list.children[place]);
      item.classList.toggle("cw-blank", !(full > 0));
      item.title = full > 0 ? `The colours reach up to ${number(full)}.` : BLANK;
      setText(/** @type {Node} */ (item.lastChild), caption);
      const map = { rows: now.rows, columns: now.columns, values, full, maximum: full, ofPixels: false };
      paint(/** @type {HTMLCanvasElement} */ (item.firstChild), { ...now, map });
    });
  };

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import("../pure/shown.js").Shown} now
   */
  function paint(canvas, now) {
    const { width = 1, height = 1 } = model.get("image") ?? {};
    canvas.style.aspectRatio = String(width / height);
    const size = devicePixels(
      { width: canvas.clientWidth, height: (canvas.clientWidth * height) / width },
      devicePixelRatio,
    );
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    const context = canvas.getContext("2d");
    if (context === null) return;
    const frame = { left: 0, top: 0, ...size };
    context.clearRect(0, 0, size.width, size.height);
    const heats = heat(now.map.values, now.map.full);
    paintMap(context, layer, frame, { now, heats, bitmap: look.bitmap, model });
  }
}

const BLANK =
  "This filter adds nothing at the chosen neurons: what it has speaks against the class, or it is silent.";

function figure() {
  return h("div", { role: "listitem" }, [h("canvas", { "aria-hidden": "true" }), h("span")]);
}

/**
 * @param {import("../model.js").Model} model
 * @param {import("../pure/read.js").Evidence} evidence
 */
function chosen(model, evidence) {
  const filters = read.filters(model);
  if (filters !== null) return filters.filter((filter) => filter < evidence.channels).slice(0, MOST);
  return byContribution(evidence.contributions ?? [], evidence.channels).slice(0, USUAL);
}

/**
 * @param {import("../model.js").Model} model
 * @param {import("../pure/read.js").Evidence | null} evidence
 * @param {number} shown
 */
function sentence(model, evidence, shown) {
  if (evidence === null)
    return "There is no map of single filters here: the method weighs none, or the layer is too large to be sent.";
  const filters = read.filters(model);
  if (filters === null) return `The ${shown} strongest filters. Choose others in the list.`;
  if (filters.length === 0) return "No filter is chosen.";
  return shown < filters.length ? `The first ${shown} of ${filters.length} chosen filters.` : "";
}
