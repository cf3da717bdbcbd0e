/** One of the maps that are compared: picture, settings in words, what it reaches, how alike it is. */
import { button, h, setText } from "../dom.js";
import { correlationWords } from "../pure/correlation.js";
import { heat } from "../pure/palette.js";
import { caption } from "../pure/pins.js";
import { number } from "../pure/words.js";
import { untouched } from "./look.js";
import { makePainter } from "./painter.js";

/**
 * @typedef {import("../pure/pins.js").Snapshot} Snapshot
 * @param {import("../model.js").Model} model
 * @param {AbortSignal} signal
 * @param {{pin: import("../pins.js").Pin | null, back: () => void, remove: () => void}} what `pin` null: the map on show
 */
export function makeFigure(model, signal, { pin, back, remove }) {
  const canvas = h("canvas", { class: "cw-canvas", "aria-hidden": "true" });
  const message = h("span", { class: "cw-message" });
  const frame = pin === null ? h("div") : button("", signal, back);
  frame.className = "cw-figure-frame";
  frame.append(canvas, message);
  const title = h("strong", {}, [pin === null ? "On show" : `Pin ${pin.number}`]);
  const head = h("div", { class: "cw-figure-head" }, [title]);
  const parts = h("p", { class: "cw-figure-parts" });
  const reaches = h("p", { class: "cw-muted" });
  const alike = h("p");
  const element = h("li", { class: "cw-figure" }, [frame, head, parts, reaches, alike]);
  if (pin !== null) {
    const away = button("×", signal, remove);
    away.setAttribute("aria-label", `Remove pin ${pin.number}`);
    away.classList.add("cw-away");
    head.append(away);
    const spoken = caption(pin, null)
      .map((part) => part.text)
      .join(", ");
    frame.setAttribute("aria-label", `Bring back pin ${pin.number}: ${spoken}`);
    frame.title = "Brings these settings back";
  } else {
    element.classList.add("cw-present");
  }

  const painter = makePainter(canvas);
  const look = untouched();
  /** @type {unknown[]} */
  let drawn = [];
  /** @type {ArrayLike<number> | null} */
  let correlated = null;

  return {
    element,

    /**
     * @param {Snapshot | null} taken
     * @param {{full: number, isOwn: boolean, bitmap: ImageBitmap | null, present: Snapshot | null}} scene
     *   `full`: what has full heat; `isOwn`: in this map alone, while others share a scale
     */
    draw(taken, { full, isOwn, bitmap, present }) {
      if (taken === null) return; // what was on show stays until the next map is here
      const { width = 1, height = 1 } = taken.image;
      canvas.parentElement?.style.setProperty("--cw-aspect", String(width / height));
      const seen = ["opacity", "view", "colormap", "choices"].map((name) =>
        model.get(/** @type {any} */ (name)),
      );
      const wanted = [
        taken.shown.map.values,
        taken.selection,
        full,
        bitmap,
        canvas.clientWidth,
        window.devicePixelRatio,
        ...seen,
      ];
      if (wanted.some((value, i) => value !== drawn[i])) {
        drawn = wanted;
        look.bitmap = bitmap;
        const heats = full > 0 ? heat(taken.shown.map.values, full) : null;
        painter.paint({ now: taken.shown, heats, look, model: asTaken(model, taken) });
        setText(message, heats === null ? taken.message || "No positive evidence." : "");
        message.hidden = heats !== null;
      }
      describe(parts, caption(taken, pin === null ? null : present));
      setText(reaches, reachWords(taken.shown.map, full) + (isOwn && full > 0 ? ", own scale" : ""));
    },

    /** @param {Snapshot | null} present */
    correlate(present) {
      if (pin === null || present === null || present.shown.map.values === correlated) return;
      correlated = present.shown.map.values;
      setText(alike, correlationWords(pin.shown.map, present.shown.map));
    },
  };
}

/**
 * The model as it was when the map was taken; colours and opacity are those of now.
 * @param {import("../model.js").Model} model
 * @param {Snapshot} taken
 * @returns {import("../pure/read.js").Readable}
 */
function asTaken(model, { image, selection }) {
  const then = /** @type {Record<string, unknown>} */ ({ image, ...selection });
  return { get: (name) => (name in then ? then[name] : model.get(name)) };
}

/**
 * The settings; what the map on show has otherwise stands out.
 * @param {HTMLElement} line
 * @param {ReturnType<typeof caption>} words
 */
function describe(line, words) {
  const key = JSON.stringify(words);
  if (line.dataset.key === key) return;
  line.dataset.key = key;
  line.replaceChildren(
    ...words.map(({ text, differs }) => h("span", differs ? { class: "cw-differs" } : {}, [text])),
  );
}

/**
 * @param {import("../pure/shown.js").Raster} map
 * @param {number} full
 */
function reachWords(map, full) {
  if (!(map.full > 0)) return "";
  const share = map.full / full;
  const part = share < 0.995 ? `, ${share < 0.01 ? "under 1" : Math.round(100 * share)} % of the scale` : "";
  return `up to ${number(map.full)}${part}`;
}
