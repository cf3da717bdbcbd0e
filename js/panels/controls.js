import { freshId, h, setText } from "../dom.js";
import { follow, setTraits } from "../model.js";
import * as read from "../pure/read.js";
import { isEverything } from "../pure/selection.js";
import { upperFirst } from "../pure/words.js";
import { hint } from "./hint.js";

/**
 * @typedef {import("../model.js").Model} Model
 * @typedef {import("../contract.d.ts").Choice} Choice
 * @typedef {Choice & Partial<import("../contract.d.ts").MethodChoice>} Grouped
 * @typedef {"method" | "layer" | "score" | "view" | "colormap"} MenuTrait
 * @typedef {"samples" | "noise" | "opacity"} SliderTrait
 */

/** @type {Choice[]} */
const VIEWS = [
  { value: "smooth", label: "Smooth", note: "" },
  { value: "cells", label: "Cells", note: "Each neuron paints its own block: what the network really has." },
  {
    value: "filters",
    label: "Filter by filter",
    note: "One map for each chosen filter, each on its own scale.",
  },
  { value: "inputs", label: "What the network sees", note: "The picture after resizing and preprocessing." },
];

/**
 * Method, layer and the rest. What the menus hold comes from `choices`.
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{undo: import("../selecting.js").Undo}} shared
 */
export function controlsPanel(model, el, signal, { undo }) {
  // A layer change may cost a selection, so it is a step of undo where there is one to lose.
  const chooseLayer = (/** @type {string} */ layer) => {
    const nothingToLose = isEverything(read.selection(model)) && read.filters(model) === null;
    if (nothingToLose) setTraits(model, { layer });
    else undo.step(model, { layer });
  };
  const set = (/** @type {MenuTrait} */ trait) => (/** @type {string} */ value) =>
    setTraits(model, { [trait]: value });
  const menus = h("fieldset", { class: "cw-group cw-menus cw-asks" });
  const noise = h("fieldset", { class: "cw-group cw-asks" });
  const looks = h("div", { class: "cw-group" });
  el.append(menus, noise, looks);

  menu(model, menus, signal, { name: "Method", trait: "method", list: "methods", choose: set("method") });
  menu(model, menus, signal, {
    name: "Layer",
    trait: "layer",
    list: "layers",
    choose: chooseLayer,
    least: 1,
  });
  menu(model, menus, signal, {
    name: "Explain",
    trait: "score",
    list: "scores",
    choose: set("score"),
    least: 2,
  });
  slider(model, noise, signal, { name: "Samples", trait: "samples", max: 50, step: 1, places: 0 });
  slider(model, noise, signal, { name: "Noise", trait: "noise", max: 0.5, step: 0.01, places: 2 });
  menu(model, looks, signal, { name: "View", trait: "view", list: null, choose: set("view") });
  menu(model, looks, signal, {
    name: "Colours",
    trait: "colormap",
    list: "colormaps",
    choose: set("colormap"),
  });
  slider(model, looks, signal, { name: "Opacity", trait: "opacity", max: 1, step: 0.01, places: 2 });
}

/**
 * @param {Choice} choice
 */
function describe(choice) {
  const layer = /** @type {import("../contract.d.ts").LayerChoice} */ (choice);
  const size = layer.channels > 0 ? ` (${layer.rows}×${layer.columns}×${layer.channels})` : "";
  return `${choice.label}${size}${layer.default === true ? " · default" : ""}`;
}

/**
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{name: string, trait: MenuTrait, list: "methods" | "layers" | "scores" | "colormaps" | null,
 *   choose: (value: string) => void, least?: number}} what `least`: hidden where there are fewer entries
 */
function menu(model, el, signal, { name, trait, list, choose, least = 0 }) {
  const id = freshId();
  const note = hint();
  const select = h("select", { id, "aria-describedby": note.id });
  const field = h("div", { class: "cw-field" }, [h("label", { for: id }, [name]), select, note.element]);
  el.append(field);
  select.addEventListener("change", () => choose(select.value), { signal });

  /** @type {unknown} */
  let drawn = null;
  const draw = () => {
    const options = /** @type {Choice[]} */ (list === null ? VIEWS : read.choices(model, list));
    if (options !== drawn) {
      select.replaceChildren(...entries(options));
      drawn = options;
    }
    field.hidden = options.length < least;
    select.disabled = options.length === 0;
    select.value = model.get(trait) ?? options[0]?.value ?? "";
    const chosen = options.find((one) => one.value === select.value);
    note.show(chosen?.note ?? "");
    select.title = chosen?.note ?? "";
  };
  follow(model, [trait, "choices"], draw, signal);
}

/**
 * The options of a menu; those of a group that stand together under its name.
 * @param {Grouped[]} choices
 */
function entries(choices) {
  /** @type {HTMLElement[]} */
  const made = [];
  for (const choice of choices) {
    const option = h("option", { value: choice.value, title: choice.note ?? "" }, [describe(choice)]);
    const label = upperFirst(choice.group ?? "");
    const last = made[made.length - 1];
    if (label === "") made.push(option);
    else if (last instanceof HTMLOptGroupElement && last.label === label) last.append(option);
    else made.push(h("optgroup", { label }, [option]));
  }
  return made;
}

/**
 * The chosen method, where noisy copies are of no use to it.
 * @param {Model} model
 */
function withoutNoise(model) {
  const chosen = read.choices(model, "methods").find((one) => one.value === model.get("method"));
  return chosen?.takes_noise === false ? chosen : null;
}

/**
 * @param {Model} model
 * @param {HTMLElement} el
 * @param {AbortSignal} signal
 * @param {{name: string, trait: SliderTrait, max: number, step: number, places: number}} what
 */
function slider(model, el, signal, { name, trait, max, step, places }) {
  const id = freshId();
  const input = h("input", { id, type: "range", min: "0", max: String(max), step: String(step) });
  const value = h("span", { class: "cw-value", "aria-hidden": "true" });
  const note = hint();
  const field = h("div", { class: "cw-field cw-slider" }, [
    h("label", { for: id }, [name]),
    input,
    value,
    note.element,
  ]);
  el.append(field);
  input.setAttribute("aria-describedby", note.id);
  input.addEventListener("input", () => setTraits(model, { [trait]: Number(input.value) }), { signal });

  const draw = () => {
    const present = model.get(trait) ?? 0;
    input.value = String(present);
    input.style.setProperty("--cw-filled", `${(100 * Number(input.value)) / max}%`);
    setText(value, present.toFixed(places));
    if (trait === "opacity") return;
    const method = withoutNoise(model);
    const waits = trait === "noise" && method === null && !(model.get("samples") > 0);
    input.disabled = method !== null;
    field.classList.toggle("cw-idle", method !== null || waits);
    if (waits) note.show("Takes effect when Samples is above 0.");
    else if (trait === "samples" && method !== null)
      note.show(`${method.label} takes no derivatives of noisy copies.`);
    else note.show("");
  };
  follow(model, [trait, "samples", "method", "choices"], draw, signal);
}
