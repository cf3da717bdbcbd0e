import { makeAsk } from "../ask.js";
import { button, h, setText } from "../dom.js";
import { follow } from "../model.js";
import * as read from "../pure/read.js";
import { busy, status, withoutKernel } from "../pure/words.js";
import { keepButtons } from "./keep.js";

/** A state that lasts less is not worth a word: without this wait a drag would make the line flicker. */
const WORTH_SAYING = 150; // milliseconds

/**
 * State of the kernel, Stop, Copy code, Save image and Reset.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo, kernel: import("../kernel.js").Kernel,
 *   told: ReturnType<typeof import("./keep.js").makeTold>}} shared
 */
export function footerPanel(model, el, signal, { undo, kernel, told }) {
  const words = h("span", { role: "status", class: "cw-status" });
  const bar = h("progress", { class: "cw-progress", max: "1", "aria-label": "Progress" });
  const { stop, refused } = stopButton(model, signal);
  const reset = button("Reset", signal, () => {
    undo.step(model, { filters: null, neurons: null, region: null });
  });
  reset.title = "All filters, all neurons";
  const keep = keepButtons(model, signal, { kernel, told });
  el.append(
    words,
    bar,
    h("span", { class: "cw-refusal" }, [refused]),
    keep.said,
    h("span", { class: "cw-buttons" }, [stop, keep.copy, keep.save, reset]),
    keep.box,
  );

  let waiting = 0;
  const say = () => {
    const previews = read.evidence(model)?.previews === true;
    const milliseconds = read.result(model)?.milliseconds ?? Number.NaN;
    const state = status(model.get("status") ?? "idle", model.get("progress") ?? 0, milliseconds);
    setText(words, !kernel.reached ? withoutKernel(previews) : kernel.isBusy ? busy(previews) : state);
  };
  const draw = () => {
    const computing = kernel.reached && model.get("status") === "computing";
    const progress = model.get("progress") ?? 0;
    stop.disabled = !computing;
    bar.hidden = !(computing && progress > 0 && progress < 1);
    bar.value = progress;
    clearTimeout(waiting);
    waiting = window.setTimeout(say, WORTH_SAYING);
  };
  signal.addEventListener("abort", () => clearTimeout(waiting), { once: true });
  kernel.changed.addEventListener("change", draw, { signal });
  follow(model, ["status", "progress", "result"], draw, signal);
  say();
}

/**
 * Stop is a question, not state: its answer says whether it was granted.
 * @param {import("../model.js").Model} model
 * @param {AbortSignal} signal
 */
function stopButton(model, signal) {
  const refused = document.createTextNode("");
  const ask = makeAsk(model, signal);
  const stop = button("Stop", signal, () => {
    refused.data = "";
    ask({ kind: "stop" }, ({ error }) => {
      refused.data = error ?? "";
    });
  });
  return { stop, refused };
}
