/** What the network sees: the picture after preprocessing, fetched when the view asks for it. */
import { makeAsk } from "../ask.js";
import { watch } from "../model.js";
import { uint8 } from "../pure/bytes.js";
import { inputs } from "../pure/words.js";
import { decode } from "./pictures.js";

/**
 * Keeps `look.seen` to the model's picture while the view is "inputs"; null in all others.
 * @param {import("../model.js").Model} model
 * @param {import("./look.js").Look} look
 * @param {() => void} redraw
 * @param {AbortSignal} signal
 */
export function seenInputs(model, look, redraw, signal) {
  const ask = makeAsk(model, signal);
  /** @type {unknown} */
  let of = null;
  const forget = () => {
    look.seen?.bitmap?.close();
    look.seen = null;
    of = null;
  };
  const load = () => {
    const image = model.get("image");
    if (model.get("view") !== "inputs") {
      forget();
      redraw();
    } else if (image !== of) {
      forget();
      of = image;
      ask({ kind: "inputs" }, async (answer, buffers) => {
        const bitmap = answer.error === "" ? await decode(uint8(buffers[0])) : null;
        if (signal.aborted || of !== image) return bitmap?.close();
        look.seen = { bitmap, words: bitmap === null ? answer.error : inputs(answer) };
        redraw();
      });
    }
  };
  watch(model, ["view", "image"], load, signal);
  signal.addEventListener("abort", forget, { once: true });
  load();
}
