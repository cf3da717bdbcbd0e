/** From an encoded picture to something a canvas can draw. */
import { watch } from "../model.js";
import { uint8 } from "../pure/bytes.js";

/** @type {WeakSet<object>} pictures that no decoder understood */
const undecodable = new WeakSet();

export const pictures = {
  /** @param {unknown} image */
  broken: (image) => typeof image === "object" && image !== null && undecodable.has(image),

  /**
   * Keeps `look.bitmap` to the model's picture.
   * @param {import("../model.js").Model} model
   * @param {import("./look.js").Look} look
   * @param {() => void} redraw
   * @param {AbortSignal} signal
   */
  follow(model, look, redraw, signal) {
    const load = async () => {
      const image = model.get("image");
      const bytes = uint8(image?.file);
      const bitmap = bytes.length === 0 ? null : await decode(bytes);
      if (signal.aborted || model.get("image") !== image) {
        bitmap?.close();
        return;
      }
      if (bitmap === null && typeof image === "object" && image !== null) undecodable.add(image);
      look.bitmap?.close();
      look.bitmap = bitmap;
      redraw();
    };
    watch(model, ["image"], load, signal);
    signal.addEventListener("abort", () => look.bitmap?.close(), { once: true });
    load();
  },
};

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<ImageBitmap | null>}
 */
export function decode(bytes) {
  return createImageBitmap(new Blob([bytes])).catch(() => null);
}
