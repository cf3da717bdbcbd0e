import { button, h, setText } from "../dom.js";
import { setTraits, watch } from "../model.js";

/**
 * What went wrong, in a sentence, until it is dismissed. The picture below keeps its last good state.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @returns {(sentence: string) => void} says what went wrong in this page alone, of which the kernel need not know
 */
export function alertPanel(model, el, signal) {
  const text = h("p", { class: "cw-alert-text" });
  let own = "";
  const dismiss = button("Dismiss", signal, () => {
    say("");
    setTraits(model, { error: "" });
  });
  const region = h("div", { role: "alert", class: "cw-alert-region" });
  const banner = h("div", { class: "cw-alert-banner" }, [text, dismiss]);
  el.append(region);

  const draw = () => {
    const error = model.get("error") || own;
    setText(text, error);
    if (error === "") banner.remove();
    else if (!banner.isConnected) region.append(banner);
  };
  const say = (/** @type {string} */ sentence) => {
    own = sentence;
    draw();
    if (sentence !== "") region.scrollIntoView({ block: "nearest" }); // who dropped it on the picture may be below
  };
  watch(model, ["error"], draw, signal);
  watch(model, ["image"], () => say(""), signal); // another picture came; a map that comes may be one asked for before
  draw();
  return say;
}
