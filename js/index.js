/**
 * The front end of camwidget. anywidget calls the default export once for each model and `render` for each view, so
 * what is made here outside `render` is shared by the views of one model: the history of undo, the pinned maps,
 * what excites filters and classes, and whether a kernel answers.
 */
import { h } from "./dom.js";
import { makeExciting } from "./exciting.js";
import { makeKernel } from "./kernel.js";
import { watch } from "./model.js";
import { alertPanel } from "./panels/alert.js";
import { checkPanel } from "./panels/check.js";
import { classesPanel } from "./panels/classes.js";
import { comparePanel } from "./panels/compare.js";
import { controlsPanel } from "./panels/controls.js";
import { dropPanel } from "./panels/drop.js";
import { portrait } from "./panels/exciting.js";
import { filtersPanel } from "./panels/filters.js";
import { footerPanel } from "./panels/footer.js";
import { makeTold } from "./panels/keep.js";
import { neuronsPanel } from "./panels/neurons.js";
import { reachPanel } from "./panels/reach.js";
import { scorePanel } from "./panels/score.js";
import { stagePanel } from "./panels/stage.js";
import { stripPanel } from "./panels/strip.js";
import { makePins } from "./pins.js";
import { makeUndo } from "./selecting.js";

/** From this width to height on, a picture leaves more room below it than beside it. */
const WIDE = 1.25;

export default () => {
  const undo = makeUndo();
  const pins = makePins();
  const kernel = makeKernel();
  const told = makeTold();
  const exciting = makeExciting();

  /** @param {{model: import("./model.js").Model}} shared by all views */
  function initialize({ model }) {
    const life = new AbortController();
    kernel.watch(model, life.signal);
    told.watch(model, life.signal);
    exciting.watch(model, life.signal);
    return () => life.abort();
  }

  /** @param {{model: import("./model.js").Model, el: HTMLElement}} view */
  function render({ model, el }) {
    const life = new AbortController();
    const signal = life.signal;
    const names = ["head", "album-zone", "picture", "compare", "controls", "filters", "footer"];
    const zones = names.map((name) => h("section", { class: `cw-zone cw-${name}` }));
    const [head, album, picture, compare, controls, filters, footer] = zones;
    const root = h("div", { class: "camwidget", "data-seq": "0" }, [h("div", { class: "cw-card" }, zones)]);
    root.addEventListener("focusin", keepKeys, { signal });
    const showStatus = () => {
      root.dataset.status = (kernel.reached && model.get("status")) || "idle";
    };
    watch(model, ["status"], showStatus, signal);
    kernel.changed.addEventListener("change", showStatus, { signal });
    showStatus();
    const showShape = () => {
      const { width = 1, height = 1 } = model.get("image") ?? {};
      root.dataset.shape = width > WIDE * height ? "landscape" : "upright";
    };
    watch(model, ["image"], showShape, signal);
    showShape();
    el.append(root);

    const look = portrait(signal, exciting);
    classesPanel(model, head, signal, { look });
    const alert = alertPanel(model, head, signal);
    stripPanel(model, album, signal, { kernel });
    const painted = (/** @type {number} */ seq) => {
      root.dataset.seq = String(seq);
    };
    const stage = stagePanel(model, picture, signal, { undo, painted });
    dropPanel(model, picture, root, signal, alert);
    neuronsPanel(model, picture, signal, { undo });
    checkPanel(model, picture, signal);
    comparePanel(model, compare, signal, { undo, pins, shown: stage.shown });
    scorePanel(model, controls, signal);
    controlsPanel(model, controls, signal, { undo });
    filtersPanel(model, filters, signal, { undo, look, exciting });
    footerPanel(model, footer, signal, { undo, kernel, told });
    reachPanel(model, root, signal, { kernel });

    return () => {
      life.abort();
      root.remove();
    };
  }

  return { initialize, render };
};

/**
 * JupyterLab and Notebook 7 (Lumino) take keys for commands on cells, in the capture phase: "d d" on a list would
 * delete the cell. They let an element be that has this attribute itself; on an ancestor it does not help, for their
 * selectors end in ":focus".
 * @param {FocusEvent} event
 */
function keepKeys(event) {
  if (event.target instanceof Element) event.target.setAttribute("data-lm-suppress-shortcuts", "true");
}
