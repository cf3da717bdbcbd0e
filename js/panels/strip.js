/**
 * Many pictures: Previous, Next, and a strip of thumbnails. Only those in sight are in the page, and only theirs are
 * asked for; what the network says of all comes by the trait `pictures`.
 */
import { makeAsk } from "../ask.js";
import { button, freshId, h, setText } from "../dom.js";
import { follow, onFrame, setTraits, watch } from "../model.js";
import { verdictOf } from "../pure/album.js";
import * as read from "../pure/read.js";
import { rowsInSight } from "../pure/rows.js";
import { listKeys, mark } from "./listkeys.js";

const WIDTH = 104; // CSS pixels from one to the next, as in css/strip.css

/** Thumbnails kept in the page; then it begins anew. */
const MOST = 1000;

/** @type {[import("../contract.d.ts").Order, string][]} */
const ORDERS = [
  ["given", "As given"],
  ["wrong", "Wrong and confident first"],
  ["unsure", "Least confident first"],
];

/**
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{kernel: import("../kernel.js").Kernel}} shared
 */
export function stripPanel(model, el, signal, { kernel }) {
  const ask = makeAsk(model, signal);
  const step = (/** @type {string} */ sign, /** @type {string} */ label, /** @type {number} */ by) => {
    const element = button(sign, signal, () => show(place() + by));
    element.ariaLabel = label;
    return element;
  };
  const previous = step("‹", "Previous picture", -1);
  const next = step("›", "Next picture", 1);
  const name = h("strong");
  const words = h("span");
  const select = h(
    "select",
    { "aria-label": "Sort pictures" },
    ORDERS.map(([value, label]) => h("option", { value }, [label])),
  );
  const sort = () => setTraits(model, { order: /** @type {any} */ (select.value) });
  select.addEventListener("change", sort, { signal });
  const inner = h("div", { role: "presentation", class: "cw-shots" });
  const list = h(
    "div",
    {
      role: "listbox",
      "aria-label": "Pictures",
      "aria-orientation": "horizontal",
      class: "cw-album cw-some",
    },
    [inner],
  );
  const note = h("p", { class: "cw-note" });
  const said = h("span", { class: "cw-shown cw-muted", "aria-live": "polite" }, [name, words]);
  el.append(h("div", { class: "cw-row cw-album-head" }, [previous, next, said, select]), list, note);

  /** @type {Map<number, ReturnType<typeof shot>>} */
  const known = new Map();
  let active = -1; // number of a picture
  let last = 0; // the one on show before a picture of one's own
  let asked = "";
  let drawn = "";

  const order = () => read.pictures(model).order;
  const index = () => model.get("index") ?? -1;
  const place = () => order().indexOf(index() < 0 ? last : index());
  const show = (/** @type {number} */ at) => setTraits(model, { index: order()[at] });
  const get = (/** @type {number} */ number) => {
    const one = known.get(number) ?? shot(number);
    known.set(number, one);
    return one;
  };
  const reveal = (/** @type {number} */ at) => {
    const left = at * WIDTH;
    list.scrollLeft = Math.max(left + 2 * WIDTH - list.clientWidth, Math.min(left - WIDTH, list.scrollLeft));
    fill();
  };
  const activate = (/** @type {number} */ at) => {
    active = order()[at];
    reveal(at);
    mark(list, get(active).element);
  };
  const size = () => order().length;
  listKeys(list, signal, {
    size,
    perRow: size,
    active: () => order().indexOf(active),
    activate,
    moved: show,
    pressed: show,
  });
  const onClick = (/** @type {Event} */ { target }) => {
    const at = order().findIndex((number) =>
      known.get(number)?.element.contains(/** @type {Node} */ (target)),
    );
    if (at < 0) return;
    activate(at);
    show(at);
  };
  list.addEventListener("click", onClick, { signal });

  /** Brings those in sight into the page, and asks for what is missing of them. */
  const fill = () => {
    const pictures = read.pictures(model);
    const [from, to] = rowsInSight(list.scrollLeft, list.clientWidth, WIDTH, size());
    inner.style.width = `${size() * WIDTH}px`;
    inner.style.paddingLeft = `${from * WIDTH}px`;
    const seen = order().slice(from, to);
    const elements = seen.map((number, i) => {
      const verdict = verdictOf(pictures, number, read.choices(model, "classes"));
      return get(number).show(verdict, number === index(), from + i + 1, size());
    });
    if (drawn !== String(seen)) inner.replaceChildren(...elements);
    drawn = String(seen);
    const numbers = [...seen, index()].filter((number) => number >= 0 && !get(number).isThere);
    if (numbers.length === 0 || asked === String(numbers)) return;
    asked = String(numbers);
    ask({ kind: "pictures", numbers }, ({ pictures = [] }) => {
      if (known.size > MOST) {
        known.clear();
        drawn = "";
      }
      for (const one of pictures) get(one.number).take(one);
      if (pictures.length > 0) draw();
    });
  };

  const draw = () => {
    const pictures = read.pictures(model);
    el.hidden = pictures.count === 0 || !kernel.reached;
    if (el.hidden) return;
    const at = place();
    previous.disabled = at <= 0;
    next.disabled = at >= size() - 1;
    select.value = model.get("order");
    const { words: verdict } = verdictOf(pictures, index(), read.choices(model, "classes"));
    setText(name, index() < 0 ? "A picture of your own" : `Picture ${index()}`);
    const told = dotted(get(Math.max(0, index())).name, `${at + 1} of ${size()}`, verdict);
    setText(words, index() < 0 ? "" : ` · ${told}`);
    setText(note, pictures.note);
    note.hidden = pictures.note === "";
    fill();
  };
  const follows = () => {
    if (index() >= 0) active = last = index();
    draw();
    reveal(Math.max(0, place()));
  };
  const redraw = () => {
    asked = ""; // what was not read may be so now
    draw();
  };
  list.addEventListener("scroll", onFrame(fill, signal), { signal, passive: true });
  const resized = new ResizeObserver(onFrame(draw, signal));
  resized.observe(list);
  signal.addEventListener("abort", () => resized.disconnect(), { once: true });
  kernel.changed.addEventListener("change", draw, { signal });
  follow(model, ["pictures", "choices"], redraw, signal);
  follow(model, ["index"], follows, signal);
  const sorted = () => {
    list.scrollLeft = 0; // what was sought comes first
  };
  watch(model, ["order"], sorted, signal);
}

const dotted = (/** @type {string[]} */ ...parts) => parts.filter(Boolean).join(" · ");

/** @param {number} number */
function shot(number) {
  const image = h("img", { alt: "" });
  const label = h("span", { class: "cw-tile-label" });
  const attributes = {
    role: "option",
    id: freshId(),
    "aria-label": `Picture ${number}`,
    class: "cw-tile cw-shot",
  };
  const element = h("div", attributes, [image, label]);
  return {
    element,
    isThere: false,
    name: "",
    /** @param {import("../contract.d.ts").Thumbnail} found */
    take({ name, thumbnail }) {
      this.isThere = true;
      this.name = name;
      image.src = thumbnail;
    },
    /**
     * @param {ReturnType<typeof verdictOf>} verdict
     * @param {boolean} chosen
     * @param {number} place
     * @param {number} total
     */
    show({ said, truth, words }, chosen, place, total) {
      setText(label, { right: "✓ ", wrong: "✗ ", "": "" }[truth] + (said || "…"));
      element.dataset.truth = truth;
      const title = dotted(this.name, words);
      return Object.assign(element, { title, ariaSelected: chosen, ariaPosInSet: place, ariaSetSize: total });
    },
  };
}
