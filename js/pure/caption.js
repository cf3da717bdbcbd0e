/** What stands under a saved picture: the class, its score, how the map was made and of what. */
import { snapshot } from "./pins.js";
import * as read from "./read.js";
import { explained, number, probability } from "./words.js";

/**
 * Told of the result on show, whatever has been chosen since.
 * @param {read.Readable} model
 * @param {import("./shown.js").Shown | null} now
 * @returns {{heading: string, lines: string[], method: string} | null} null where there is nothing to speak of
 */
export function legendOf(model, now) {
  const taken = snapshot(model, now);
  const result = now?.result ?? read.result(model);
  if (taken === null || result === null) return null;
  const scores = read.choices(model, "scores");
  const label = scores.find((one) => one.value === taken.settings.score)?.label ?? taken.settings.score;
  const names = read.choices(model, "classes");
  const { kind, name, over, other } = explained(result, label, names);
  const share = result.probabilities?.[result.target ?? -1];
  const tellsShare = share !== undefined && !result.explainsSelection && kind !== "probability";
  // The heading names the class, the first line the score.
  const rest = taken.parts.filter((part) => !part.isUsual && part.kind !== "class" && part.kind !== "score");
  return {
    heading: result.explainsSelection ? "Chosen activations" : name + over + other,
    lines: [
      joined([`${kind} ${number(result.score)}`, tellsShare ? `probability ${probability(share)}` : ""]),
      joined(rest.map((part) => part.text)),
    ],
    method: taken.settings.method,
  };
}

/**
 * A name for the file: what it is of, in letters that every system takes.
 * @param {string} heading
 * @param {string} method
 */
export function fileName(heading, method) {
  const plain = (/** @type {string} */ text) =>
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "") // what stood above and below letters
      .replaceAll("+", "p")
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40);
  return `${["camwidget", plain(heading), plain(method)].filter((part) => part !== "").join("-")}.png`;
}

/** @param {string[]} parts */
function joined(parts) {
  return parts.filter((part) => part !== "").join(" · ");
}
