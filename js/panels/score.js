import { h, setText } from "../dom.js";
import { follow, watch } from "../model.js";
import * as read from "../pure/read.js";
import { explained, number } from "../pure/words.js";

/**
 * The explained number: "logit 7.31 of class three", "sum 31.2 of the chosen activations".
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 */
export function scorePanel(model, el, signal) {
  const [kind, value, of, over] = [h("span"), h("strong"), h("span"), h("span")];
  const [name, other] = [h("span", { class: "cw-named" }), h("span", { class: "cw-named" })];
  const line = h("p", { class: "cw-score" }, [kind, " ", value, " ", of, name, over, other]);
  el.append(line);

  const draw = () => {
    const result = read.result(model);
    const score = read.choices(model, "scores").find((one) => one.value === model.get("score"));
    line.hidden = result === null || !Number.isFinite(result.score);
    if (result === null) return;
    const words = explained(
      result,
      score?.label ?? model.get("score") ?? "score",
      read.choices(model, "classes"),
    );
    setText(kind, words.kind);
    setText(value, number(result.score));
    setText(of, words.of);
    setText(name, words.name);
    setText(over, words.over);
    setText(other, words.other);
  };
  // The number belongs to the last question until the next answer is here.
  watch(model, ["target", "score", "layer", "method"], () => line.classList.add("cw-stale"), signal);
  watch(model, ["result", "error"], () => line.classList.remove("cw-stale"), signal);
  follow(model, ["result", "choices", "score"], draw, signal);
}
