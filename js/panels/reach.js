import { watch } from "../model.js";
import * as read from "../pure/read.js";
import { withoutKernel } from "../pure/words.js";

/**
 * Greys what needs a kernel, where there is none: fieldsets of the class `cw-asks`. Filters and neurons go on by the
 * preview; where there is no preview they rest as well, for the map would not follow them.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 * @param {{kernel: import("../kernel.js").Kernel}} shared
 */
export function reachPanel(model, root, signal, { kernel }) {
  const asking = /** @type {HTMLFieldSetElement[]} */ ([...root.querySelectorAll("fieldset.cw-asks")]);
  const selecting = [...root.querySelectorAll("[role=grid], .cw-filters, .cw-picture .cw-buttons")];
  const draw = () => {
    const previews = read.evidence(model)?.previews === true;
    root.dataset.kernel = kernel.reached ? "reached" : "none";
    for (const part of asking) {
      part.disabled = !kernel.reached;
      part.title = kernel.reached ? "" : withoutKernel(previews);
      for (const list of part.querySelectorAll("[role=listbox]"))
        list.setAttribute("aria-disabled", String(!kernel.reached));
    }
    for (const part of selecting) part.toggleAttribute("inert", !kernel.reached && !previews);
  };
  // A fieldset disables buttons and menus; a listbox of our own hears of nothing while it is greyed.
  for (const part of asking) {
    for (const event of ["click", "keydown"]) {
      const stop = (/** @type {Event} */ happened) => {
        if (kernel.reached || /** @type {KeyboardEvent} */ (happened).key === "Tab") return;
        happened.stopPropagation();
      };
      part.addEventListener(event, stop, { signal, capture: true });
    }
  }
  kernel.changed.addEventListener("change", draw, { signal });
  watch(model, ["evidence"], draw, signal);
  draw();
}
