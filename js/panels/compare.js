/**
 * Pinned maps beside the one on show: the same size, those of its method and score on one scale if wanted, each with
 * its settings in words and its rank correlation with the map on show. A click on a pinned map brings its settings back.
 *
 * @typedef {import("../pins.js").Pin} Pin
 */
import { button, h, setText } from "../dom.js";
import { onFrame, watch } from "../model.js";
import { bringBack } from "../pins.js";
import { largestFull, MOST_PINS, snapshot } from "../pure/pins.js";
import { number } from "../pure/words.js";
import { makeBitmaps } from "./bitmaps.js";
import { makeFigure } from "./figure.js";

const INVITATION = "Pin keeps this map; what you choose next stands beside it.";

/** Correlations are told when the map has stood still this long: numbers that run with a drag say nothing. */
const STILL = 150; // milliseconds

/** @type {(keyof import("../contract.d.ts").State)[]} */
const PAINTED = ["result", "evidence", "image", "filters", "neurons", "region"];
/** @type {(keyof import("../contract.d.ts").State)[]} */
const LOOKS = ["colormap", "choices", "opacity", "view", "status"];

/**
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo, pins: import("../pins.js").Pins,
 *   shown: () => import("../pure/shown.js").Shown | null}} shared
 */
export function comparePanel(model, el, signal, { undo, pins, shown }) {
  const words = h("span", { class: "cw-muted" });
  const said = h("span", { class: "cw-unseen", "aria-live": "polite" });
  const same = h("input", { type: "checkbox", checked: "" });
  const scale = h("label", { class: "cw-tick" }, [same, "Same scale"]);
  const present = () => snapshot(model, shown());
  const pin = button("Pin", signal, () => {
    const taken = present();
    const added = taken && pins.add(taken);
    if (added) setText(said, `Pinned as pin ${added.number}.`);
  });
  const list = h("ul", { class: "cw-figures", "aria-label": "Pinned maps" });
  el.append(
    h("div", { class: "cw-row" }, [
      h("span", { class: "cw-title" }, ["Compare"]),
      words,
      said,
      h("span", { class: "cw-buttons" }, [scale, pin]),
    ]),
    list,
  );

  /** @type {Map<Pin | null, ReturnType<typeof makeFigure> & {end: () => void}>} by pin; null: the map on show */
  const figures = new Map();
  const figureOf = (/** @type {Pin | null} */ one) => {
    const known = figures.get(one);
    if (known) return known;
    const life = new AbortController(); // of its listeners, which is shorter than the view's
    signal.addEventListener("abort", () => life.abort(), { once: true, signal: life.signal });
    const made = makeFigure(model, life.signal, {
      pin: one,
      back: () => one && bringBack(model, one, undo),
      remove: () => {
        if (one) pins.remove(one);
        pin.focus();
      },
    });
    const figure = {
      ...made,
      end: () => {
        life.abort();
        made.element.remove();
        figures.delete(one);
      },
    };
    figures.set(one, figure);
    list.append(made.element);
    return figure;
  };

  let settling = 0;
  let unit = ""; // of the map on show, or of the one before while its settings are not known
  const draw = () => {
    const now = present();
    pin.disabled = now === null || pins.all.length >= MOST_PINS;
    pin.title =
      pins.all.length >= MOST_PINS ? `${MOST_PINS} maps are pinned. Remove one to pin another.` : "";
    const wanted = pins.all.length === 0 ? [] : [null, ...pins.all];
    list.hidden = wanted.length === 0;
    for (const [one, figure] of figures) if (!wanted.includes(one)) figure.end();
    const known = wanted.flatMap((one) => one ?? now ?? []);
    unit = now?.unit ?? unit;
    const alike = known.filter((taken) => taken.unit === unit);
    scale.hidden = alike.length < 2;
    const isShared = same.checked && !scale.hidden;
    const most = largestFull(alike);
    bitmaps.keep(known.map((taken) => taken.image));
    list.style.setProperty("--cw-figures", String(wanted.length));
    for (const one of wanted) {
      const taken = one ?? now;
      const isOwn = taken?.unit !== unit;
      const full = isShared && !isOwn ? most : (taken?.shown.map.full ?? 0);
      const bitmap = taken && bitmaps.of(taken.image);
      figureOf(one).draw(taken, { full, isOwn: isShared && isOwn, bitmap, present: now });
    }
    const others = known.length - alike.length;
    setText(words, list.hidden ? INVITATION : isShared ? sharedWords(most, others) : ownWords(scale.hidden));
    clearTimeout(settling);
    settling = window.setTimeout(() => {
      for (const one of pins.all) figures.get(one)?.correlate(now);
    }, STILL);
  };
  const redraw = onFrame(draw, signal);
  const bitmaps = makeBitmaps(redraw, signal);
  signal.addEventListener("abort", () => clearTimeout(settling), { once: true });
  pins.changed.addEventListener("change", draw, { signal }); // at once: Pin takes the focus of one that is removed
  same.addEventListener("change", redraw, { signal });
  watch(model, [...PAINTED, ...LOOKS], redraw, signal);
  const size = new ResizeObserver(redraw);
  size.observe(list);
  signal.addEventListener("abort", () => size.disconnect(), { once: true });
  draw();
}

/**
 * @param {number} most what the shared scale reaches up to
 * @param {number} others how many maps do not share it
 */
function sharedWords(most, others) {
  return `The colours of ${others > 0 ? "maps of this method and score" : "all maps"} reach up to ${number(most)}.`;
}

/** @param {boolean} differ whether no scale could be shared */
function ownWords(differ) {
  return `Each map has its own scale${differ ? ": their units differ" : ""}.`;
}
