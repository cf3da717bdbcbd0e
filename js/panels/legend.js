import { h, setText } from "../dom.js";
import * as read from "../pure/read.js";
import { shareAt, wholeMaximum } from "../pure/shown.js";
import { neuronFacts, number, reach } from "../pure/words.js";

/** Views in which these colours mean nothing. */
const OWN_SCALE = ["filters", "inputs"];

/**
 * Under the picture: what the colours mean, and the numbers of the neuron under the pointer.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {import("./look.js").Look} look
 */
export function legend(model, el, look) {
  const strip = h("canvas", { class: "cw-strip", width: "256", height: "1", "aria-hidden": "true" });
  const most = h("span", { class: "cw-muted" });
  const scale = h("span", { class: "cw-scale" }, [h("span", { class: "cw-muted" }, ["0"]), strip, most]);
  const words = h("span");
  const facts = h("p", { class: "cw-facts" });
  el.append(
    h("div", { class: "cw-row cw-legend" }, [h("span", { class: "cw-readout" }, [words]), scale]),
    facts,
  );

  /** @type {Uint8Array | null} */
  let drawn = null;
  return (/** @type {import("../pure/shown.js").Shown | null} */ now) => {
    const palette = read.palette(model);
    if (palette !== drawn) drawStrip(strip, palette);
    drawn = palette;
    scale.hidden = now === null || !(now.map.full > 0) || OWN_SCALE.includes(model.get("view"));
    if (now !== null) {
      // Colours are stretched to what is chosen; beside it stands what the whole layer reaches.
      const whole = wholeMaximum(read.evidence(model));
      setText(most, reach(now.map, whole));
      scale.title = meaning(now.map, whole);
    }
    const cell = look.hovered ?? (look.byKeys ? look.active : null);
    setText(words, cell && now ? describe(cell, now) : (look.seen?.words ?? hint(now, model.get("view"))));
    words.classList.toggle("cw-muted", cell === null);
    setText(facts, cell && look.facts ? neuronFacts(look.facts) : "");
    if (cell && look.facts) facts.title = "A: activation · g: dS/dA · α, w: as the method weighs it";
  };
}

/**
 * @param {import("../pure/shown.js").Raster} map
 * @param {number} whole
 */
function meaning({ full, maximum }, whole) {
  if (maximum > full) {
    return `The strongest hundredth of the pixels has the last colour; the strongest of all holds ${number(maximum)}.`;
  }
  return full < 0.98 * whole
    ? "The colours reach up to the strongest of the chosen neurons and filters."
    : "";
}

/**
 * @param {import("../pure/shown.js").Shown | null} now
 * @param {string | undefined} view
 */
function hint(now, view) {
  return now?.rows === 0 || view === "filters" ? "" : "Drag: a box · click: a neuron";
}

/**
 * The neuron as Python takes it, (row, column) from 0.
 * @param {import("../contract.d.ts").Neuron} cell
 * @param {import("../pure/shown.js").Shown} now
 */
function describe(cell, now) {
  const place = `neuron (${cell[0]}, ${cell[1]})`;
  const share = shareAt(now, cell);
  return share === null ? place : `${place} · ${share.toFixed(2)} of the maximum`;
}

/**
 * @param {HTMLCanvasElement} strip
 * @param {Uint8Array} palette
 */
function drawStrip(strip, palette) {
  const pixels = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++)
    pixels.set([palette[3 * i], palette[3 * i + 1], palette[3 * i + 2], 255], 4 * i);
  strip.getContext("2d")?.putImageData(new ImageData(pixels, 256, 1), 0, 0);
}
