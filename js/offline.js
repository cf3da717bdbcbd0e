/**
 * The script of an exported page: a small model over the saved state, and the widget's own module on top. A second
 * bundle, which only such pages hold.
 */

/** As much of a model as the widget asks for; nobody is at its other end. */
export class OfflineModel {
  offline = true;

  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
    /** @type {Map<string, Set<() => void>>} */
    this.callbacks = new Map();
  }
  /** @param {string} name */
  get(name) {
    return this.state[name];
  }
  /**
   * @param {string} name
   * @param {any} value
   */
  set(name, value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    for (const callback of [...(this.callbacks.get(`change:${name}`) ?? [])]) callback();
  }
  /**
   * @param {string} event
   * @param {() => void} callback
   */
  on(event, callback) {
    this.callbacks.set(event, (this.callbacks.get(event) ?? new Set()).add(callback));
  }
  /**
   * @param {string} event
   * @param {() => void} callback
   */
  off(event, callback) {
    this.callbacks.get(event)?.delete(callback);
  }
  save_changes() {}
  send() {}
}

/**
 * The saved state: {"base64": "..."} stands for bytes.
 * @param {string} text
 */
export function revive(text) {
  return JSON.parse(text, (_, value) =>
    typeof value?.base64 === "string" ? Uint8Array.from(atob(value.base64), (c) => c.charCodeAt(0)) : value,
  );
}

/** @param {Document} page */
export async function open(page) {
  const textOf = (/** @type {string} */ id) => page.getElementById(id)?.textContent ?? "";
  const model = new OfflineModel(revive(textOf("camwidget-state")));
  const { default: define } = await import(`data:text/javascript;base64,${textOf("camwidget-module")}`);
  const widget = define();
  widget.initialize({ model });
  widget.render({ model, el: page.getElementById("camwidget") });
}

if (typeof document !== "undefined") open(document);
