import { h, setText } from "../dom.js";
import { follow, watch } from "../model.js";
import * as read from "../pure/read.js";
import { lowerFirst, number } from "../pure/words.js";

/**
 * The explained number: "logit 7.31 of class three".
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 */
export function scorePanel(model, el, signal) {
  const [kind, value, of, name] = [h("span"), h("strong"), h("span"), h("span")];
  const line = h("p", { class: "cw-score" }, [kind, " ", value, " ", of, name]);
  el.append(line);

  const draw = () => {
    const result = read.result(model);
    const score = read.choices(model, "scores").find((one) => one.value === model.get("score"));
    line.hidden = result === null || !Number.isFinite(result.score);
    if (result === null) return;
    setText(kind, lowerFirst(score?.label ?? model.get("score") ?? "score"));
    setText(value, number(result.score));
    setText(of, "of class ");
    setText(name, read.choices(model, "classes")[result.target ?? -1] ?? "");
  };
  // The number belongs to the last question until the next answer is here.
  watch(model, ["target", "score", "layer"], () => line.classList.add("cw-stale"), signal);
  watch(model, ["result", "error"], () => line.classList.remove("cw-stale"), signal);
  follow(model, ["result", "choices", "score"], draw, signal);
}
