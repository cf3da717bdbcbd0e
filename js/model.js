/**
 * The way to the kernel: set traits, listen to them, stop listening. The model is the one place of state.
 *
 * @typedef {import("./contract.d.ts").State & import("./contract-trial.d.ts").TrialState & import("./contract-frames.d.ts").PageState} State
 *   of either widget, and of a page
 * @typedef {Pick<import("@anywidget/types").AnyModel<State>, "get" | "set" | "on" | "off" | "save_changes" | "send">} Model
 */

/**
 * Sets traits together. Without a kernel the page goes on: the change stays in the browser.
 * @param {Model} model
 * @param {Partial<State>} values
 */
export function setTraits(model, values) {
  for (const [name, value] of Object.entries(values)) {
    model.set(/** @type {keyof State} */ (name), /** @type {any} */ (value));
  }
  try {
    model.save_changes();
  } catch (error) {
    console.warn("camwidget: the kernel was not reached.", error);
  }
}

/**
 * Calls back on a change of any of these traits, until the signal aborts.
 * @param {Model} model
 * @param {(keyof State)[]} names
 * @param {() => void} callback
 * @param {AbortSignal} signal
 */
export function watch(model, names, callback, signal) {
  for (const name of names) {
    const event = `change:${name}`;
    model.on(event, callback);
    signal.addEventListener("abort", () => model.off(/** @type {any} */ (event), callback), { once: true });
  }
}

/**
 * Calls `draw` now and on every change of these traits, many changes at once as one, until the signal aborts.
 * @param {Model} model
 * @param {(keyof State)[]} names
 * @param {() => void} draw
 * @param {AbortSignal} signal
 */
export function follow(model, names, draw, signal) {
  const request = onFrame(draw, signal);
  watch(model, names, request, signal);
  draw();
}

/**
 * A function that asks for one call in the next frame, however often it is called before.
 * @param {() => void} draw
 * @param {AbortSignal} signal
 * @returns {() => void}
 */
export function onFrame(draw, signal) {
  let asked = 0;
  signal.addEventListener("abort", () => cancelAnimationFrame(asked), { once: true });
  return () => {
    if (asked !== 0 || signal.aborted) return;
    asked = requestAnimationFrame(() => {
      asked = 0;
      draw();
    });
  };
}
