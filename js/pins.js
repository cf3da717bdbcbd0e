/**
 * The pinned maps of one model, shared by all its views. They live in the page: comparing needs no kernel.
 *
 * @typedef {import("./pure/pins.js").Snapshot} Snapshot
 * @typedef {Snapshot & {number: number}} Pin its number stays with it, however many others are removed
 * @typedef {ReturnType<typeof makePins>} Pins
 */
import { setTraits } from "./model.js";
import { MOST_PINS } from "./pure/pins.js";

export function makePins() {
  /** @type {readonly Pin[]} */
  let pins = [];
  const changed = new EventTarget();
  const replace = (/** @type {readonly Pin[]} */ next) => {
    pins = next;
    changed.dispatchEvent(new Event("change"));
  };

  return {
    changed,
    get all() {
      return pins;
    },

    /** @param {Snapshot} taken */
    add(taken) {
      if (pins.length >= MOST_PINS) return null;
      const used = new Set(pins.map((pin) => pin.number));
      let number = 1;
      while (used.has(number)) number += 1;
      const pin = { ...taken, number };
      replace([...pins, pin]);
      return pin;
    },

    /** @param {Pin} pin */
    remove(pin) {
      replace(pins.filter((other) => other !== pin));
    },
  };
}

/**
 * Sets everything that the pinned map was computed with; one step of undo, as far as the selection goes.
 * @param {import("./model.js").Model} model
 * @param {Pin} pin
 * @param {import("./selecting.js").Undo} undo
 */
export function bringBack(model, { settings, filters, selection }, undo) {
  const step = undo.begin(model);
  // With another layer the kernel gives up what is chosen, unless it was set as well; and what is the same is not sent.
  if (model.get("layer") !== settings.layer) setTraits(model, { filters: null, neurons: null, region: null });
  // And a method brings its usual number of noisy copies, unless the number was set as well.
  if (model.get("method") !== settings.method && model.get("samples") === settings.samples) {
    setTraits(model, { samples: settings.samples > 0 ? 0 : 1 });
  }
  setTraits(model, { ...settings, filters, ...selection });
  step.end();
}
