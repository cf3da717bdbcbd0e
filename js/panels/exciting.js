/**
 * What excites a filter or a class most: for the whole strip of filters, and one picture by itself.
 *
 * @typedef {import("../contract-frames.d.ts").Unit} Unit
 * @typedef {import("../exciting.js").Exciting} Exciting
 * @typedef {ReturnType<typeof portrait>} Look
 */
import { button, h, setText } from "../dom.js";
import { onFrame } from "../model.js";
import { showPicture } from "./tile.js";

/**
 * The switch over the strip of filters, and how far the pictures are.
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {Exciting} exciting
 * @param {() => ReturnType<typeof import("./tiles.js").tiles>} tiles
 */
export function excitingBar(el, signal, exciting, tiles) {
  const check = h("input", { type: "checkbox" });
  const label = h("label", { class: "cw-tick" }, [check, "Show what excites them"]);
  const stop = button("Stop", signal, exciting.toggle);
  const bar = h("progress", { class: "cw-progress", max: "1", "aria-label": "Formed" });
  const words = h("span", { class: "cw-muted", role: "status" });
  // In a page with pictures the switch needs no kernel.
  const asks = exciting.album.size === 0 ? "cw-asks" : "";
  el.append(h("fieldset", { class: `cw-filter-bar cw-excites ${asks}` }, [label, stop, bar, words]));
  const draw = () => {
    tiles().excite(check.checked ? (filter) => exciting.album.get(`filter ${filter}`) : null);
    const now = exciting.progress();
    stop.hidden = !now.open;
    bar.hidden = !now.open || now.stopped;
    bar.value = now.share || 0;
    setText(stop, now.stopped ? "Go on" : "Stop");
    setText(words, now.words);
  };
  const want = (isUrgent = false) => {
    const filters = check.checked ? tiles().inSight() : [];
    exciting.want(
      check,
      filters.map((filter) => /** @type {Unit} */ (`filter ${filter}`)),
      isUrgent,
    );
  };
  const switched = () => {
    draw(); // with higher tiles there are fewer in sight
    want(true);
  };
  check.addEventListener("change", switched, { signal });
  exciting.changed.addEventListener("change", onFrame(draw, signal), { signal });
  signal.addEventListener("abort", () => exciting.want(check, []));
  return {
    draw,
    /** Other filters are in sight. */
    moved: () => check.checked && want(),
  };
}

/**
 * One picture by itself, with what it reached: a figure that stands where it is wanted. One for a view.
 * @param {AbortSignal} signal
 * @param {Exciting} exciting
 */
export function portrait(signal, exciting) {
  /** @type {Unit} */
  let unit = "class 0";
  const picture = h("img", { alt: "", decoding: "sync" });
  const title = h("strong");
  const words = h("p", { class: "cw-muted" });
  const figure = h("figure", { class: "cw-figure cw-row" }, [picture, h("figcaption", {}, [title, words])]);
  const draw = () => {
    figure.hidden = !exciting.wishes.has(figure);
    const excited = exciting.album.get(unit);
    showPicture(picture, excited);
    setText(words, excited?.words ?? "");
  };
  exciting.changed.addEventListener("change", onFrame(draw, signal), { signal });
  signal.addEventListener("abort", () => exciting.want(figure, []));
  /**
   * Shows it; where it is on show, puts it away.
   * @param {Unit} wanted
   * @param {HTMLElement} place it stands behind
   * @param {string} [name] of it
   */
  return (wanted, place, name = wanted) => {
    const isShown = exciting.wishes.has(figure) && unit === wanted;
    unit = wanted;
    setText(title, `What excites ${name} most`);
    place.after(figure);
    exciting.want(figure, isShown ? [] : [unit], true);
  };
}
