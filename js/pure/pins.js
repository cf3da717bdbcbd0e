/**
 * Maps that were pinned for comparison: what each shows, with which settings, in words. A map is pinned as it is on
 * show, with the settings that it answers and not those that were chosen since.
 *
 * @typedef {import("./read.js").Settings} Settings
 * @typedef {import("./shown.js").Shown} Shown
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {{kind: string, text: string}} Part
 * @typedef {object} Snapshot
 * @property {import("../contract.d.ts").Picture} image
 * @property {Shown} shown
 * @property {Settings} settings
 * @property {number[] | null} filters
 * @property {Selection} selection
 * @property {Part[]} parts the settings in words; the kinds of one picture's maps can be set beside each other
 * @property {string} message what is said where there is no map to paint
 */
import * as read from "./read.js";
import { count, isEverything } from "./selection.js";

/** More maps than can be told apart side by side are of no use. */
export const MOST_PINS = 4;

/** Filters that are named one by one; of more, the number is said. */
const NAMED = 4;

/**
 * The map on show with its settings; null while there is none, or while its settings are not known.
 * @param {read.Readable} model
 * @param {Shown | null} shown
 * @returns {Snapshot | null}
 */
export function snapshot(model, shown) {
  const result = shown?.result ?? read.result(model);
  if (shown === null || result === null || shown.map.values.length === 0) return null;
  const isPreview = shown.result === null;
  if (isPreview && read.evidence(model)?.id !== result.evidenceId) return null;
  const settings = /** @type {Settings} */ (
    Object.fromEntries(
      Object.entries(result.settings).map(([name, value]) => [name, value ?? model.get(name)]),
    )
  );
  const filters = isPreview ? read.filters(model) : result.filters;
  const selection = isPreview ? read.selection(model) : result.selection;
  const what = result.explainsSelection
    ? "the chosen activations"
    : (read.choices(model, "classes")[settings.target] ?? `class ${settings.target}`);
  return {
    image: model.get("image") ?? {},
    shown,
    settings,
    filters,
    selection,
    parts: [
      { kind: "method", text: label(model, "methods", settings.method) },
      { kind: "class", text: what },
      { kind: "layer", text: layerWords(label(model, "layers", settings.layer), shown) },
      { kind: "score", text: scoreWords(model, settings.score) },
      { kind: "noise", text: noiseWords(settings) },
      { kind: "neurons", text: neuronWords(selection, shown) },
      { kind: "filters", text: filterWords(filters, read.channels(model)) },
    ].filter((part) => part.text !== ""),
    message: isPreview ? "" : result.message,
  };
}

/**
 * What a pin has otherwise than the map on show: its kinds of settings, "picture" among them.
 * @param {Snapshot} pin
 * @param {Snapshot} present
 * @returns {Set<string>}
 */
export function differences(pin, present) {
  const found = new Set(
    pin.parts
      .filter(({ kind, text }) => present.parts.find((part) => part.kind === kind)?.text !== text)
      .map((part) => part.kind),
  );
  if (pin.image !== present.image) found.add("picture");
  return found;
}

/**
 * What has full heat in each map. On a shared scale that is the largest of all; maps of neurons and maps of pixels
 * have different units, so each of the two kinds has its own.
 * @param {import("./shown.js").Raster[]} maps
 * @param {boolean} isShared
 * @returns {number[]}
 */
export function scales(maps, isShared) {
  if (!isShared) return maps.map((map) => map.full);
  const most = (/** @type {boolean} */ ofPixels) =>
    Math.max(0, ...maps.filter((map) => map.ofPixels === ofPixels && map.full > 0).map((map) => map.full));
  return maps.map((map) => most(map.ofPixels));
}

/**
 * @param {read.Readable} model
 * @param {"methods" | "layers"} list
 * @param {string} value
 */
function label(model, list, value) {
  const choices = /** @type {import("../contract.d.ts").Choice[]} */ (read.choices(model, list));
  return choices.find((one) => one.value === value)?.label ?? value ?? "";
}

/**
 * @param {string} name
 * @param {Shown} shown
 */
function layerWords(name, { rows, columns }) {
  return rows > 0 && name !== "" ? `${name} (${rows}×${columns})` : "";
}

/**
 * The first score is what everybody expects.
 * @param {read.Readable} model
 * @param {string} score
 */
function scoreWords(model, score) {
  const scores = read.choices(model, "scores");
  return scores.length === 0 || scores[0].value === score
    ? ""
    : (scores.find((one) => one.value === score)?.label ?? score);
}

/** @param {Settings} settings */
function noiseWords({ samples, noise }) {
  return samples > 0
    ? `${samples} noisy ${samples === 1 ? "copy" : "copies"}, noise ${noise.toFixed(2)}`
    : "";
}

/**
 * @param {Selection} selection
 * @param {Shown} shown
 */
function neuronWords(selection, { chosen }) {
  return isEverything(selection) ? "" : `${count(chosen)} of ${chosen.length} neurons`;
}

/**
 * @param {number[] | null} filters
 * @param {number} channels
 */
function filterWords(filters, channels) {
  if (filters === null) return "";
  if (filters.length === 0) return "no filter";
  if (filters.length > NAMED) return `${filters.length} of ${channels} filters`;
  return `filter${filters.length === 1 ? "" : "s"} ${filters.join(", ")}`;
}
