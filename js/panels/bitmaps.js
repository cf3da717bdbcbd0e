/** The pictures of several maps, each decoded once, let go of when none shows it. */
import { uint8 } from "../pure/bytes.js";
import { decode } from "./pictures.js";

/**
 * @typedef {import("../contract.d.ts").Picture} Picture
 * @param {() => void} redraw called when a picture is ready
 * @param {AbortSignal} signal
 */
export function makeBitmaps(redraw, signal) {
  /** @type {Map<Picture, ImageBitmap | null>} null while it is decoded, and where it cannot be */
  const known = new Map();
  const drop = (/** @type {Picture} */ image) => {
    known.get(image)?.close();
    known.delete(image);
  };
  signal.addEventListener("abort", () => [...known.keys()].forEach(drop), { once: true });

  return {
    /** @param {Picture} image */
    of: (image) => known.get(image) ?? null,

    /** @param {Picture[]} images those that are shown now */
    keep(images) {
      for (const image of known.keys()) if (!images.includes(image)) drop(image);
      for (const image of images) {
        const bytes = uint8(image.file);
        if (known.has(image) || bytes.length === 0) continue;
        known.set(image, null);
        decode(bytes).then((bitmap) => {
          if (!known.has(image)) return bitmap?.close();
          known.set(image, bitmap);
          redraw();
        });
      }
    },
  };
}
