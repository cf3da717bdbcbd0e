/** Over the filter list: in which order, which of them, and how few hold most of the map. */
import { button, consume, freshId, h, setText } from "../dom.js";
import { enough, readFilters } from "../pure/filters.js";
import { same } from "../pure/history.js";

/** The part of the map that "12 of 512" is said of. */
const MOST = 0.8;

/** @typedef {"contribution" | "index" | "activation"} Sorting */

/** @type {[Sorting, string][]} */
const SORTINGS = [
  ["contribution", "By contribution"],
  ["index", "By index"],
  ["activation", "By activation"],
];

/**
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{changed: () => void, choose: (filters: number[]) => void}} what `changed`: another order, or others sought
 */
export function filterBar(el, signal, { changed, choose }) {
  const select = h(
    "select",
    { "aria-label": "Sort filters" },
    SORTINGS.map(([value, label]) => h("option", { value }, [label])),
  );
  const words = h("span", { id: freshId(), class: "cw-muted cw-enough-words", "aria-live": "polite" });
  const input = h("input", {
    type: "text",
    "aria-label": "Find filters",
    "aria-describedby": words.id,
    placeholder: "Find: 10-20, 32",
    autocomplete: "off",
    spellcheck: "false",
  });
  /** @type {number[]} those that the button chooses */
  let offered = [];
  const take = button("", signal, () => choose(offered));
  const fields = h("div", { class: "cw-filter-fields" }, [input, select]);
  el.append(h("div", { class: "cw-filter-bar" }, [fields, h("div", { class: "cw-enough" }, [words, take])]));

  // What was asked for comes back with the next evidence that allows it.
  let asked = SORTINGS[0][0];
  const ask = () => {
    asked = /** @type {Sorting} */ (select.value);
    changed();
  };
  select.addEventListener("change", ask, { signal });
  input.addEventListener("input", changed, { signal });
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing || input.value.trim() === "") return;
    if (event.key === "Enter" && !take.disabled) choose(offered);
    else if (event.key === "Escape") {
      input.value = "";
      changed();
    } else return;
    consume(event);
  };
  input.addEventListener("keydown", onKey, { signal });

  return {
    /**
     * The order that is asked for, of those that are possible.
     * @param {{contributions: Float32Array | null, means: Float32Array} | null} evidence
     * @returns {Sorting}
     */
    sorting(evidence) {
      const possible = {
        contribution: evidence?.contributions != null,
        index: true,
        activation: (evidence?.means.length ?? 0) > 0,
      };
      for (const option of select.options) option.disabled = !possible[/** @type {Sorting} */ (option.value)];
      const sorting = possible[asked] ? asked : "index";
      select.value = sorting;
      return sorting;
    },

    /**
     * Those that are sought; null where none is, or where what is written cannot be meant.
     * @param {number} channels
     * @returns {Set<number> | null}
     */
    sought(channels) {
      const { filters } = readFilters(input.value, channels);
      return filters.length > 0 ? new Set(filters) : null;
    },

    /**
     * @param {ArrayLike<number> | null} contributions null where filters are not weighed
     * @param {number} channels
     * @param {number[] | null} chosen
     */
    say(contributions, channels, chosen) {
      const { filters, problem } = readFilters(input.value, channels);
      const isSeeking = problem !== "" || filters.length > 0;
      offered = isSeeking ? filters : enough(contributions ?? [], MOST);
      const few = `${offered.length} of ${channels}`;
      const nothing = contributions === null ? "This method weighs no filters." : "";
      const held = offered.length === 0 ? nothing : `${few} give ${100 * MOST} % of the map`;
      setText(words, problem !== "" ? problem : isSeeking ? `${few} found` : held);
      words.title = isSeeking || offered.length === 0 ? "" : MEANING;
      words.classList.toggle("cw-wrong", problem !== "");
      input.setAttribute("aria-invalid", String(problem !== ""));
      setText(take, offered.length === 1 ? "Choose this 1" : `Choose these ${offered.length}`);
      take.disabled = same(chosen, offered);
      take.hidden = offered.length === 0;
    },
  };
}

const MEANING = `The fewest that together hold ${100 * MOST} % of all that filters add to the map and take from it.`;
