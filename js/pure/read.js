/**
 * The traits as the panels want them. A saved page or an early moment may hold anything, `{}` mostly:
 * what is missing becomes empty here, so that no panel has to ask. Nothing is kept; what is costly to unpack is
 * remembered beside the trait's own object and goes with it.
 *
 * @typedef {import("../contract.d.ts").State} State
 * @typedef {{get: (name: any) => any}} Readable
 * @typedef {Pick<State, typeof SETTINGS[number]>} Settings
 * @typedef {object} Evidence
 * @property {number} id
 * @property {string} layer
 * @property {number} rows
 * @property {number} columns
 * @property {number} channels
 * @property {Float32Array | null} contributions null where what is chosen is itself explained
 * @property {Float32Array} means of each filter's activations; none where they were not sent
 * @property {Int8Array | null} terms
 * @property {Float32Array} scales
 * @property {boolean} previews whether the terms add up to the map
 * @property {string} note
 * @typedef {object} Result
 * @property {number} seq
 * @property {number} evidenceId
 * @property {Settings} settings it was computed with
 * @property {number | null} target the class it explains
 * @property {number | null} against the class that one is set against
 * @property {number[] | null} filters it was computed for
 * @property {import("./selection.js").Selection} selection it was computed for
 * @property {number} rows
 * @property {number} columns
 * @property {Float32Array} map
 * @property {number} full what has full heat
 * @property {number} maximum the largest value, also where the map was cut off
 * @property {boolean} ofPixels
 * @property {boolean} explainsSelection
 * @property {Float32Array} outputs
 * @property {Float32Array | null} probabilities null where the outputs are values
 * @property {number} score
 * @property {string} message
 * @property {number} milliseconds
 * @typedef {object} Pictures
 * @property {number} count 0 where there is one picture, and no strip
 * @property {number[]} order
 * @property {Int32Array} predicted
 * @property {Float32Array} probabilities
 * @property {Int32Array} labels
 * @property {string} note
 */
import { float32, int8, int32, uint8 } from "./bytes.js";
import { gradient } from "./palette.js";
import { isEverything } from "./selection.js";

/** What a map is computed with, besides what is selected. */
const SETTINGS = /** @type {const} */ (["method", "layer", "target", "score", "samples", "noise"]);

/** @type {WeakMap<object, unknown>} */
const unpacked = new WeakMap();

/**
 * @template T
 * @param {unknown} raw
 * @param {(raw: any) => T} unpack
 * @returns {T}
 */
function once(raw, unpack) {
  if (typeof raw !== "object" || raw === null) return unpack({});
  if (!unpacked.has(raw)) unpacked.set(raw, unpack(raw));
  return /** @type {T} */ (unpacked.get(raw));
}

/**
 * null until something was measured.
 * @param {Readable} model
 * @returns {Evidence | null}
 */
export function evidence(model) {
  return once(model.get("evidence"), (raw) => {
    const { rows = 0, columns = 0, channels = 0 } = raw;
    if (!(raw.id > 0)) return null;
    const terms = raw.terms ? int8(raw.terms) : null;
    const scales = float32(raw.scales);
    const whole = terms !== null && terms.length === rows * columns * channels && scales.length === channels;
    return {
      id: raw.id,
      layer: raw.layer ?? "",
      rows,
      columns,
      channels,
      contributions: raw.contributions ? float32(raw.contributions) : null,
      means: float32(raw.means),
      terms: whole ? terms : null,
      scales,
      previews: whole && raw.previews === true,
      note: raw.note ?? "",
    };
  });
}

/**
 * null until the kernel gave one.
 * @param {Readable} model
 * @returns {Result | null}
 */
export function result(model) {
  return once(model.get("result"), (raw) => {
    if (!(raw.seq > 0)) return null;
    return {
      seq: raw.seq,
      evidenceId: raw.evidence_id ?? 0,
      settings: /** @type {Settings} */ (
        Object.fromEntries(SETTINGS.map((name) => [name, name === "score" ? raw.score_name : raw[name]]))
      ),
      target: raw.target ?? null,
      against: raw.against ?? null,
      filters: raw.filters ?? null,
      selection: { neurons: raw.neurons ?? null, region: raw.region ?? null },
      rows: raw.rows ?? 0,
      columns: raw.columns ?? 0,
      map: float32(raw.map),
      full: raw.full ?? Number.NaN,
      maximum: raw.maximum ?? Number.NaN,
      ofPixels: raw.of_pixels === true,
      explainsSelection: raw.explains_selection === true,
      outputs: float32(raw.outputs),
      probabilities: raw.probabilities ? float32(raw.probabilities) : null,
      score: raw.score ?? Number.NaN,
      message: raw.message ?? "",
      milliseconds: raw.milliseconds ?? Number.NaN,
    };
  });
}

/**
 * @param {Readable} model
 * @returns {Pictures}
 */
export function pictures(model) {
  return once(model.get("pictures"), (raw) => ({
    count: raw.count ?? 0,
    order: [...int32(raw.order)],
    predicted: int32(raw.predicted),
    probabilities: float32(raw.probabilities),
    labels: int32(raw.labels),
    note: raw.note ?? "",
  }));
}

/**
 * A list of `choices`, empty where there is none.
 * @template {keyof import("../contract.d.ts").Choices} K
 * @param {Readable} model
 * @param {K} name
 * @returns {import("../contract.d.ts").Choices[K]}
 */
export function choices(model, name) {
  const all = model.get("choices");
  return Array.isArray(all?.[name]) ? all[name] : /** @type {any} */ ([]);
}

/**
 * @param {Readable} model
 * @returns {import("./selection.js").Selection}
 */
export function selection(model) {
  return { neurons: model.get("neurons") ?? null, region: model.get("region") ?? null };
}

/**
 * @param {Readable} model
 * @returns {number[] | null}
 */
export function filters(model) {
  return model.get("filters") ?? null;
}

/**
 * Whether chosen neurons and filters are what is explained, and not what the map is made of.
 * @param {Evidence | null} evidence
 */
export function choosesTarget(evidence) {
  return evidence !== null && evidence.contributions === null && evidence.channels > 0;
}

/**
 * Whether they would be, but none is chosen: then the class is explained.
 * @param {Readable} model
 */
export function isUnchosen(model) {
  return choosesTarget(evidence(model)) && filters(model) === null && isEverything(selection(model));
}

/**
 * 256 RGB colours of the chosen colour map.
 * @param {Readable} model
 * @returns {Uint8Array}
 */
export function palette(model) {
  const maps = choices(model, "colormaps");
  const chosen = maps.find((map) => map.value === model.get("colormap")) ?? maps[0];
  return once(chosen, (raw) => {
    const bytes = uint8(raw.palette);
    return bytes.length === 768 ? bytes : gradient();
  });
}

/**
 * Number of filters: as measured, else as the chosen layer has.
 * @param {Readable} model
 */
export function channels(model) {
  const layer = choices(model, "layers").find((one) => one.value === model.get("layer"));
  return evidence(model)?.channels ?? layer?.channels ?? 0;
}
