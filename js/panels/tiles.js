/**
 * The tiles of the filter list. A layer may have 2048 filters; a page with as many tiles drops frames whenever anything
 * on it changes. So only the rows in sight are in the page, unless the layer is small. Screen readers are told
 * place and size of the whole list.
 *
 * @typedef {import("../pure/read.js").Evidence} Evidence
 */
import { freshId, h } from "../dom.js";
import { onFrame } from "../model.js";
import { columnsFor, rowsInSight } from "../pure/rows.js";
import { paintTile, showExcited } from "./tile.js";

/** Layers with no more filters are in the page whole. */
const FEW = 128;

const GAP = 6; // CSS pixels, as in css/filters.css
const WIDTH = 60; // at least
const HEIGHT = { pictured: 82, plain: 38, bare: 28 };
const EXCITED = 66; // more, for what excites a filter

/**
 * @param {HTMLElement} list
 * @param {AbortSignal} signal
 * @param {() => void} moved called when other rows may be in sight
 */
export function tiles(list, signal, moved) {
  const inner = h("div", { role: "presentation", class: "cw-tiles" });
  list.append(inner);
  const idBase = freshId();
  /** @type {number[]} */
  let order = [];
  /** @type {Evidence | null} */
  let evidence = null;
  /** @type {import("./tile.js").Bars | null} */
  let bars = null;
  /** @type {Set<number> | null} */
  let chosen = null;
  let columns = 1;
  let drawn = ""; // what of the order is in the page
  /** @type {Map<number, HTMLElement>} by filter; those in the page */
  let present = new Map();

  /** @returns {keyof typeof HEIGHT} */
  const kind = () => (bars === null ? "bare" : evidence?.terms ? "pictured" : "plain");
  /** @type {import("./tile.js").ExcitedOf | null} */
  let exciting = null;
  const rowHeight = () => HEIGHT[kind()] + (exciting === null ? 0 : EXCITED) + GAP;
  const choose = (/** @type {HTMLElement} */ element, /** @type {number} */ filter) => {
    const value = String(chosen === null || chosen.has(filter));
    if (element.getAttribute("aria-selected") !== value) element.setAttribute("aria-selected", value);
  };

  /** Brings the rows in sight into the page. */
  const fill = () => {
    place();
    moved();
  };
  const place = () => {
    columns = columnsFor(inner.clientWidth, WIDTH, GAP);
    const rows = Math.ceil(order.length / columns);
    const [first, last] =
      order.length <= FEW ? [0, rows] : rowsInSight(list.scrollTop, list.clientHeight, rowHeight(), rows);
    const now = `${columns} ${first} ${last}`;
    if (now === drawn) return;
    drawn = now;
    inner.style.gridAutoRows = `${rowHeight() - GAP}px`;
    inner.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    inner.style.height = `${Math.max(0, rows * rowHeight() - GAP)}px`;
    inner.style.paddingTop = `${first * rowHeight()}px`;
    /** @type {Map<number, HTMLElement>} */
    const next = new Map();
    for (let place = first * columns; place < Math.min(order.length, last * columns); place++) {
      const filter = order[place];
      const element = present.get(filter) ?? paintTile(filter, evidence, bars);
      element.id = `${idBase}-${filter}`;
      element.setAttribute("aria-posinset", String(place + 1));
      element.setAttribute("aria-setsize", String(order.length));
      choose(element, filter);
      if (exciting !== null) showExcited(element, exciting(filter));
      next.set(filter, element);
    }
    present = next;
    inner.replaceChildren(...present.values());
  };

  list.addEventListener("scroll", onFrame(fill, signal), { signal, passive: true });
  const size = new ResizeObserver(fill);
  size.observe(list);
  signal.addEventListener("abort", () => size.disconnect(), { once: true });

  return {
    perRow: () => columns,

    /**
     * @param {number[]} newOrder
     * @param {Evidence | null} newest
     * @param {import("./tile.js").Bars | null} newBars
     */
    show(newOrder, newest, newBars) {
      order = newOrder;
      if (evidence !== newest || bars?.values !== newBars?.values) present = new Map();
      evidence = newest;
      bars = newBars;
      drawn = "";
      list.classList.toggle("cw-plain", kind() === "plain");
      list.classList.toggle("cw-bare", kind() === "bare");
      fill();
    },

    inSight() {
      const row = (/** @type {number} */ pixels) => pixels / rowHeight();
      const last = Math.ceil(row(list.scrollTop + list.clientHeight - 2 * GAP));
      return order.slice(Math.floor(row(list.scrollTop)) * columns, last * columns);
    },

    /**
     * What excites each filter, below it.
     * @param {import("./tile.js").ExcitedOf | null} of
     */
    excite(of) {
      const isOther = (of === null) !== (exciting === null);
      exciting = of;
      if (isOther) {
        list.classList.toggle("cw-excited", of !== null);
        drawn = "";
        fill();
      } else if (of !== null) for (const [filter, element] of present) showExcited(element, of(filter));
    },

    /** @param {Set<number> | null} filters null = all */
    choose(filters) {
      chosen = filters;
      list.classList.toggle("cw-some", filters !== null);
      for (const [filter, element] of present) choose(element, filter);
    },

    /**
     * Scrolls the list alone (scrollIntoView would move the notebook as well) until the place is in sight.
     * @param {number} place
     * @returns {HTMLElement | null}
     */
    reveal(place) {
      const top = Math.floor(place / columns) * rowHeight();
      const room = list.clientHeight - 2 * GAP - rowHeight();
      if (top < list.scrollTop) list.scrollTop = top;
      else if (top > list.scrollTop + room) list.scrollTop = top - Math.max(0, room);
      fill();
      return present.get(order[place]) ?? null;
    },
  };
}
