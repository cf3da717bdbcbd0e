/** Numbers and states as people read them. */

/**
 * A probability to two places, without the zero everybody knows: ".41", "1.00", "<.01".
 * @param {number} value
 */
export function probability(value) {
  if (!Number.isFinite(value)) return "";
  if (value > 0 && value < 0.005) return "<.01";
  return value.toFixed(2).replace(/^0/, "");
}

/**
 * What the network says of one class: its probability, or its value where there is none.
 * @param {import("./read.js").Result | null} result
 * @param {number} k
 */
export function verdict(result, k) {
  if (result === null) return "";
  const { probabilities, outputs } = result;
  if (probabilities !== null) return probability(probabilities[k]);
  return k < outputs.length ? number(outputs[k]) : "";
}

/**
 * What is explained, around its number: "logit", 7.31, "of class three"; names stand alone, since they are bold.
 * @param {import("./read.js").Result} result
 * @param {string} label of the score
 * @param {string[]} names of the classes
 * @returns {{kind: string, of: string, name: string, over: string, other: string}}
 */
export function explained(result, label, names) {
  if (result.explainsSelection) {
    return { kind: "sum", of: "of the chosen activations", name: "", over: "", other: "" };
  }
  const name = names[result.target ?? -1] ?? "";
  const of = result.probabilities === null || name.startsWith("class ") ? "of " : "of class ";
  const other = result.against === null ? "" : (names[result.against] ?? "");
  return { kind: lowerFirst(label), of, name, over: other === "" ? "" : " against ", other };
}

/**
 * Any number, to three figures or so.
 * @param {number} value
 */
export function number(value) {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1);
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/**
 * @param {number} value in milliseconds
 */
export function duration(value) {
  if (!(value >= 0)) return "";
  if (value >= 10_000) return `${(value / 1000).toFixed(0)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
}

/**
 * @param {string} state
 * @param {number} progress in [0, 1]
 * @param {number} milliseconds of the newest result
 */
export function status(state, progress, milliseconds) {
  if (state === "computing") {
    return progress > 0 && progress < 1 ? `computing… ${Math.round(100 * progress)} %` : "computing…";
  }
  if (state === "stopped") return "stopped";
  const took = duration(milliseconds);
  return took === "" ? "idle" : `idle · ${took}`;
}

/**
 * What still works without a kernel.
 * @param {boolean} previews whether the page can paint a selection by itself
 */
export function withoutKernel(previews) {
  return previews
    ? "No kernel: filters, neurons, colours and view respond; the greyed controls need one."
    : "No kernel: colours and view respond; the greyed controls need one, and so does this map's selection.";
}

/**
 * What is said while an answer is overdue.
 * @param {boolean} previews whether the page can paint a selection by itself
 */
export function busy(previews) {
  return previews
    ? "The kernel is busy: filters and neurons respond, all else follows when it answers."
    : "The kernel is busy: the map follows when it answers.";
}

/**
 * What a neuron's cell says to a screen reader. `share` is its value beside the map's maximum.
 * @param {import("../contract.d.ts").Neuron} cell
 * @param {boolean} chosen
 * @param {number | null} share null where there is no map
 */
export function neuron([row, column], chosen, share) {
  const place = `row ${row + 1}, column ${column + 1}, ${chosen ? "chosen" : "not chosen"}`;
  return share === null ? place : `${place}, ${share.toFixed(2)} of the maximum`;
}

/**
 * @param {number} chosen
 * @param {number} total
 * @param {boolean} [isUnchosen] whether "all" means that nothing was chosen to be explained
 */
export function neurons(chosen, total, isUnchosen = false) {
  if (isUnchosen) return "Neurons: the whole class is explained";
  return `Neurons: ${chosen === total ? "all" : `${chosen} of`} ${total} chosen`;
}

/**
 * What the colours reach up to: "27.2", "3.10 of 27.2" for a part of the map, "≥ 0.004" where all from there on
 * has the last colour.
 * @param {{full: number, maximum: number}} map
 * @param {number} whole the whole layer's maximum; 0 where it is not known
 */
export function reach({ full, maximum }, whole) {
  if (maximum > full) return `≥ ${number(full)}`;
  return whole > 0 && full < 0.98 * whole ? `${number(full)} of ${number(whole)}` : number(full);
}

/**
 * @param {string} text
 */
export function upperFirst(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * @param {string} label
 */
export function lowerFirst(label) {
  return label.charAt(0).toLowerCase() + label.slice(1);
}

/**
 * One neuron's numbers: those the method has.
 * @param {Pick<import("../contract.d.ts").NeuronAnswer, "filter" | "activation" | "gradient" | "alpha" | "weight">} facts
 */
export function neuronFacts({ filter, activation, gradient, alpha, weight }) {
  const parts = [
    ["A", activation],
    ["g", gradient],
    ["α", alpha],
    ["w", weight],
  ];
  const known = parts.flatMap(([name, value]) =>
    typeof value === "number" ? [`${name} ${fine(value).replace("-", "−")}`] : [],
  );
  return `filter ${filter}: ${known.join(" · ")}`;
}

/**
 * A number of which small ones matter too, as of derivatives.
 * @param {number} value
 */
function fine(value) {
  const size = Math.abs(value);
  return size < 0.1 && size >= 1e-3 ? value.toPrecision(2) : number(value);
}

/**
 * What the network takes: "224 × 224 × 3, −1.00 to 1.00".
 * @param {import("../contract.d.ts").InputsAnswer} answer
 */
export function inputs({ height, width, channels, low, high }) {
  const end = (/** @type {number} */ value) => number(value).replace("-", "−");
  return `${height} × ${width} × ${channels}, from ${end(low)} to ${end(high)}`;
}

/**
 * What a check of the map found: ".83 → .71 with the map's part alone, drop 14 %."
 * @param {Pick<import("../contract.d.ts").CheckAnswer, "before" | "after" | "drop" | "correlation">} found
 */
export function checked({ before, after, drop, correlation }) {
  const kept =
    before === null || after === null
      ? ""
      : `Probability ${probability(before)} → ${probability(after)} with only what the map shows${
          drop === null ? "" : `, drop ${Math.round(100 * drop)} %`
        }. `;
  const alike =
    correlation === null
      ? "With random weights on top there is no map to compare."
      : `With random weights on top: rank correlation ${correlation.toFixed(2).replace("-", "−")} with this map; 1 would say that it does not depend on them.`;
  return kept + alike;
}
