import { button, consume, freshId, h, setText } from "../dom.js";
import { onFrame, watch } from "../model.js";
import { byActivation, byContribution, filterRange, share, toggleFilter } from "../pure/filters.js";
import { same } from "../pure/history.js";
import * as read from "../pure/read.js";
import { excitingBar } from "./exciting.js";
import { filterBar } from "./filterbar.js";
import { listKeys, mark } from "./listkeys.js";
import { tiles } from "./tiles.js";

/** Digits typed within this time are one number. */
const TYPING = 900; // milliseconds

/** Two clicks on one filter within this time are a double click, with a finger too. */
const DOUBLE = 400; // milliseconds

const HELP =
  "Click or Space: in or out · double click or O: only this one · Shift: a range · type a number: go there · ✦ or E: what excites it";

/**
 * The layer's filters: a picture of what each adds, its signed share, click to choose. Sorted by contribution, index or
 * activation; all of them, or those that are sought.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo, look: import("./exciting.js").Look,
 *   exciting: import("./exciting.js").Exciting}} shared
 */
export function filtersPanel(model, el, signal, { undo, look, exciting }) {
  const help = h("p", { id: freshId(), class: "cw-muted cw-filter-help" }, [HELP]);
  const list = h("div", {
    role: "listbox",
    "aria-label": "Filters",
    "aria-multiselectable": "true",
    "aria-describedby": help.id,
    class: "cw-filter-list",
  });
  const { head, drawHead } = header(model, signal, undo);
  el.append(head);
  const bar = filterBar(el, signal, {
    changed: () => draw(),
    choose: (filters) => undo.step(model, { filters }),
  });
  const pictures = excitingBar(el, signal, exciting, () => grid);
  el.append(list);
  el.append(help);
  const ask = (/** @type {number} */ filter) => look(`filter ${filter}`, list);

  const grid = tiles(list, signal, () => pictures.moved());
  /** @type {number[]} */
  let order = [];
  let active = -1; // filter
  const activate = (/** @type {number} */ place) => {
    active = order[place];
    mark(list, grid.reveal(place));
  };
  const { press, moved, only } = choosing(model, undo, () => order);
  const onClick = (/** @type {MouseEvent} */ event) => {
    const option = /** @type {Element} */ (event.target).closest("[role=option]");
    if (!(option instanceof HTMLElement)) return;
    active = Number(option.dataset.filter);
    mark(list, option);
    if (/** @type {Element} */ (event.target).closest(".cw-more")) return ask(active);
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
  const onLetter = (/** @type {KeyboardEvent} */ event) => {
    const act = { o: only, e: ask }[event.key.toLowerCase()];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (order.includes(active)) act(active);
    consume(event);
  };
  list.addEventListener("keydown", onLetter, { signal });
  goToNumber(list, signal, (filter) => order.includes(filter) && activate(order.indexOf(filter)));

  const drawChoice = () => {
    const filters = read.filters(model);
    const total = read.channels(model);
    const known = new Set((filters ?? []).filter((filter) => filter >= 0 && filter < total));
    grid.choose(filters === null ? null : known);
    drawHead(total, known.size);
    const evidence = read.evidence(model);
    bar.say(evidence === null ? [] : evidence.contributions, total, filters);
  };
  const draw = () => {
    const evidence = read.evidence(model);
    const total = read.channels(model);
    el.hidden = total === 0;
    const sorting = bar.sorting(evidence);
    const sought = bar.sought(total);
    order = inOrder(sorting, evidence, total).filter((filter) => sought === null || sought.has(filter));
    grid.show(order, evidence, barsOf(sorting, evidence));
    mark(list, list.querySelector(`[data-filter="${active}"]`));
    drawChoice();
  };
  // Not `layer`: until its evidence is here the list shows the filters that the map is made of.
  watch(model, ["evidence", "choices"], onFrame(draw, signal), signal);
  watch(model, ["filters", "neurons", "region"], onFrame(drawChoice, signal), signal);
  draw();
  pictures.draw();
}

/**
 * How many are chosen and what they hold, all of them, none.
 * @param {import("../model.js").Model} model
 * @param {AbortSignal} signal
 * @param {import("../selecting.js").Undo} undo
 */
function header(model, signal, undo) {
  const counted = h("span", { class: "cw-title cw-count" });
  const percent = h("span");
  const spare = h("span", { class: "cw-spare" }, [" of the evidence"]);
  const held = h("span", { class: "cw-muted cw-held" }, [percent, spare]);
  held.title = "Of all that filters add to the map and take from it";
  const all = button("All", signal, () => undo.step(model, { filters: null }));
  const none = button("None", signal, () => undo.step(model, { filters: [] }));
  const head = h("div", { class: "cw-row cw-filter-head" }, [
    counted,
    held,
    h("span", { class: "cw-buttons" }, [all, none]),
  ]);
  const drawHead = (/** @type {number} */ total, /** @type {number} */ chosen) => {
    const filters = read.filters(model);
    const some = filters !== null ? `${chosen} of ` : read.isUnchosen(model) ? "" : "all ";
    setText(counted, `${some}${total} filters`);
    const part = share(read.evidence(model)?.contributions ?? [], filters);
    held.hidden = filters === null || part === 0;
    setText(percent, `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`);
    // Where the chosen ones are explained, "none" would explain nothing at all.
    none.hidden = read.choosesTarget(read.evidence(model));
    all.disabled = filters === null;
    none.disabled = same(filters, []);
  };
  return { head, drawHead };
}

/**
 * What a click or a key on a filter does.
 * @param {import("../model.js").Model} model
 * @param {import("../selecting.js").Undo} undo
 * @param {() => number[]} order
 */
function choosing(model, undo, order) {
  let anchor = -1; // the filter where a range begins: places change with the order
  let last = { filter: -1, time: 0, changed: false };
  const chooseRange = (/** @type {number} */ place) => {
    const from = anchor === -1 ? 0 : order().indexOf(anchor);
    undo.step(model, { filters: filterRange(order(), from === -1 ? place : from, place) });
  };
  const only = (/** @type {number} */ filter) => undo.step(model, { filters: [filter] });
  const press = (/** @type {number} */ place, /** @type {MouseEvent | KeyboardEvent} */ event) => {
    if (event.shiftKey) return chooseRange(place);
    const filter = order()[place];
    anchor = filter;
    const isDouble = event.type === "click" && filter === last.filter && event.timeStamp - last.time < DOUBLE;
    if (isDouble) {
      // The first click of the two was no step of its own.
      if (last.changed) undo.back(model);
      last = { filter: -1, time: 0, changed: false };
      return only(filter);
    }
    const before = read.filters(model);
    undo.step(model, { filters: toggleFilter(before, filter) });
    last = { filter, time: event.timeStamp, changed: !same(before, read.filters(model)) };
  };
  const moved = (/** @type {number} */ place, /** @type {KeyboardEvent} */ event) => {
    if (event.shiftKey) chooseRange(place);
    else anchor = order()[place];
  };
  return { press, moved, only };
}

/**
 * @param {import("./filterbar.js").Sorting} sorting
 * @param {read.Evidence | null} evidence
 * @param {number} channels
 */
function inOrder(sorting, evidence, channels) {
  if (sorting === "contribution") return byContribution(evidence?.contributions ?? [], channels);
  if (sorting === "activation") return byActivation(evidence?.means ?? [], channels);
  return Array.from({ length: channels }, (_, filter) => filter);
}

/**
 * The bars are of what the list is sorted by; by index, of contributions.
 * @param {import("./filterbar.js").Sorting} sorting
 * @param {read.Evidence | null} evidence
 * @returns {import("./tile.js").Bars | null}
 */
function barsOf(sorting, evidence) {
  const areActivations = sorting === "activation";
  const values = areActivations ? evidence?.means : evidence?.contributions;
  if (!values) return null;
  return {
    values,
    areActivations,
    most: values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0),
  };
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
