import { button, consume, freshId, h, setText } from "../dom.js";
import { watch } from "../model.js";
import { fileName } from "../pure/caption.js";
import * as read from "../pure/read.js";
import { drawn } from "./snapshot.js";

/** How long "copied" stands. */
const SAID = 4000; // milliseconds

/**
 * Copy code and Save image, and what became of it. The code is the kernel's, for the map that it answered last:
 * without a kernel it is given away only while nothing has been chosen since.
 * @param {import("../model.js").Model} model
 * @param {AbortSignal} signal
 * @param {{kernel: import("../kernel.js").Kernel, told: ReturnType<typeof makeTold>}} shared
 */
export function keepButtons(model, signal, { kernel, told }) {
  const said = h("span", { "aria-live": "polite", class: "cw-said" });
  const box = codeBox(signal);
  let clearing = 0;
  const say = (/** @type {string} */ text) => {
    setText(said, text);
    clearTimeout(clearing);
    clearing = window.setTimeout(() => setText(said, ""), SAID);
  };
  signal.addEventListener("abort", () => clearTimeout(clearing), { once: true });

  const copy = button("Copy code", signal, async () => {
    const code = model.get("code") ?? "";
    try {
      await navigator.clipboard.writeText(code);
      if (!signal.aborted) say("Code copied.");
    } catch {
      if (!signal.aborted) box.show(code); // no clipboard, or not for this page
    }
  });
  const save = button("Save image", signal, async () => {
    const made = await drawn(model);
    if (signal.aborted) return;
    if (made === null) return say("There is no map to save yet.");
    made.canvas.toBlob((blob) => {
      if (blob === null) return say("The picture could not be written.");
      const address = URL.createObjectURL(blob);
      h("a", { href: address, download: fileName(made.heading, made.method) }).click();
      setTimeout(() => URL.revokeObjectURL(address), 0);
    }, "image/png");
  });
  save.title = "Picture, map and caption as a PNG";

  const draw = () => {
    const isTold = (model.get("code") ?? "") !== "";
    const isOfThis = kernel.reached || told.isOf(model);
    copy.disabled = !isTold || !isOfThis;
    copy.title = isOfThis ? "Python code that gives this map" : "The code of another choice needs a kernel.";
    save.disabled = read.result(model) === null;
  };
  kernel.changed.addEventListener("change", draw, { signal });
  watch(
    model,
    ["code", "result", "filters", "neurons", "region", "colormap", "opacity", "view"],
    draw,
    signal,
  );
  draw();
  return { copy, save, said, box: box.element };
}

/** What was chosen when the code was told. One for each model, shared by its views. */
export function makeTold() {
  let told = "";
  return {
    /**
     * @param {import("../model.js").Model} model
     * @param {AbortSignal} signal
     */
    watch(model, signal) {
      const remember = () => {
        told = choice(model);
      };
      watch(model, ["code"], remember, signal);
      remember();
    },
    /** @param {import("../model.js").Model} model */
    isOf: (model) => told === choice(model),
  };
}

/** @param {import("../model.js").Model} model */
function choice(model) {
  return JSON.stringify([
    read.filters(model),
    read.selection(model),
    model.get("colormap"),
    model.get("opacity"),
    model.get("view"),
  ]);
}

/**
 * The code in a box, selected, to be copied by hand.
 * @param {AbortSignal} signal
 */
function codeBox(signal) {
  const id = freshId();
  const text = h("textarea", { id, readonly: "", spellcheck: "false", class: "cw-code-text" });
  const element = h("div", { class: "cw-code" });
  /** @type {Element | null} */
  let opener = null;
  const close = () => {
    element.hidden = true;
    if (opener instanceof HTMLElement) opener.focus(); // what is hidden loses the focus, and the notebook takes the keys
  };
  const label = h("label", { for: id }, ["The clipboard is barred here. Copy the code from this box:"]);
  element.append(
    h("div", { class: "cw-row" }, [
      label,
      h("span", { class: "cw-buttons" }, [button("Close", signal, close)]),
    ]),
    text,
  );
  element.hidden = true;
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    close();
    consume(event);
  };
  text.addEventListener("keydown", onKey, { signal });
  return {
    element,
    show(/** @type {string} */ code) {
      opener = document.activeElement;
      text.value = code.trimEnd();
      text.rows = Math.min(18, code.trimEnd().split("\n").length);
      element.hidden = false;
      text.focus();
      text.select();
    },
  };
}
