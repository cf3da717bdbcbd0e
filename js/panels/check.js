import { makeAsk } from "../ask.js";
import { button, h, setText } from "../dom.js";
import { watch } from "../model.js";
import { checked } from "../pure/words.js";

/** A large network is traced anew for it. */
const PATIENCE = 120_000; // milliseconds

/**
 * One button that checks the map on show: does it hold what the network needs, and does it depend on what it has
 * learnt?
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 */
export function checkPanel(model, el, signal) {
  const ask = makeAsk(model, signal, PATIENCE);
  const words = h("p", { class: "cw-muted", role: "status" });
  let isChecking = false; // in the kernel: one at a time
  let isWanted = false;
  const check = button("Check this map", signal, () => {
    if (isChecking) return;
    isChecking = isWanted = true;
    draw();
    setText(words, "Checking…");
    ask({ kind: "check" }, (/** @type {any} */ answer) => {
      isChecking = false;
      draw();
      if (isWanted) setText(words, answer.error === "" ? checked(answer) : answer.error);
    });
  });
  // Not `disabled`: that would lose the focus, and the notebook would take the keys.
  const draw = () => check.setAttribute("aria-disabled", String(isChecking));
  check.title =
    "Is the class still found in the picture times the map? Does the map change with random weights?";
  el.append(h("fieldset", { class: "cw-check cw-asks" }, [check, words]));
  const forget = () => {
    isWanted = false;
    setText(words, "");
  };
  watch(model, ["result"], forget, signal);
}
