import { makeAsk } from "../ask.js";
import { button, h, setText } from "../dom.js";
import { follow } from "../model.js";
import * as read from "../pure/read.js";
import { status } from "../pure/words.js";

/** A state that lasts less is not worth a word: without this wait a drag would make the line flicker. */
const WORTH_SAYING = 150; // milliseconds

/**
 * State of the kernel, Stop and Reset.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo}} shared
 */
export function footerPanel(model, el, signal, { undo }) {
  const words = h("span", { role: "status", class: "cw-status" });
  const bar = h("progress", { class: "cw-progress", max: "1", "aria-label": "Progress" });
  const { stop, refused } = stopButton(model, signal);
  const reset = button("Reset", signal, () => {
    undo.step(model, { filters: null, neurons: null, region: null });
  });
  reset.title = "All filters, all neurons";
  el.append(
    words,
    bar,
    h("span", { class: "cw-refusal" }, [refused]),
    h("span", { class: "cw-buttons" }, [stop, reset]),
  );

  let waiting = 0;
  const say = () => {
    const result = read.result(model);
    setText(
      words,
      status(model.get("status") ?? "idle", model.get("progress") ?? 0, result?.milliseconds ?? Number.NaN),
    );
  };
  const draw = () => {
    const computing = model.get("status") === "computing";
    const progress = model.get("progress") ?? 0;
    stop.disabled = !computing;
    bar.hidden = !(computing && progress > 0 && progress < 1);
    bar.value = progress;
    clearTimeout(waiting);
    waiting = window.setTimeout(say, WORTH_SAYING);
  };
  signal.addEventListener("abort", () => clearTimeout(waiting), { once: true });
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
