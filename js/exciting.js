/**
 * The pictures of what excites filters and classes most, as far as they are formed. One album for each model, shared by
 * its views: each says what it wants to see, and together they ask the kernel for what is lacking.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./contract-frames.d.ts").Frames} Frames
 * @typedef {import("./contract-frames.d.ts").Excited} Excited
 * @typedef {import("./contract-frames.d.ts").Unit} Unit
 * @typedef {ReturnType<typeof makeExciting>} Exciting
 */
import { makeAsk } from "./ask.js";
import { watch } from "./model.js";
import * as read from "./pure/read.js";

export function makeExciting() {
  const changed = new EventTarget();
  /** @type {Map<Unit, Excited>} of the network and the layer on show; the kernel keeps those of others */
  const album = new Map();
  /** @type {Map<unknown, Unit[]>} by who wants them, the most urgent last */
  const wishes = new Map();
  let version = -1;
  let layer = "";
  let asked = "";
  let stopped = false;
  /** @type {ReturnType<typeof makeAsk>} */
  let question = () => {};

  const wanted = () => [...new Set([...wishes.values()].reverse().flat())];
  const lacks = (/** @type {Unit} */ unit) => album.get(unit)?.share !== 1;
  const isFailed = (/** @type {Unit} */ unit) => album.get(unit)?.src === "";
  const send = () => {
    const units = stopped ? [] : wanted().filter(lacks);
    const text = `${wishes.size} ${units}`;
    if (text !== asked && wishes.size + asked.length > 0) {
      asked = text;
      question({ kind: "maximize", layer, units, version }, () => {}); // what is wrong comes with the pictures
    }
    changed.dispatchEvent(new Event("change"));
  };
  const take = (/** @type {any} */ frames) => {
    // An answer to a question has no layer; and what is of an older network comes late.
    if (frames?.layer !== layer || frames.version < version) return;
    if (frames.version > version) {
      album.clear();
      asked = "";
    }
    version = frames.version;
    for (const unit in frames.pictures) album.set(/** @type {Unit} */ (unit), frames.pictures[unit]);
    send();
  };

  return {
    changed,
    /** To be read, not to be written. */
    album,
    wishes,

    /**
     * @param {Model} model
     * @param {AbortSignal} signal
     */
    watch(model, signal) {
      question = makeAsk(model, signal);
      const event = /** @type {any} */ ("msg:custom");
      model.on(event, take);
      signal.addEventListener("abort", () => model.off(event, take));
      const measured = () => {
        const found = read.evidence(model)?.layer ?? "";
        if (found !== layer) for (const all of [album, wishes]) all.clear();
        layer = found;
        asked = ""; // another network perhaps
        send();
      };
      watch(model, ["evidence"], measured, signal);
      measured();
      take(model.get("frames"));
    },

    /**
     * What somebody wants to see from now on, the first ones first; none: nothing any more.
     * @param {unknown} who
     * @param {Unit[]} units
     * @param {boolean} [isUrgent] before all that is wanted already, and also after a stop
     */
    want(who, units, isUrgent = false) {
      if (isUrgent || units.length === 0) wishes.delete(who);
      // What could not be formed may be tried again by hand.
      for (const unit of isUrgent ? units.filter(isFailed) : []) album.delete(unit);
      if (units.length > 0) wishes.set(who, units);
      stopped = stopped && !isUrgent;
      send();
    },

    /** Ends the forming, or goes on with it. */
    toggle() {
      stopped = !stopped;
      send();
    },

    /** How far all are that are wanted: the share of the steps, how many are not done, what there is to say. */
    progress() {
      const units = wanted();
      const open = units.filter(lacks).length;
      const failed = /** @type {Unit} */ (units.find(isFailed));
      const far = `${stopped ? "Stopped" : "Forming"}: ${units.length - open} of ${units.length} done`;
      return {
        share: units.reduce((sum, unit) => sum + (album.get(unit)?.share ?? 0), 0) / units.length,
        open,
        stopped,
        words: album.get(failed)?.words ?? (open ? far : ""),
      };
    },
  };
}
