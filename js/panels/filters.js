import { button, consume, h, setText } from "../dom.js";
import { onFrame, watch } from "../model.js";
import { byContribution, filterRange, share, toggleFilter } from "../pure/filters.js";
import { same } from "../pure/history.js";
import * as read from "../pure/read.js";
import { listKeys, mark } from "./listkeys.js";
import { tiles } from "./tiles.js";

/** Digits typed within this time are one number. */
const TYPING = 900; // milliseconds

/**
 * The layer's filters, the strongest first: a picture of what each adds, its signed share, click to choose. Where
 * nothing is weighed, by their numbers. Shift chooses a range of the order; typing a number goes to that filter.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo}} shared
 */
export function filtersPanel(model, el, signal, { undo }) {
  const attributes = { role: "listbox", "aria-label": "Filters", "aria-multiselectable": "true" };
  const list = h("div", { ...attributes, class: "cw-filter-list" });
  const counted = h("span", { class: "cw-title cw-count" });
  const percent = h("span");
  const held = h("span", { class: "cw-muted" }, [
    percent,
    h("span", { class: "cw-spare" }, [" of the evidence"]),
  ]);
  const all = button("All", signal, () => undo.step(model, { filters: null }));
  const none = button("None", signal, () => undo.step(model, { filters: [] }));
  const buttons = h("span", { class: "cw-buttons" }, [all, none]);
  el.append(h("div", { class: "cw-row" }, [counted, held, buttons]), list);

  const grid = tiles(list, signal);
  /** @type {number[]} */
  let order = [];
  let active = -1; // filter
  let anchor = 0; // place in the order where a range begins
  const activate = (/** @type {number} */ place) => {
    active = order[place];
    mark(list, grid.reveal(place));
  };
  const chooseRange = (/** @type {number} */ place) =>
    undo.step(model, { filters: filterRange(order, anchor, place) });
  const press = (/** @type {number} */ place, /** @type {MouseEvent | KeyboardEvent} */ event) => {
    if (event.shiftKey) return chooseRange(place);
    anchor = place;
    undo.step(model, { filters: toggleFilter(read.filters(model), order[place]) });
  };
  const moved = (/** @type {number} */ place, /** @type {KeyboardEvent} */ event) => {
    if (event.shiftKey) chooseRange(place);
    else anchor = place;
  };
  const onClick = (/** @type {MouseEvent} */ event) => {
    const option = /** @type {Element} */ (event.target).closest("[role=option]");
    if (!(option instanceof HTMLElement)) return;
    active = Number(option.dataset.filter);
    mark(list, option);
    press(order.indexOf(active), event);
  };
  list.addEventListener("click", onClick, { signal });
  listKeys(list, signal, {
    size: () => order.length,
    perRow: grid.perRow,
    active: () => order.indexOf(active),
    activate,
    moved,
    pressed: press,
  });
  goToNumber(list, signal, (filter) => order.includes(filter) && activate(order.indexOf(filter)));

  const drawChoice = () => {
    const filters = read.filters(model);
    const total = order.length;
    const known = new Set((filters ?? []).filter((filter) => filter >= 0 && filter < total));
    grid.choose(filters === null ? null : known);
    const some = read.isUnchosen(model) ? "none of" : "all";
    setText(counted, filters === null ? `${some} ${total} filters` : `${known.size} of ${total} filters`);
    const part = share(read.evidence(model)?.contributions ?? [], filters);
    held.hidden = filters === null || part === 0;
    setText(percent, `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`);
    // Where the chosen ones are explained, "none" would explain nothing at all.
    none.hidden = read.choosesTarget(read.evidence(model));
    all.disabled = filters === null;
    none.disabled = same(filters, []);
  };
  const draw = () => {
    const evidence = read.evidence(model);
    const total = read.channels(model);
    el.hidden = total === 0;
    order = byContribution(evidence?.contributions ?? [], total);
    grid.show(order, evidence);
    mark(list, list.querySelector(`[data-filter="${active}"]`));
    drawChoice();
  };
  // Not `layer`: until its evidence is here the list shows the filters that the map is made of.
  watch(model, ["evidence", "choices"], onFrame(draw, signal), signal);
  watch(model, ["filters", "neurons", "region"], onFrame(drawChoice, signal), signal);
  draw();
}

/**
 * @param {HTMLElement} list
 * @param {AbortSignal} signal
 * @param {(number: number) => void} go
 */
function goToNumber(list, signal, go) {
  let typed = "";
  let before = 0;
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (!/^\d$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    typed = event.timeStamp - before < TYPING ? typed + event.key : event.key;
    before = event.timeStamp;
    go(Number(typed));
    consume(event);
  };
  list.addEventListener("keydown", onKey, { signal });
}
