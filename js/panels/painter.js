/** Paints the stage: picture, heat, veil over what is not chosen, grid, outline, hovered and active neuron. */
import { h } from "../dom.js";
import { devicePixels, fit, snap } from "../pure/geometry.js";
import { outline } from "../pure/outline.js";
import { colourise, paints } from "../pure/palette.js";
import * as read from "../pure/read.js";
import { bilinear, cells } from "../pure/resize.js";
import { isEverything } from "../pure/selection.js";
import { drawCell, drawField, drawGrid, drawOutline, drawVeil } from "./strokes.js";

/** Pictures with fewer pixels are shown as the pixels they are. */
const FEW_PIXELS = 64;

/**
 * Pixels for each neuron of a smooth map, and for a small grid the whole raster's side; a screen that has more pixels
 * enlarges it, which nobody sees, and a drag stays smooth.
 */
const PER_NEURON = 16;
const ENOUGH = 256;

/** At which a picture under a map of pixels has faded as far as it will. */
const USUAL_OPACITY = 0.6;

/**
 * @typedef {object} Scene
 * @property {import("../pure/shown.js").Shown | null} now
 * @property {Float32Array | null} heats map / what has full heat; null: nothing to paint
 * @property {import("./look.js").Look} look
 * @property {read.Readable} model
 */

/** @param {HTMLCanvasElement} canvas */
export function makePainter(canvas) {
  const layer = h("canvas");

  return {
    /**
     * @param {Scene} scene
     * @returns {boolean} whether there was a place to paint
     */
    paint({ now, heats, look, model }) {
      const context = canvas.getContext("2d");
      if (context === null || canvas.clientWidth === 0) return false;
      const ratio = window.devicePixelRatio || 1;
      const size = devicePixels({ width: canvas.clientWidth, height: canvas.clientHeight }, ratio);
      if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
      const frame = snap(fit(model.get("image") ?? {}, size));
      context.clearRect(0, 0, size.width, size.height);
      paintMap(context, layer, frame, { now, heats, bitmap: look.seen?.bitmap ?? look.bitmap, model });
      if (now === null) return true;
      const some = !isEverything(read.selection(model));
      // Over pixels the outline is enough: their picture is dark already, and evidence may lie outside the choice.
      const isVeiled = some && !now.map.ofPixels;
      if (isVeiled) drawVeil(context, now, frame);
      if (isVeiled || look.hovered !== null || look.byKeys) drawGrid(context, now, frame, ratio);
      if (some) drawOutline(context, outline(now.chosen, now.rows, now.columns), now, frame, ratio);
      if (look.hovered !== null && !look.dragging) drawCell(context, look.hovered, now, frame, ratio, false);
      if (look.facts?.field && !look.dragging) drawField(context, look.facts.field, frame, ratio);
      if (look.byKeys) drawCell(context, look.active, now, frame, ratio, true);
      return true;
    },
  };
}

/**
 * The picture and the heat over it.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLCanvasElement} layer to work on
 * @param {import("../pure/geometry.js").Frame} frame
 * @param {Pick<Scene, "now" | "heats" | "model"> & {bitmap: ImageBitmap | null}} scene
 */
export function paintMap(context, layer, frame, { now, heats, bitmap, model }) {
  if (bitmap !== null) drawPicture(context, bitmap, frame);
  if (now === null || heats === null) return;
  if (now.map.ofPixels) fadePicture(context, frame, model.get("opacity") ?? 0.6);
  drawHeat(layer, now.map, heats, frame, model);
  context.imageSmoothingEnabled = true;
  context.drawImage(layer, frame.left, frame.top, frame.width, frame.height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {ImageBitmap} bitmap
 * @param {import("../pure/geometry.js").Frame} frame
 */
function drawPicture(context, bitmap, frame) {
  context.drawImage(atSize(bitmap, frame), frame.left, frame.top);
}

/** @type {WeakMap<ImageBitmap, HTMLCanvasElement>} */
const sizes = new WeakMap();

/**
 * The picture at the size in which it is shown. Resizing it well takes longer than all else in a frame of a drag.
 * @param {ImageBitmap} bitmap
 * @param {{width: number, height: number}} size in device pixels
 */
function atSize(bitmap, { width, height }) {
  const known = sizes.get(bitmap);
  if (known?.width === width && known.height === height) return known;
  const canvas = h("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.imageSmoothingEnabled = Math.min(bitmap.width, bitmap.height) > FEW_PIXELS;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, width, height);
  }
  sizes.set(bitmap, canvas);
  return canvas;
}

/**
 * Single pixels are lost on a colourful picture: it turns grey and dark under them, the more the denser the paint.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../pure/geometry.js").Frame} frame
 * @param {number} opacity of the paint
 */
function fadePicture(context, { left, top, width, height }, opacity) {
  context.save();
  context.globalAlpha = Math.min(1, opacity / USUAL_OPACITY);
  context.globalCompositeOperation = "saturation";
  context.fillStyle = "#777";
  context.fillRect(left, top, width, height);
  context.globalCompositeOperation = "source-over";
  context.fillStyle = "rgb(10 12 18 / 0.5)";
  context.fillRect(left, top, width, height);
  context.restore();
}

/**
 * The coloured map on a canvas of its own, because putImageData would replace the picture instead of covering it.
 * @param {HTMLCanvasElement} layer
 * @param {import("../pure/geometry.js").Grid} map
 * @param {Float32Array} heats
 * @param {import("../pure/geometry.js").Frame} frame
 * @param {read.Readable} model
 */
function drawHeat(layer, { rows, columns }, heats, frame, model) {
  const blocks = model.get("view") === "cells";
  const most = Math.max(ENOUGH, PER_NEURON * Math.max(rows, columns));
  const shrink = blocks ? 1 : Math.min(1, most / Math.max(frame.width, frame.height));
  const width = Math.max(1, Math.round(frame.width * shrink));
  const height = Math.max(1, Math.round(frame.height * shrink));
  const resized = (blocks ? cells : bilinear)(heats, rows, columns, height, width);
  const pixels = colourise(resized, paints(read.palette(model), model.get("opacity") ?? 0.5));
  if (layer.width !== width || layer.height !== height) Object.assign(layer, { width, height });
  layer.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
}
