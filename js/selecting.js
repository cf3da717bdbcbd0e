/**
 * Changing what is selected, with undo. One history per model, shared by all its views.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./pure/history.js").Moment} Moment
 * @typedef {Partial<Pick<import("./contract.d.ts").State, "filters" | "neurons" | "region" | "layer">>} Change
 * @typedef {ReturnType<typeof makeUndo>} Undo
 */
import { setTraits } from "./model.js";
import { remember, same, undo } from "./pure/history.js";
import { evidence, filters, selection } from "./pure/read.js";

/**
 * @param {Model} model
 * @returns {Moment}
 */
function now(model) {
  return { filters: filters(model), ...selection(model), layer: model.get("layer") ?? "" };
}

/** The holder of one model's history. */
export function makeUndo() {
  /** @type {import("./pure/history.js").History} */
  let history = [];
  const changed = new EventTarget();
  const replace = (/** @type {import("./pure/history.js").History} */ next) => {
    if (next === history) return;
    history = next;
    changed.dispatchEvent(new Event("change"));
  };

  return {
    changed,
    get possible() {
      return history.length > 0;
    },

    /**
     * One step.
     * @param {Model} model
     * @param {Change} change
     */
    step(model, change) {
      const gesture = this.begin(model);
      gesture.set(change);
      gesture.end();
    },

    /**
     * Many changes that are one step: a drag. `cancel` puts back what was.
     * @param {Model} model
     */
    begin(model) {
      const before = now(model);
      // What is pointed at belongs to the layer on show; a new layer's grid comes with its evidence.
      const measured = evidence(model)?.layer ?? before.layer;
      const isAwaited = before.layer !== measured && before.layer !== "";
      return {
        before,
        set: (/** @type {Change} */ change) => {
          if (isAwaited && !("layer" in change)) return;
          if (!same({ ...now(model), ...change }, now(model))) setTraits(model, change);
        },
        end: () => replace(remember(history, before, now(model))),
        cancel: () => restore(model, before),
      };
    },

    /** @param {Model} model */
    back(model) {
      const { history: rest, moment } = undo(history);
      replace(rest);
      if (moment !== null) restore(model, moment);
    },
  };
}

/**
 * @param {Model} model
 * @param {Moment} moment
 */
function restore(model, moment) {
  const { layer, ...selected } = moment;
  setTraits(model, layer === now(model).layer ? selected : moment);
}
