/**
 * Questions to the kernel: messages with an id, each answered once. What is state goes by traits instead.
 *
 * @typedef {import("./model.js").Model} Model
 * @typedef {import("./contract.d.ts").Answer} Answer
 * @typedef {import("./contract.d.ts").Bytes} Bytes
 * @typedef {import("./contract.d.ts").Request} Request
 * @typedef {Request extends infer R ? R extends Request ? Omit<R, "id"> : never : never} Question
 */

/** How long the kernel may take to answer before we say that it does not, unless it is known to be busy. */
const PATIENCE = 5000; // milliseconds

/**
 * A function that asks one question at a time: a newer one takes the place of an older one, whose answer is dropped.
 * @param {Model} model
 * @param {AbortSignal} signal
 * @param {number} [patience] milliseconds
 * @returns {(question: Question, answered: (answer: any, buffers: Bytes[]) => void) => void}
 *   `answered` gets an answer with `error` too where the kernel does not reply
 */
export function makeAsk(model, signal, patience = PATIENCE) {
  let id = 0;
  let overdue = 0;
  /** @type {(answer: any, buffers: Bytes[]) => void} */
  let waiting = () => {};
  const settle = (/** @type {Answer} */ answer, /** @type {Bytes[]} */ buffers) => {
    clearTimeout(overdue);
    id = 0;
    waiting(answer, buffers);
  };
  const arrived = (/** @type {any} */ answer, /** @type {any} */ buffers) => {
    if (id !== 0 && answer?.id === id) settle(answer, buffers ?? []);
  };
  model.on("msg:custom", arrived);
  signal.addEventListener("abort", () => {
    clearTimeout(overdue);
    model.off("msg:custom", arrived);
  });
  return (question, answered) => {
    const asked = 1 + Math.floor(Math.random() * 2 ** 31);
    id = asked;
    waiting = answered;
    clearTimeout(overdue);
    const late = () => {
      if (isBusy(model)) overdue = window.setTimeout(late, patience);
      else settle({ id: asked, error: "The kernel does not answer." }, []);
    };
    overdue = window.setTimeout(late, patience);
    try {
      if (/** @type {{offline?: boolean}} */ (model).offline) throw new Error("nobody is there");
      model.send({ id, ...question });
    } catch {
      settle({ id: asked, error: "There is no kernel." }, []);
    }
  };
}

/**
 * Whether the kernel is known to be at work, so that its silence means nothing. Colab and others do not say.
 * @param {Model} model
 */
function isBusy(model) {
  return kernelStatus(model) === "busy";
}

/**
 * What the notebook says of its kernel: "idle", "busy" ...; undefined where it does not say.
 * @param {Model} model
 * @returns {string | undefined}
 */
export function kernelStatus(model) {
  return /** @type {{widget_manager?: any}} */ (model).widget_manager?.kernel?.status;
}
