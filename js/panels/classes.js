import { button, freshId, h, setText } from "../dom.js";
import { follow, setTraits } from "../model.js";
import { topClasses, verdicts } from "../pure/classes.js";
import * as read from "../pure/read.js";
import { verdict } from "../pure/words.js";
import { listKeys, mark } from "./listkeys.js";
import { searchPanel } from "./search.js";

/** As many as fit one line of a notebook; the search finds the others. */
const MOST = 5;

/**
 * The most probable classes, or those of the largest values, and a search among all of them.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{look: import("./exciting.js").Look}} shared
 */
export function classesPanel(model, el, signal, { look }) {
  const list = h("div", {
    role: "listbox",
    "aria-label": "Classes",
    "aria-orientation": "horizontal",
    class: "cw-class-list",
  });
  const line = h("fieldset", { class: "cw-classes cw-asks" }, [list]);
  el.append(line);
  const options = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const choose = (/** @type {number} */ place) => {
    setTraits(model, { target: Number(options()[place].dataset.class) });
  };
  const place = () => options().findIndex((one) => one.id === list.getAttribute("aria-activedescendant"));
  listKeys(list, signal, {
    size: () => list.children.length,
    perRow: () => options().filter((one) => one.offsetTop === options()[0].offsetTop).length,
    active: () => (place() >= 0 ? place() : options().findIndex((one) => one.ariaSelected === "true")),
    activate: (next) => mark(list, options()[next]),
    moved: choose,
    pressed: choose,
  });
  const onClick = (/** @type {MouseEvent} */ event) => {
    const option = /** @type {Element} */ (event.target).closest("[role=option]");
    if (!(option instanceof HTMLElement)) return;
    mark(list, option);
    choose(options().indexOf(option));
  };
  list.addEventListener("click", onClick, { signal });

  /** @type {Map<number, ReturnType<typeof classOption>>} */
  const made = new Map();
  const ask = button("What does this class look for?", signal, () => {
    const target = model.get("target") ?? 0;
    look(`class ${target}`, below, `“${read.choices(model, "classes")[target]}”`);
  });
  const below = h("fieldset", { class: "cw-filter-bar cw-asks" }, [ask]);
  el.append(below);
  const draw = () => {
    const names = read.choices(model, "classes");
    const result = read.result(model);
    const target = model.get("target") ?? -1;
    line.hidden = below.hidden = names.length === 0;
    const order = topClasses(verdicts(result), names.length, target, MOST);
    const present = order.map((k) => {
      const option = made.get(k) ?? classOption(k);
      made.set(k, option);
      option.show(names[k], verdict(result, k), result?.probabilities?.[k] ?? null, k === target);
      return option.element;
    });
    // Putting elements back where they are would take the focus ring's ground away.
    if (present.length !== list.children.length || present.some((one, i) => one !== list.children[i])) {
      list.replaceChildren(...present);
      if (place() < 0) mark(list, null);
    }
  };
  follow(model, ["choices", "result", "target"], draw, signal);
  searchPanel(model, line, signal);
}

/**
 * @param {number} k index of the class
 */
function classOption(k) {
  const name = h("span", { class: "cw-class-name" });
  const value = h("span", { class: "cw-class-value" });
  const bar = h("span", { class: "cw-bar", "aria-hidden": "true" });
  const element = h("div", { role: "option", id: freshId(), "data-class": String(k), class: "cw-class" }, [
    name,
    bar,
    value,
  ]);
  return {
    element,
    /**
     * @param {string} text
     * @param {string} words
     * @param {number | null} share null: no bar
     * @param {boolean} chosen
     */
    show(text, words, share, chosen) {
      setText(name, text);
      element.title = text;
      setText(value, words);
      bar.hidden = share === null;
      bar.style.setProperty("--cw-share", String(share || 0));
      element.setAttribute("aria-selected", String(chosen));
    },
  };
}
