import { consume } from "../dom.js";

/**
 * Arrow keys in a listbox with one tab stop. The active option is named by aria-activedescendant; options are
 * spoken of by their place, because those of a long list need not be in the page.
 * @param {HTMLElement} list
 * @param {AbortSignal} signal
 * @param {object} what
 * @param {() => number} what.size
 * @param {() => number} what.perRow
 * @param {() => number} what.active place of the active option, -1 if there is none
 * @param {(place: number) => void} what.activate
 * @param {(place: number, event: KeyboardEvent) => void} what.moved by an arrow, Home or End
 * @param {(place: number, event: KeyboardEvent) => void} what.pressed by Space or Enter
 */
export function listKeys(list, signal, { size, perRow, active, activate, moved, pressed }) {
  list.tabIndex = 0;
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || size() === 0) return;
    const place = active();
    if (event.key === " " || event.key === "Enter") {
      consume(event);
      if (place >= 0) pressed(place, event);
      return;
    }
    const next = target(event.key, place, size(), perRow());
    if (next === null) return;
    consume(event);
    activate(next);
    moved(next, event);
  };
  list.addEventListener("keydown", onKey, { signal });
  // Not when a pointer brings the focus: the list would scroll away under it.
  const onFocus = () => size() > 0 && list.matches(":focus-visible") && activate(Math.max(0, active()));
  list.addEventListener("focus", onFocus, { signal });
}

/**
 * Marks an option as the active one, for eyes and for screen readers.
 * @param {HTMLElement} list
 * @param {HTMLElement | null} option
 */
export function mark(list, option) {
  for (const old of list.querySelectorAll(".cw-active")) old.classList.remove("cw-active");
  if (option === null) return list.removeAttribute("aria-activedescendant");
  option.classList.add("cw-active");
  list.setAttribute("aria-activedescendant", option.id);
}

/**
 * Place that a key leads to, null for other keys.
 * @param {string} key
 * @param {number} place
 * @param {number} size
 * @param {number} perRow
 */
function target(key, place, size, perRow) {
  const row = perRow >= size ? 1 : perRow; // in a single row, up and down go on along it
  const steps = /** @type {Record<string, number>} */ ({
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -row,
    ArrowDown: row,
    PageUp: -3 * row,
    PageDown: 3 * row,
    Home: -size,
    End: size,
  });
  if (!(key in steps)) return null;
  if (place < 0) return key === "End" ? size - 1 : 0;
  return Math.max(0, Math.min(size - 1, place + steps[key]));
}
