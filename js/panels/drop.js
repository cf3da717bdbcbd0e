/** A picture that is dropped or pasted is explained next: made small here, and sent as a string. */
import { makeAsk } from "../ask.js";
import { consume } from "../dom.js";
import { encodings, MOST_CHARACTERS } from "../pure/album.js";

/**
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el takes what is dropped
 * @param {HTMLElement} root takes what is pasted
 * @param {AbortSignal} signal
 * @param {(sentence: string) => void} alert
 */
export function dropPanel(model, el, root, signal, alert) {
  const ask = makeAsk(model, signal);
  /** @type {File} a large one is read for longer than a small one that came after it */
  let newest;
  const take = (/** @type {Event} */ event, /** @type {DataTransfer | null} */ brought) => {
    const file = brought?.files[0];
    if (!file) return;
    consume(event);
    newest = file;
    alert("");
    encoded(file).then(
      (data) =>
        signal.aborted || file !== newest || ask({ kind: "picture", data }, ({ error }) => alert(error)),
      () => alert(`“${file.name}” is no picture that this browser can read.`),
    );
  };
  const mark = (/** @type {boolean} */ is) => el.classList.toggle("cw-over", is);
  const over = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    consume(event); // which says that something can be dropped here
    mark(true);
  };
  const drop = (/** @type {DragEvent} */ event) => {
    mark(false);
    take(event, event.dataTransfer);
  };
  const options = { signal };
  el.addEventListener("dragover", over, options);
  el.addEventListener("dragleave", () => mark(false), options);
  el.addEventListener("drop", drop, options);
  root.addEventListener("paste", (event) => take(event, event.clipboardData), options);
}

/**
 * @param {Blob} file
 * @returns {Promise<string>} a data address that is short enough to be sent
 */
async function encoded(file) {
  const bitmap = await createImageBitmap(file); // upright, however the camera was held
  const canvas = document.createElement("canvas");
  try {
    for (const { width, height, type } of encodings(bitmap.width, bitmap.height)) {
      Object.assign(canvas, { width, height });
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      context.fillStyle = "#fff"; // where it is transparent
      context.fillRect(0, 0, width, height);
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, width, height);
      const data = canvas.toDataURL(type, 0.9);
      if (data.length <= MOST_CHARACTERS) return data;
    }
  } finally {
    bitmap.close(); // a photograph takes 50 MB, and would until it is collected
  }
  throw new Error(); // a line of pixels, perhaps
}
