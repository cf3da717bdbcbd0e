import { button, h } from "../dom.js";
import { setTraits, watch } from "../model.js";
import { summary } from "../pure/trial.js";

/**
 * The end of a blind trial: a button that asks for the result, then the result as a sentence and a table.
 * @param {import("../model.js").Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @returns {{reveal: HTMLButtonElement}}
 */
export function outcomePanel(model, el, signal) {
  const reveal = button("Show the result", signal, () => setTraits(model, { revealed: true }));
  reveal.dataset.lmSuppressShortcuts = "true";
  el.append(reveal);
  const draw = () => {
    const answered = (model.get("answers") ?? []).length;
    const outcome = model.get("outcome") ?? {};
    const focused = document.activeElement === reveal;
    el.hidden = answered < (model.get("total") ?? 0);
    if (outcome.rows === undefined) {
      if (!reveal.isConnected) el.replaceChildren(reveal); // put in anew it would lose the focus
      return;
    }
    const said = h("p", { class: "cw-trial-said", tabindex: "-1" }, [summary(outcome)]);
    el.replaceChildren(said, table(outcome.rows), note());
    if (focused) said.focus();
  };
  watch(model, ["answers", "total", "outcome"], draw, signal);
  draw();
  return { reveal };
}

/** @param {import("../contract-trial.d.ts").TrialRow[]} rows */
function table(rows) {
  const head = ["Answer", "Votes", "Score", "95 % interval"].map((name) => h("th", { scope: "col" }, [name]));
  const body = rows.map((row) =>
    h("tr", {}, [
      h("th", { scope: "row" }, [row.title]),
      h("td", {}, [String(row.votes)]),
      h("td", {}, [row.score.toFixed(2)]),
      h("td", {}, [`${row.low.toFixed(2)} to ${row.high.toFixed(2)}`]),
    ]),
  );
  return h("table", { class: "cw-trial-table", "aria-label": "Result" }, [
    h("thead", {}, [h("tr", {}, head)]),
    h("tbody", {}, body),
  ]);
}

function note() {
  return h("p", { class: "cw-note" }, [
    "Score: each picture has one point, which its votes share. The intervals speak of other pictures before the same judges.",
  ]);
}
