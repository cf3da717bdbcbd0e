/**
 * The front end of the blind trial: a picture, two maps of it, one answer, the next. No method has a name here before
 * the kernel tells the outcome.
 */
import { button, consume, freshId, h, setText } from "./dom.js";
import { setTraits, watch } from "./model.js";
import { alertPanel } from "./panels/alert.js";
import { outcomePanel } from "./panels/outcome.js";
import { uint8 } from "./pure/bytes.js";
import { canAnswer, isAsked, pressed, summary } from "./pure/trial.js";

/** How long the next question may take before we say that we wait for it. */
const PATIENCE = 2000; // milliseconds

const KEYS = "Keys: A or ←, B or →, S or ↓ for the same, Backspace to undo.";
const FAILED = "Skip this picture: that is counted, and is no vote. To try again, undo and answer once more.";

export default () => ({ render });

/** @param {{model: import("./model.js").Model, el: HTMLElement}} view */
function render({ model, el }) {
  const life = new AbortController();
  const signal = life.signal;
  const id = freshId();
  const about = h("p", { class: "cw-trial-class", id });
  const task = h("p", { class: "cw-muted" }, [
    "Which map gives you more trust that the network looks at the right thing?",
  ]);
  const count = h("span", { class: "cw-muted cw-trial-count" });
  const bar = h("progress", { class: "cw-trial-bar", "aria-label": "Answered" });
  const live = h("p", { class: "cw-unseen", role: "status" });
  const head = h("div", { class: "cw-head" });
  const shown = ["Picture", "A", "B"].map((name) => figure(name, signal));
  const figures = h(
    "div",
    { class: "cw-trial-figures" },
    shown.map(({ element }) => element),
  );
  const answers = () => model.get("answers") ?? [];
  const undo = () => {
    if (answers().length > 0 && !model.get("revealed")) setTraits(model, { answers: answers().slice(0, -1) });
  };
  const vote = (/** @type {import("./contract-trial.d.ts").TrialChoice} */ choice) => {
    // Only the question on show: two quick presses must not answer one that nobody has seen.
    if (canAnswer(model.get("question"), answers(), choice))
      setTraits(model, { answers: [...answers(), choice] });
  };
  const first = keyed(
    button("A", signal, () => vote("left")),
    "A ArrowLeft",
  );
  const buttons = [
    first,
    keyed(
      button("B", signal, () => vote("right")),
      "B ArrowRight",
    ),
    keyed(
      button("Same", signal, () => vote("same")),
      "S ArrowDown",
    ),
  ];
  const skip = button("Skip this picture", signal, () => vote("skipped"));
  const back = keyed(button("Undo", signal, undo), "Backspace");
  const row = h("div", { class: "cw-trial-buttons" }, [
    ...buttons.slice(0, 2),
    h("div", { class: "cw-trial-rest" }, [buttons[2], skip, back]),
  ]);
  const hint = h("p", { class: "cw-hint cw-trial-keys" }, [KEYS]);
  const asking = h("div", { class: "cw-trial-asking" }, [task, figures]);
  const ending = h("div", { class: "cw-trial-ending" });
  const card = h("div", { class: "cw-card cw-trial", role: "group", "aria-labelledby": id }, [
    head,
    h("div", { class: "cw-trial-top" }, [about, count]),
    bar,
    asking,
    ending,
    row,
    hint,
    live,
  ]);
  const root = h("div", { class: "camwidget" }, [card]);
  // Lumino takes keys unless the focused element itself has this, see index.js.
  for (const element of card.querySelectorAll("button")) element.dataset.lmSuppressShortcuts = "true";
  el.append(root);
  alertPanel(model, head, signal);
  const { reveal } = outcomePanel(model, ending, signal);

  root.addEventListener(
    "keydown",
    (event) => {
      const choice = event.ctrlKey || event.metaKey || event.altKey ? null : pressed(event.key);
      if (choice === null || model.get("revealed")) return;
      consume(event);
      if (event.repeat) return; // a key held down is one answer
      if (choice === "undo") undo();
      else vote(choice);
    },
    { signal },
  );

  let overdue = 0;
  signal.addEventListener("abort", () => clearTimeout(overdue), { once: true });
  const draw = () => {
    const question = model.get("question") ?? {};
    const total = model.get("total") ?? 0;
    const done = answers().length;
    const over = done >= total;
    const revealed = model.get("revealed") === true;
    const waits = !over && !isAsked(question, answers());
    const phase = over ? "over" : !waits && question.failed === true ? "failed" : "asking";
    const focused = card.contains(document.activeElement);
    const isNew = card.dataset.phase !== phase;
    card.dataset.phase = phase;
    figures.setAttribute("aria-busy", String(waits));
    clearTimeout(overdue);
    bar.max = total;
    bar.value = done;
    asking.hidden = phase !== "asking";
    for (const element of buttons) element.hidden = phase !== "asking";
    skip.hidden = phase !== "failed";
    row.hidden = hint.hidden = revealed;
    back.setAttribute("aria-disabled", String(done === 0));
    if (focused && isNew) ({ over: reveal, failed: skip, asking: first })[phase].focus(); // what is hidden loses it
    if (phase === "failed") {
      setText(count, `${done + 1} of ${total}`);
      setText(hint, FAILED);
      setText(about, `Class: ${question.class_name}`);
      setText(live, `${done + 1} of ${total}. This picture has no maps. Skip it.`);
    } else if (phase === "over") {
      setText(count, `${total} of ${total} answered`);
      setText(about, revealed ? "The result" : "Every question is answered.");
      setText(hint, "Backspace takes the last answer back. Once the result is shown, the votes are final.");
      setText(live, revealed ? summary(model.get("outcome")) : "Every question is answered.");
    } else if (waits) {
      overdue = window.setTimeout(() => setText(count, "Waiting for the next maps …"), PATIENCE);
    } else {
      setText(count, `${done + 1} of ${total}`); // only now: it says which question is on show
      setText(hint, KEYS);
      setText(about, `Class: ${question.class_name}`);
      setText(live, `${done + 1} of ${total}. Class: ${question.class_name}. Map A or map B?`);
      const alts = ["The picture", "Map A over the picture", "Map B over the picture"];
      [question.picture, question.left, question.right].forEach((png, n) => {
        shown[n].show(png, alts[n]);
      });
    }
  };
  watch(model, ["answers", "question", "revealed", "outcome", "total"], draw, signal);
  draw();

  return () => {
    life.abort();
    root.remove();
  };
}

/**
 * @param {HTMLElement} element
 * @param {string} keys
 */
function keyed(element, keys) {
  element.setAttribute("aria-keyshortcuts", keys);
  return element;
}

/**
 * A picture that keeps its last content until the next is decoded, so that nothing jumps.
 * @param {string} caption
 * @param {AbortSignal} signal
 */
function figure(caption, signal) {
  const image = h("img", { alt: "" });
  /** @type {unknown} */
  let held = null;
  let address = "";
  signal.addEventListener("abort", () => URL.revokeObjectURL(address), { once: true });
  return {
    element: h("figure", {}, [image, h("figcaption", {}, [caption])]),
    show(/** @type {unknown} */ png, /** @type {string} */ alt) {
      if (png === held) return;
      held = png;
      const old = address;
      address = URL.createObjectURL(new Blob([uint8(png)], { type: "image/png" }));
      image.src = address;
      image.alt = alt;
      URL.revokeObjectURL(old);
    },
  };
}
