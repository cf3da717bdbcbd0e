/**
 * The numbers of the neuron that is pointed at, from the kernel. A pointer crosses many neurons: only where it rests is
 * asked for.
 *
 * @typedef {import("../contract.d.ts").Neuron} Neuron
 * @typedef {import("../contract.d.ts").NeuronAnswer} Facts
 */
import { makeAsk } from "../ask.js";
import * as read from "../pure/read.js";

const REST = 80; // milliseconds

/**
 * @param {import("../model.js").Model} model
 * @param {import("./look.js").Look} look `facts` are set here
 * @param {() => void} redraw
 * @param {AbortSignal} signal
 * @returns {(cell: Neuron | null, seq: number) => void} says which neuron it is about, under which result
 */
export function hoveredNumbers(model, look, redraw, signal) {
  const ask = makeAsk(model, signal);
  let subject = "";
  let timer = 0;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return (cell, seq) => {
    const layer = read.evidence(model)?.layer ?? "";
    const next = cell === null || layer === "" || seq === 0 ? "" : `${seq} ${cell}`;
    if (next === subject) return;
    subject = next;
    look.facts = null;
    clearTimeout(timer);
    if (cell === null || next === "") return;
    timer = window.setTimeout(() => {
      ask({ kind: "neuron", layer, row: cell[0], column: cell[1] }, (/** @type {Facts} */ answer) => {
        if (subject !== next || signal.aborted || answer.error !== "") return;
        look.facts = answer;
        redraw();
      });
    }, REST);
  };
}
