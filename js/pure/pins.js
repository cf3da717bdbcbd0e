/**
 * Maps that were pinned for comparison: what each shows, with which settings, in words. A map is pinned as it is on
 * show, with the settings that it answers and not those that were chosen since.
 *
 * @typedef {import("./read.js").Settings} Settings
 * @typedef {import("./shown.js").Shown} Shown
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {{kind: string, text: string, isUsual: boolean}} Part `isUsual`: not worth a word by itself
 * @typedef {object} Snapshot
 * @property {import("../contract.d.ts").Picture} image
 * @property {Shown} shown
 * @property {Settings} settings
 * @property {number[] | null} filters
 * @property {Selection} selection
 * @property {string} unit of its values: two maps share a scale where it is the same
 * @property {Part[]} parts the settings in words, one part for each kind
 * @property {string} message what is said where there is no map to paint
 */
import * as read from "./read.js";
import { count, isEverything, mask } from "./selection.js";
import { lowerFirst } from "./words.js";

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
  const explains = result.explainsSelection;
  const what = explains
    ? "the chosen activations"
    : (read.choices(model, "classes")[settings.target] ?? `class ${settings.target}`);
  // A selection that was made since stands in the `chosen` of a result already, and not yet in its map.
  const chosen = mask(selection, shown.rows, shown.columns);
  const kept = explains || isEverything(selection) ? undefined : chosen;
  return {
    image: model.get("image") ?? {},
    shown: { ...shown, chosen, map: { ...shown.map, kept } },
    settings,
    filters,
    selection,
    unit: `${settings.method} ${explains ? "" : settings.score}`,
    parts: [
      { kind: "method", text: label(model, "methods", settings.method), isUsual: false },
      { kind: "class", text: what, isUsual: false },
      { kind: "layer", ...layerWords(label(model, "layers", settings.layer), shown) },
      { kind: "score", ...scoreWords(model, settings.score) },
      { kind: "noise", ...noiseWords(settings) },
      { kind: "neurons", ...neuronWords(selection, shown) },
      { kind: "filters", ...filterWords(filters, read.channels(model)) },
    ],
    message: isPreview ? "" : result.message,
  };
}

/**
 * The settings in words, as a caption has them: the usual ones only where the map on show has others.
 * @param {Snapshot} pin
 * @param {Snapshot | null} present the map on show; null: of nothing to set it beside
 * @returns {{text: string, differs: boolean}[]}
 */
export function caption(pin, present) {
  const words = pin.parts
    .map(({ kind, text, isUsual }) => {
      const other = present?.parts.find((part) => part.kind === kind);
      return { text, isUsual, differs: other !== undefined && other.text !== text };
    })
    .filter(({ text, isUsual, differs }) => text !== "" && (differs || !isUsual))
    .map(({ text, differs }) => ({ text, differs }));
  const isOther = present !== null && pin.image !== present.image;
  return isOther ? [...words, { text: "another picture", differs: true }] : words;
}

/**
 * What has full heat in maps that share a scale: the largest of all. Maps of one `unit` can; what another method
 * gives, or another score, is a number of another kind.
 * @param {Pick<Snapshot, "shown">[]} alike
 */
export function largestFull(alike) {
  return alike.reduce((most, { shown }) => (shown.map.full > most ? shown.map.full : most), 0);
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
  return { text: rows > 0 ? `${name} (${rows}×${columns})` : "", isUsual: false };
}

/**
 * The first score is what everybody expects.
 * @param {read.Readable} model
 * @param {string} score
 */
function scoreWords(model, score) {
  const scores = read.choices(model, "scores");
  const chosen = scores.find((one) => one.value === score);
  return { text: `of the ${lowerFirst(chosen?.label ?? score ?? "")}`, isUsual: scores[0] === chosen };
}

/** @param {Settings} settings */
function noiseWords({ samples, noise }) {
  if (!(samples > 0)) return { text: "no noise", isUsual: true };
  const copies = `${samples} noisy ${samples === 1 ? "copy" : "copies"}`;
  return { text: `${copies}, noise ${noise.toFixed(2)}`, isUsual: false };
}

/**
 * @param {Selection} selection
 * @param {Shown} shown
 */
function neuronWords(selection, { rows, columns }) {
  if (isEverything(selection)) return { text: "all neurons", isUsual: true };
  const chosen = mask(selection, rows, columns);
  return { text: `${count(chosen)} of ${chosen.length} neurons`, isUsual: false };
}

/**
 * @param {number[] | null} filters
 * @param {number} channels
 */
function filterWords(filters, channels) {
  if (filters === null) return { text: "all filters", isUsual: true };
  if (filters.length === 0) return { text: "no filter", isUsual: false };
  const some =
    filters.length > NAMED
      ? `${filters.length} of ${channels} filters`
      : `filter${filters.length === 1 ? "" : "s"} ${filters.join(", ")}`;
  return { text: some, isUsual: false };
}
