import { consume, freshId, h } from "../dom.js";
import { setTraits, watch } from "../model.js";
import { find, verdicts } from "../pure/classes.js";
import * as read from "../pure/read.js";
import { verdict } from "../pure/words.js";

/** More than anybody reads; one more letter narrows a thousand classes. */
const MOST = 60;

/**
 * Finds any class by a part of its name or by its index.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 */
export function searchPanel(model, el, signal) {
  const listId = freshId();
  const input = h("input", {
    type: "text",
    role: "combobox",
    "aria-label": "Find class",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    placeholder: "Find class",
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = h("div", { role: "listbox", id: listId, "aria-label": "Matches", class: "cw-matches" });
  const more = h("p", { class: "cw-matches-more" });
  const popup = h("div", { class: "cw-popup" }, [list, more]);
  popup.hidden = true;
  const field = h("div", { class: "cw-search" }, [input, popup]);
  el.append(field);
  const show = () => {
    field.hidden = read.choices(model, "classes").length < 2;
  };
  watch(model, ["choices"], show, signal);
  show();

  let active = -1;
  const options = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const mark = (/** @type {number} */ place) => {
    options()[active]?.classList.remove("cw-active");
    active = place;
    const option = options()[active];
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.classList.add("cw-active");
    input.setAttribute("aria-activedescendant", option.id);
    const { offsetTop, offsetHeight } = option;
    if (offsetTop < list.scrollTop) list.scrollTop = offsetTop;
    if (offsetTop + offsetHeight > list.scrollTop + list.clientHeight) {
      list.scrollTop = offsetTop + offsetHeight - list.clientHeight;
    }
  };
  const close = () => {
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  };
  const open = () => {
    const names = read.choices(model, "classes");
    const result = read.result(model);
    const found = find(names, verdicts(result), input.value);
    list.replaceChildren(
      ...found.slice(0, MOST).map((k) => match(k, names[k], verdict(result, k), k === model.get("target"))),
    );
    more.textContent = remark(found.length);
    popup.hidden = false;
    input.setAttribute("aria-expanded", String(found.length > 0));
    list.hidden = found.length === 0;
    list.scrollTop = 0;
    mark(input.value.trim() !== "" && found.length > 0 ? 0 : -1);
  };
  const choose = (/** @type {HTMLElement | undefined} */ option) => {
    if (!option) return;
    setTraits(model, { target: Number(option.dataset.class) });
    input.value = "";
    close();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 });
    if (event.key in steps) {
      if (popup.hidden) open();
      mark(Math.max(0, Math.min(options().length - 1, active + steps[event.key])));
      consume(event);
    } else if (event.key === "Enter") {
      choose(options()[active]);
      consume(event);
    } else if (event.key === "Escape") {
      input.value = "";
      close();
      consume(event);
    }
  };
  input.addEventListener("keydown", onKey, { signal });
  input.addEventListener("input", open, { signal });
  input.addEventListener("click", open, { signal });
  input.addEventListener("blur", close, { signal });
  // The pointer must not take the focus away before the click is done.
  popup.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
  popup.addEventListener("mousedown", (event) => event.preventDefault(), { signal });
  list.addEventListener(
    "click",
    (event) =>
      choose(
        /** @type {HTMLElement | undefined} */ (
          /** @type {Element} */ (event.target).closest("[role=option]") ?? undefined
        ),
      ),
    { signal },
  );
}

/**
 * @param {number} k
 * @param {string} name
 * @param {string} words
 * @param {boolean} chosen
 */
function match(k, name, words, chosen) {
  return h(
    "div",
    {
      role: "option",
      id: freshId(),
      "data-class": String(k),
      "aria-selected": String(chosen),
      class: "cw-match",
    },
    [h("span", { class: "cw-match-name" }, [name]), h("span", { class: "cw-class-value" }, [words])],
  );
}

/** @param {number} found */
function remark(found) {
  if (found === 0) return "No class of that name.";
  return found > MOST ? `and ${found - MOST} more: type to narrow` : "";
}
