/**
 * Keyboard and screen readers on the grid. It is one tab stop; the neuron that the keys are at is the only cell in the
 * page, named by aria-activedescendant: a grid of thousands costs nothing.
 */
import { consume, freshId, h } from "../dom.js";
import { clampCell } from "../pure/geometry.js";
import * as read from "../pure/read.js";
import { toggle, withBox } from "../pure/selection.js";
import { shareAt } from "../pure/shown.js";
import { neuron } from "../pure/words.js";

/** @type {Record<string, [number, number]>} */
const STEPS = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [-Infinity, 0],
  PageDown: [Infinity, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/**
 * @param {import("./stage.js").Stage} stage
 * @param {HTMLElement} row
 * @param {AbortSignal} signal
 */
export function gridKeys(stage, row, signal) {
  const { element, look, model, undo } = stage;
  element.tabIndex = 0;
  /** @type {null | ReturnType<typeof undo.begin>} */
  let gesture = null;
  /** Where the box being stretched is held; it stays when Shift is let go, as in any table. @type {null | import("../contract.d.ts").Neuron} */
  let anchor = null;
  const settle = () => {
    gesture?.end();
    gesture = null;
  };
  const letGo = () => {
    settle();
    anchor = null;
  };

  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const grid = stage.shown();
    if (grid === null || grid.rows === 0 || event.altKey) return;
    const step = STEPS[event.key];
    const command = event.ctrlKey || event.metaKey;
    if (step) move(event, step, grid);
    else if (event.key === " ") press();
    else if (event.key === "Escape") clear();
    else if (event.key === "z" && command && !event.shiftKey) undo.back(model);
    else return;
    look.byKeys = true;
    element.classList.add("cw-by-keys");
    consume(event);
    stage.redraw();
  };

  const clear = () => {
    letGo();
    undo.step(model, { neurons: null, region: null });
  };
  const press = () => {
    letGo();
    undo.step(model, toggle(read.selection(model), look.active));
  };

  /**
   * Shift stretches a box from where it was first pressed; with Ctrl or Cmd besides, the box is added.
   * @param {KeyboardEvent} event
   * @param {[number, number]} step
   * @param {import("../pure/geometry.js").Grid} grid
   */
  const move = (event, [down, right], grid) => {
    if (event.shiftKey) anchor ??= look.active;
    else letGo();
    look.active = clampCell([look.active[0] + down, look.active[1] + right], grid);
    if (anchor === null) return;
    gesture ??= undo.begin(model);
    gesture.set(withBox(gesture.before, [anchor, look.active], event.ctrlKey || event.metaKey));
  };

  element.addEventListener("keydown", onKey, { signal });
  element.addEventListener("keyup", (event) => event.key === "Shift" && settle(), { signal });
  element.addEventListener("pointerdown", letGo, { signal });
  const show = (/** @type {boolean} */ byKeys) => () => {
    if (!byKeys) letGo();
    look.byKeys = byKeys && element.matches(":focus-visible");
    element.classList.toggle("cw-by-keys", look.byKeys);
    stage.redraw();
  };
  element.addEventListener("focus", show(true), { signal });
  element.addEventListener("blur", show(false), { signal });

  return {
    /**
     * Tells the page about the grid and the active neuron.
     * @param {import("../pure/shown.js").Shown | null} now
     */
    describe(now) {
      if (now === null || now.rows === 0) return;
      element.setAttribute("aria-rowcount", String(now.rows));
      element.setAttribute("aria-colcount", String(now.columns));
      look.active = clampCell(look.active, now);
      const [r, c] = look.active;
      const chosen = now.chosen[r * now.columns + c] === 1;
      const text = neuron(look.active, chosen, shareAt(now, look.active));
      const old = row.firstElementChild;
      if (old?.textContent === text) return;
      row.setAttribute("aria-rowindex", String(r + 1));
      // A new cell with a new id: the same one with another text would not be read out.
      const attributes = {
        role: "gridcell",
        id: freshId(),
        "aria-rowindex": String(r + 1),
        "aria-colindex": String(c + 1),
      };
      const cell = h("div", { ...attributes, "aria-selected": String(chosen) }, [text]);
      row.replaceChildren(cell);
      element.setAttribute("aria-activedescendant", cell.id);
    },
  };
}
