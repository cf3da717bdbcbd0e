/**
 * Whether a kernel answers. A saved notebook, a page that was exported, a kernel that was started anew: the widget is
 * there and nobody listens. One for each model, shared by its views.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {ReturnType<typeof makeKernel>} Kernel
 */
import { makeAsk } from "./ask.js";
import { watch } from "./model.js";

export function makeKernel() {
  const changed = new EventTarget();
  let reached = true; // until it is silent
  const say = (/** @type {boolean} */ is) => {
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
      const question = makeAsk(model, signal);
      const ask = () => question({ kind: "hello" }, ({ error }) => say(error === ""));
      const heard = () => say(true);
      const events = /** @type {any[]} */ (["msg:custom", "comm_live_update"]);
      model.on(events[0], heard);
      model.on(events[1], ask); // ipywidgets: a kernel was restarted, or a connection made
      watch(model, ["result", "evidence", "status", "progress"], heard, signal); // nobody else sets these
      signal.addEventListener(
        "abort",
        () => {
          model.off(events[0], heard);
          model.off(events[1], ask);
        },
        { once: true },
      );
      ask();
    },
  };
}
