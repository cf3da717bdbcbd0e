/**
 * The picture with the map over it and the grid of neurons: sees to it that the right map is painted, in the next
 * frame, and says when a result has been.
 *
 * @typedef {import("../model.js").Model} Model
 * @typedef {import("../contract.d.ts").Neuron} Neuron
 * @typedef {import("./look.js").Look} Look
 *
 * @typedef {object} Stage
 * @property {Model} model
 * @property {HTMLElement} element
 * @property {Look} look
 * @property {import("../selecting.js").Undo} undo
 * @property {() => import("../pure/shown.js").Shown | null} shown
 * @property {() => import("../pure/geometry.js").Frame} frame of the picture, in CSS pixels of the element
 * @property {() => void} redraw
 */
import { h, setText } from "../dom.js";
import { onFrame, watch } from "../model.js";
import { fit } from "../pure/geometry.js";
import { heat } from "../pure/palette.js";
import * as read from "../pure/read.js";
import { shown } from "../pure/shown.js";
import { eachFilter } from "./each.js";
import { hoveredNumbers } from "./hovered.js";
import { gridKeys } from "./keyboard.js";
import { legend } from "./legend.js";
import { untouched } from "./look.js";
import { makePainter } from "./painter.js";
import { pictures } from "./pictures.js";
import { gridPointer } from "./pointer.js";
import { seenInputs } from "./seen.js";

/**
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo, painted: (seq: number) => void}} shared
 */
export function stagePanel(model, el, signal, { undo, painted }) {
  const canvas = h("canvas", { class: "cw-canvas", "aria-hidden": "true" });
  const message = h("p", { class: "cw-message" });
  const cell = h("div", { role: "row" });
  const element = h(
    "div",
    { role: "grid", "aria-label": "Neurons", "aria-multiselectable": "true", class: "cw-stage" },
    [canvas, h("div", { class: "cw-unseen" }, [cell])],
  );
  const frame = h("div", { class: "cw-stage-frame" }, [element, message]);
  el.append(frame);

  const look = untouched();
  const painter = makePainter(canvas);
  const newest = newestResult(model, signal);
  const present = () =>
    shown(read.evidence(model), newest.result(), read.filters(model), read.selection(model));
  const each = eachFilter(model, el, look);
  const readout = legend(model, el, look);

  const draw = () => {
    const now = present();
    const image = model.get("image") ?? {};
    if (image.width > 0) element.style.setProperty("--cw-aspect", String(image.width / image.height));
    const heats = now && heatOf(now.map);
    const words = look.seen?.bitmap === null ? look.seen.words : look.seen ? "" : sentence(now, heats);
    setText(message, words);
    message.hidden = words === "";
    const isMap = words === "" && look.seen === null && model.get("view") !== "inputs";
    const cell = look.hovered ?? (look.byKeys ? look.active : null);
    numbers(look.dragging ? null : cell, now?.result?.seq ?? 0);
    const done = painter.paint({ now, heats: isMap ? heats : null, look, model });
    frame.hidden = model.get("view") === "filters";
    each(now);
    readout(now);
    if (!look.dragging) keys.describe(now); // who drags does not read it, and a new cell in every frame takes time
    // A picture still on its way is no painted result.
    const waiting = image.width > 0 && look.bitmap === null && !pictures.broken(image);
    if (done && now?.result && !waiting) painted(now.result.seq);
  };
  const redraw = onFrame(draw, signal);
  newest.changed(redraw);
  const numbers = hoveredNumbers(model, look, redraw, signal);
  seenInputs(model, look, redraw, signal);

  /** @type {Stage} */
  const stage = {
    model,
    element,
    look,
    undo,
    shown: present,
    redraw,
    frame: () => fit(model.get("image") ?? {}, { width: element.clientWidth, height: element.clientHeight }),
  };
  const keys = gridKeys(stage, cell, signal);
  gridPointer(stage, signal);
  pictures.follow(model, look, redraw, signal);
  watch(
    model,
    ["evidence", "filters", "neurons", "region", "colormap", "choices", "opacity", "view"],
    redraw,
    signal,
  );
  const size = new ResizeObserver(redraw);
  for (const each of [element, el]) size.observe(each); // the grid is hidden in some views
  signal.addEventListener("abort", () => size.disconnect(), { once: true });
  draw();
  return stage;
}

/**
 * @param {import("../pure/shown.js").Raster} map
 */
export function heatOf({ rows, columns, values, full }) {
  return values.length > 0 && values.length === rows * columns ? heat(values, full) : null;
}

/**
 * What is said in place of a map that cannot be painted.
 * @param {import("../pure/shown.js").Shown | null} now
 * @param {Float32Array | null} heats
 */
export function sentence(now, heats) {
  if (now === null) return "";
  if (now.result && now.result.message !== "") return now.result.message;
  if (heats !== null || now.map.values.length === 0) return "";
  if (!now.chosen.includes(1)) return "No neuron is chosen.";
  return Array.from(now.map.values).every(Number.isFinite)
    ? "No positive evidence for this class in what is chosen."
    : "The map holds values that are not finite.";
}

/**
 * The newest result by its number: one that comes late is dropped.
 * @param {Model} model
 * @param {AbortSignal} signal
 */
function newestResult(model, signal) {
  let result = read.result(model);
  let redraw = () => {};
  const arrive = () => {
    const next = read.result(model);
    if (next === null || (result !== null && next.seq < result.seq)) return;
    result = next;
    redraw();
  };
  watch(model, ["result"], arrive, signal);
  return {
    result: () => result,
    changed: (/** @type {() => void} */ callback) => {
      redraw = callback;
    },
  };
}
