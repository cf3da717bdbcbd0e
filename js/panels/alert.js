import { button, h, setText } from "../dom.js";
import { setTraits, watch } from "../model.js";

/**
 * What went wrong, in a sentence, until it is dismissed. The picture below keeps its last good state.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 */
export function alertPanel(model, el, signal) {
  const text = h("p", { class: "cw-alert-text" });
  const dismiss = button("Dismiss", signal, () => setTraits(model, { error: "" }));
  const region = h("div", { role: "alert", class: "cw-alert-region" });
  const banner = h("div", { class: "cw-alert-banner" }, [text, dismiss]);
  el.append(region);

  const draw = () => {
    const error = model.get("error") ?? "";
    setText(text, error);
    if (error === "") banner.remove();
    else if (!banner.isConnected) region.append(banner);
  };
  watch(model, ["error"], draw, signal);
  draw();
}
