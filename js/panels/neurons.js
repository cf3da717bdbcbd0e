import { button, h, setText } from "../dom.js";
import { follow } from "../model.js";
import * as read from "../pure/read.js";
import { boxes, count, isEverything, mask } from "../pure/selection.js";
import { neurons } from "../pure/words.js";

/**
 * How many neurons take part, with Clear and Undo.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo}} shared
 */
export function neuronsPanel(model, el, signal, { undo }) {
  const words = h("span", { class: "cw-count" });
  const clear = button("Clear", signal, () => undo.step(model, { neurons: null, region: null }));
  const back = button("Undo", signal, () => undo.back(model));
  const note = h("p", { class: "cw-note" });
  el.append(h("div", { class: "cw-row" }, [words, h("span", { class: "cw-buttons" }, [clear, back])]), note);

  const draw = () => {
    const evidence = read.evidence(model);
    const { rows, columns } = evidence ?? { rows: 0, columns: 0 };
    const selection = read.selection(model);
    const total = rows * columns;
    const chosen = count(mask(selection, rows, columns));
    setText(words, total > 0 ? neurons(chosen, total, read.isUnchosen(model)) : "");
    words.title = boxes(selection.region)
      .map(([from, to]) => `rows ${from[0]}–${to[0]}, columns ${from[1]}–${to[1]} (from 0)`)
      .join("\n");
    clear.disabled = isEverything(selection);
    back.disabled = !undo.possible;
    setText(note, evidence?.note ?? "");
    note.hidden = note.textContent === "";
  };
  undo.changed.addEventListener("change", draw, { signal });
  follow(model, ["neurons", "region", "filters", "evidence"], draw, signal);
}
