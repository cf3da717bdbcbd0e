/** The picture with its map and a caption, as a picture to keep. */
import { h } from "../dom.js";
import { uint8 } from "../pure/bytes.js";
import { legendOf } from "../pure/caption.js";
import * as read from "../pure/read.js";
import { shown } from "../pure/shown.js";
import { paintMap } from "./painter.js";
import { decode } from "./pictures.js";
import { heatOf, sentence } from "./stage.js";

/** Smaller pictures are enlarged by a whole number until they are that long, so that the caption has room. */
const LEAST = 640; // pixels

/** Dark on white whatever the page looks like: it is to be printed, and put on slides. */
const [INK, SOFT, PAPER] = ["#1a1e26", "#566071", "#ffffff"];
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * @param {import("../model.js").Model} model
 * @returns {Promise<{canvas: HTMLCanvasElement, heading: string, method: string} | null>} null where there is nothing yet
 */
export async function drawn(model) {
  const now = shown(read.evidence(model), read.result(model), read.filters(model), read.selection(model));
  const told = legendOf(model, now); // before the wait: what is chosen meanwhile is not what is drawn
  const bitmap = await decode(uint8(model.get("image")?.file));
  if (now === null || told === null || bitmap === null) return null;
  const times = Math.max(1, Math.ceil(LEAST / Math.max(bitmap.width, bitmap.height)));
  const frame = { left: 0, top: 0, width: bitmap.width * times, height: bitmap.height * times };
  const heats = heatOf(now.map);
  const words = sentence(now, heats);
  const { heading, lines, method } = told;
  const size = Math.max(15, Math.round(frame.width / 42));

  const canvas = h("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const room = frame.width - 2 * size;
  const rows = [
    ...wrapped(context, heading, `650 ${Math.round(1.2 * size)}px ${FONT}`, INK, room),
    ...[...lines, words].flatMap((line) => wrapped(context, line, `${size}px ${FONT}`, SOFT, room)),
  ];
  canvas.width = frame.width;
  canvas.height = frame.height + Math.round(1.45 * size * rows.length + 1.3 * size);
  context.fillStyle = PAPER;
  context.fillRect(0, 0, canvas.width, canvas.height);
  paintMap(context, h("canvas"), frame, {
    now,
    heats: words === "" ? heats : null,
    bitmap,
    model,
  });
  bitmap.close();
  context.textBaseline = "middle";
  rows.forEach(({ text, font, colour }, place) => {
    context.font = font;
    context.fillStyle = colour;
    context.fillText(text, size, frame.height + size * (0.65 + 1.45 * (place + 0.5)), room);
  });
  return { canvas, heading, method };
}

/**
 * Lines that fit; a single word that does not is narrowed by `fillText`.
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {string} font
 * @param {string} colour
 * @param {number} room in pixels
 */
function wrapped(context, text, font, colour, room) {
  context.font = font;
  /** @type {{text: string, font: string, colour: string}[]} */
  const lines = [];
  for (const word of text.split(/\s+/).filter((one) => one !== "")) {
    const last = lines[lines.length - 1];
    if (last && context.measureText(`${last.text} ${word}`).width <= room) last.text += ` ${word}`;
    else lines.push({ text: word, font, colour });
  }
  return lines;
}
