/**
 * Whether a kernel answers, and in time. A saved notebook, a page that was exported, a kernel that was started anew: the widget is
 * there and nobody listens. One for each model, shared by its views.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {ReturnType<typeof makeKernel>} Kernel
 */
import { kernelStatus, makeAsk } from "./ask.js";
import { watch } from "./model.js";
import { isAwaited } from "./pure/shown.js";

/** Who waits longer for an answer wants to know why. */
const OVERDUE = 1500; // milliseconds

/** @type {(keyof import("./contract.d.ts").State)[]} */
const ASKED = ["method", "layer", "target", "score", "samples", "noise", "filters", "neurons", "region"];

export function makeKernel() {
  const changed = new EventTarget();
  let reached = true; // until it is silent
  let isBusy = false;
  const say = (/** @type {boolean} */ is, /** @type {boolean} */ late = false) => {
    if (is === reached && late === isBusy) return;
    [reached, isBusy] = [is, late];
    changed.dispatchEvent(new Event("change"));
  };

  return {
    changed,
    get reached() {
      return reached;
    },
    /** Something was chosen a while ago, and the kernel neither answers nor says that it is at work. */
    get isBusy() {
      return isBusy;
    },

    /**
     * Asks now, and whenever the connection to the kernel changes.
     * @param {Model} model
     * @param {AbortSignal} signal
     */
    watch(model, signal) {
      const question = makeAsk(model, signal);
      let signs = 0; // of life
      const ask = () => {
        const before = signs;
        question({ kind: "hello" }, ({ error }) => say(error === "" || signs !== before));
      };
      let overdue = 0;
      const asked = () => {
        if (!reached || overdue !== 0 || !isAwaited(model)) return;
        overdue = window.setTimeout(() => {
          const waits = reached && isAwaited(model) && model.get("status") !== "computing";
          overdue = 0;
          if (!waits) return;
          say(true, true);
          // Said to be idle, and yet no answer: another kernel may have taken its place.
          if (kernelStatus(model) === "idle") ask();
        }, OVERDUE);
      };
      const heard = () => {
        signs += 1;
        clearTimeout(overdue);
        overdue = 0;
        say(true);
      };
      const answered = () => {
        heard();
        asked(); // something newer may be waiting already
      };
      const events = /** @type {any[]} */ (["msg:custom", "comm_live_update"]);
      model.on(events[0], heard);
      model.on(events[1], ask); // ipywidgets: a kernel was restarted, or a connection made
      watch(model, ["result", "evidence", "status", "progress"], answered, signal); // nobody else sets these
      watch(model, ASKED, asked, signal);
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
