/**
 * Pointer on the grid: drag = box, Shift+drag = one box more, click = one neuron in or out.
 *
 * Mouse and pen: any drag that begins on the picture. Touch: the page must still scroll from here, so the canvas has
 * `touch-action: pan-y pinch-zoom`. The browser tells a vertical pan (it scrolls and cancels the pointer, and what the
 * gesture had changed is put back) from a sideways stroke (it draws a box, which may then grow in any direction).
 * Holding still for a moment begins a box in any direction; from then on touchmove is held back, and only then.
 */
import { onFrame } from "../model.js";
import { cellAt, nearestCell } from "../pure/geometry.js";
import { same } from "../pure/history.js";
import { toggle, withBox } from "../pure/selection.js";

const SLACK = { mouse: 4, pen: 6, touch: 8 }; // CSS pixels that a click may wander
const HOLD = 350; // milliseconds

/**
 * @param {import("./stage.js").Stage} stage
 * @param {AbortSignal} signal
 */
export function gridPointer(stage, signal) {
  const { element, look, model, undo } = stage;
  /** @type {null | ReturnType<typeof press>} */
  let held = null;
  let holdsPage = false;

  const pointOf = (/** @type {PointerEvent} */ event) => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left - element.clientLeft, y: event.clientY - top - element.clientTop };
  };

  /**
   * @param {PointerEvent} event
   * @param {import("../contract.d.ts").Neuron} cell
   */
  const press = (event, cell) => ({
    pointer: event.pointerId,
    x: event.clientX,
    y: event.clientY,
    slack: SLACK[/** @type {keyof typeof SLACK} */ (event.pointerType)] ?? SLACK.mouse,
    added: event.shiftKey,
    from: cell,
    to: cell,
    gesture: undo.begin(model),
    timer: event.pointerType === "touch" ? window.setTimeout(() => startBox(true), HOLD) : 0,
  });

  const setBox = () => {
    if (held === null || !look.dragging) return;
    const region = withBox(held.gesture.before, [held.from, held.to], held.added);
    held.gesture.set(region);
  };
  const setBoxSoon = onFrame(setBox, signal);
  function startBox(byHolding = false) {
    if (held !== null) clearTimeout(held.timer);
    look.dragging = true;
    holdsPage = byHolding;
    element.classList.add("cw-dragging");
    setBox();
  }

  const finish = () => {
    if (held !== null) clearTimeout(held.timer);
    held = null;
    holdsPage = false;
    look.dragging = false;
    element.classList.remove("cw-dragging");
    stage.redraw();
  };

  const onDown = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || !event.isPrimary || held !== null) return;
    const grid = stage.shown();
    const cell = grid && cellAt(pointOf(event), stage.frame(), grid);
    if (cell === null) return;
    look.active = cell;
    element.focus({ preventScroll: true });
    // A focus set by the program counts as one by keyboard; this one is not.
    look.byKeys = false;
    element.classList.remove("cw-by-keys");
    element.setPointerCapture(event.pointerId);
    held = press(event, cell);
    stage.redraw();
  };

  const onMove = (/** @type {PointerEvent} */ event) => {
    const grid = stage.shown();
    if (grid === null) return;
    const point = pointOf(event);
    const over = cellAt(point, stage.frame(), grid);
    if (!same(over, look.hovered)) {
      look.hovered = event.pointerType === "touch" && held === null ? null : over;
      stage.redraw();
    }
    if (held === null || event.pointerId !== held.pointer) return;
    if (!look.dragging && !isStroke(event, held)) return;
    if (!look.dragging) startBox();
    held.to = nearestCell(point, stage.frame(), grid);
    look.active = held.to;
    setBoxSoon();
  };

  const onUp = (/** @type {PointerEvent} */ event) => {
    if (held === null || event.pointerId !== held.pointer) return;
    const { gesture, from } = held;
    if (look.dragging) setBox();
    else gesture.set(toggle(gesture.before, from));
    gesture.end();
    if (event.pointerType === "touch") look.hovered = null;
    finish();
  };

  const cancel = () => {
    if (held === null) return;
    held.gesture.cancel();
    finish();
  };
  const leave = () => {
    look.hovered = null;
    stage.redraw();
  };

  element.addEventListener("pointerdown", onDown, { signal });
  element.addEventListener("pointermove", onMove, { signal });
  element.addEventListener("pointerup", onUp, { signal });
  element.addEventListener("pointercancel", cancel, { signal });
  element.addEventListener("pointerleave", leave, { signal });
  // Esc in the middle of a drag takes back the drag alone; it must be heard before the grid's own Esc.
  const onEscape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || held === null) return;
    cancel();
    event.stopImmediatePropagation();
    event.preventDefault();
  };
  element.addEventListener("keydown", onEscape, { signal, capture: true });
  const holdPage = (/** @type {Event} */ event) => {
    if (holdsPage && event.cancelable) event.preventDefault();
  };
  element.addEventListener("touchmove", holdPage, { signal, passive: false });
  // A long touch is a box here, not a menu.
  element.addEventListener("contextmenu", holdPage, { signal });
}

/**
 * Whether a held pointer has moved far enough to mean a box. A finger that moves up or down means to scroll: the
 * browser is about to take it over.
 * @param {PointerEvent} event
 * @param {{x: number, y: number, slack: number}} start
 */
function isStroke(event, start) {
  const [across, down] = [Math.abs(event.clientX - start.x), Math.abs(event.clientY - start.y)];
  if (event.pointerType === "touch" && down >= across) return false;
  return Math.hypot(across, down) > start.slack;
}
