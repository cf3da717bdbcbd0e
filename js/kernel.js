/**
 * Whether a kernel answers. A saved notebook, a page that was exported, a kernel that was started anew: the widget is
 * there and nobody listens. One for each model, shared by its views.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {ReturnType<typeof makeKernel>} Kernel
 */
import { watch } from "./model.js";

/** How long the kernel may take to say that it is there, unless it is known to be busy. */
const PATIENCE = 5000; // milliseconds

export function makeKernel() {
  const changed = new EventTarget();
  let reached = true; // until it is silent
  let id = 0;
  let overdue = 0;
  const say = (/** @type {boolean} */ is) => {
    clearTimeout(overdue);
    if (is === reached) return;
    reached = is;
    changed.dispatchEvent(new Event("change"));
  };

  return {
    changed,
    get reached() {
      return reached;
    },

    /**
     * Asks now, and whenever the connection to the kernel changes.
     * @param {Model} model
     * @param {AbortSignal} signal
     */
    watch(model, signal) {
      const silent = () => {
        if (isBusy(model)) overdue = window.setTimeout(silent, PATIENCE);
        else say(false);
      };
      const ask = () => {
        if (/** @type {{offline?: boolean}} */ (model).offline) return say(false);
        id = Math.floor(Math.random() * 2 ** 31);
        clearTimeout(overdue);
        overdue = window.setTimeout(silent, PATIENCE);
        try {
          model.send({ id, kind: "hello" });
        } catch {
          say(false);
        }
      };
      const heard = () => say(true);
      const events = /** @type {any[]} */ (["msg:custom", "comm_live_update"]);
      model.on(events[0], heard);
      model.on(events[1], ask); // ipywidgets: a kernel was restarted, or a connection made
      watch(model, ["result", "evidence", "status", "progress"], heard, signal); // nobody else sets these
      signal.addEventListener(
        "abort",
        () => {
          clearTimeout(overdue);
          model.off(events[0], heard);
          model.off(events[1], ask);
        },
        { once: true },
      );
      ask();
    },
  };
}

/**
 * Whether the kernel is known to be at work, so that its silence means nothing. Colab and others do not say.
 * @param {Model} model
 */
function isBusy(model) {
  const { widget_manager: manager } = /** @type {{widget_manager?: any}} */ (model);
  return manager?.kernel?.status === "busy";
}
