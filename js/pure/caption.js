/** What stands under a saved picture: the class, its score, how the map was made and of what. */
import * as read from "./read.js";
import { count } from "./selection.js";
import { explained, number, probability } from "./words.js";

/**
 * @param {read.Readable} model
 * @param {import("./shown.js").Shown} now
 * @returns {{heading: string, lines: string[]}}
 */
export function caption(model, now) {
  const result = now.result ?? read.result(model);
  const layer = read.evidence(model)?.layer ?? model.get("layer") ?? "";
  const label = (/** @type {"methods" | "scores"} */ list, /** @type {string} */ value) =>
    read.choices(model, list).find((one) => one.value === value)?.label ?? value;
  const words = result && explained(result, label("scores", model.get("score") ?? "score"), []);
  const names = read.choices(model, "classes");
  const name = names[result?.target ?? -1] ?? "";
  const other = result?.against == null ? "" : (names[result.against] ?? "");
  const share = result?.probabilities?.[result.target ?? -1];
  const score = result && words ? `${words.kind} ${number(result.score)}` : "";
  const isOfSelection = result?.explainsSelection === true;
  return {
    heading: isOfSelection ? "Chosen activations" : other === "" ? name : `${name} against ${other}`,
    lines: [
      joined([
        score,
        share === undefined || isOfSelection || words?.kind === "probability"
          ? ""
          : `probability ${probability(share)}`,
      ]),
      joined([
        label("methods", model.get("method") ?? ""),
        now.rows > 0 ? `${layer} (${now.rows}×${now.columns}×${read.channels(model)})` : "",
        ...chosen(model, now),
        model.get("samples") > 0 ? `${model.get("samples")} noisy copies` : "",
      ]),
    ].filter((line) => line !== ""),
  };
}

/**
 * @param {read.Readable} model
 * @param {import("./shown.js").Shown} now
 */
function chosen(model, now) {
  const filters = read.filters(model);
  const [some, all] = [count(now.chosen), now.chosen.length];
  const one =
    filters?.length === 1 ? `filter ${filters[0]}` : `${filters?.length} of ${read.channels(model)} filters`;
  return [filters === null ? "" : one, some === all ? "" : `${some} of ${all} neurons`];
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
