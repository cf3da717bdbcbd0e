/**
 * Many pictures: Previous, Next, and a strip of thumbnails. Only those in sight are in the page, and only theirs are
 * asked for; what the network says of all comes by the trait `pictures`.
 */
import { makeAsk } from "../ask.js";
import { button, freshId, h, setText } from "../dom.js";
import { follow, onFrame, setTraits } from "../model.js";
import { verdictOf } from "../pure/album.js";
import * as read from "../pure/read.js";
import { rowsInSight } from "../pure/rows.js";
import { listKeys, mark } from "./listkeys.js";

const WIDTH = 96; // CSS pixels from one to the next, as in css/strip.css

/** Thumbnails kept in the page; then it begins anew. */
const MOST = 600;

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
    { role: "listbox", "aria-label": "Pictures", "aria-orientation": "horizontal", class: "cw-album" },
    [inner],
  );
  const note = h("p", { class: "cw-note" });
  const said = h("span", { class: "cw-shown cw-muted", "aria-live": "polite" }, [name, words]);
  el.append(h("div", { class: "cw-row cw-album-head" }, [previous, next, said, select]), list, note);

  /** @type {Map<number, import("../contract.d.ts").Thumbnail>} */
  const known = new Map();
  /** @type {Map<number, ReturnType<typeof shot>>} those in the page */
  let present = new Map();
  let active = -1; // number of a picture
  let last = 0; // the one on show before a picture of one's own
  let asked = "";

  const order = () => read.pictures(model).order;
  const index = () => model.get("index") ?? -1;
  const place = () => order().indexOf(index() < 0 ? last : index());
  const show = (/** @type {number} */ at) => setTraits(model, { index: order()[at] });
  const reveal = (/** @type {number} */ at) => {
    const most = at * WIDTH;
    list.scrollLeft = Math.max(most + 2 * WIDTH - list.clientWidth, Math.min(most - WIDTH, list.scrollLeft));
    fill();
  };
  const activate = (/** @type {number} */ at) => {
    active = order()[at];
    reveal(at);
    mark(list, present.get(active)?.element ?? null);
  };
  listKeys(list, signal, {
    size: () => order().length,
    perRow: () => order().length,
    active: () => order().indexOf(active),
    activate,
    moved: show,
    pressed: show,
  });
  const onClick = (/** @type {MouseEvent} */ event) => {
    const option = /** @type {Element} */ (event.target).closest("[role=option]");
    const at = [...present.values()].findIndex(({ element }) => element === option);
    if (at < 0) return;
    active = [...present.keys()][at];
    mark(list, /** @type {HTMLElement} */ (option));
    setTraits(model, { index: active });
  };
  list.addEventListener("click", onClick, { signal });

  /** Brings those in sight into the page, and asks for what is missing of them. */
  const fill = () => {
    const pictures = read.pictures(model);
    const total = pictures.order.length;
    const [from, to] = rowsInSight(list.scrollLeft, list.clientWidth, WIDTH, total);
    inner.style.width = `${total * WIDTH}px`;
    inner.style.paddingLeft = `${from * WIDTH}px`;
    const now = pictures.order.slice(from, to).map((number, i) => {
      const tile = present.get(number) ?? shot(number);
      const verdict = verdictOf(pictures, number, read.choices(model, "classes"));
      tile.show(known.get(number), verdict, number === index(), from + i + 1, total);
      return /** @type {const} */ ([number, tile]);
    });
    present = new Map(now);
    if (
      now.length !== inner.children.length ||
      now.some(([, { element }], i) => element !== inner.children[i])
    )
      inner.replaceChildren(...now.map(([, { element }]) => element));
    const numbers = [...present.keys(), index()].filter((number) => number >= 0 && !known.has(number));
    if (numbers.length === 0 || asked === String(numbers)) return;
    asked = String(numbers);
    ask({ kind: "pictures", numbers }, ({ pictures = [] }) => {
      if (known.size > MOST) known.clear();
      for (const one of pictures) known.set(one.number, one);
      if (pictures.length > 0) draw();
    });
  };

  const draw = () => {
    const pictures = read.pictures(model);
    el.hidden = pictures.count === 0 || !kernel.reached;
    if (el.hidden) return;
    const at = place();
    const total = pictures.order.length;
    previous.disabled = at <= 0;
    next.disabled = at >= total - 1;
    select.value = model.get("order");
    const { words: verdict } = verdictOf(pictures, index(), read.choices(model, "classes"));
    setText(name, index() < 0 ? "A picture of your own" : (known.get(index())?.name ?? ""));
    setText(words, index() < 0 ? "" : ` ${at + 1} of ${total}${verdict && ` · ${verdict}`}`);
    setText(note, pictures.note);
    note.hidden = pictures.note === "";
    fill();
  };
  const redraw = () => {
    asked = ""; // what was not read may be so now
    draw();
  };
  const follows = () => {
    if (index() >= 0) active = last = index();
    draw();
    reveal(Math.max(0, place()));
  };
  list.addEventListener("scroll", onFrame(fill, signal), { signal, passive: true });
  const size = new ResizeObserver(onFrame(draw, signal));
  size.observe(list);
  signal.addEventListener("abort", () => size.disconnect(), { once: true });
  kernel.changed.addEventListener("change", draw, { signal });
  follow(model, ["pictures", "choices"], redraw, signal);
  follow(model, ["index", "order"], follows, signal);
}

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
    /**
     * @param {import("../contract.d.ts").Thumbnail | undefined} known
     * @param {ReturnType<typeof verdictOf>} verdict
     * @param {boolean} chosen
     * @param {number} place
     * @param {number} total
     */
    show(known, { said, truth, words }, chosen, place, total) {
      if (known && image.src === "") image.src = known.thumbnail;
      setText(label, said || "…");
      element.dataset.truth = truth;
      element.title = known ? `${known.name} · ${words}` : words;
      element.setAttribute("aria-description", element.title);
      element.setAttribute("aria-selected", String(chosen));
      element.setAttribute("aria-posinset", String(place));
      element.setAttribute("aria-setsize", String(total));
    },
  };
}
