/** Small helpers for elements. Text goes in as text, never as markup. */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, children = []) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * @param {string} label
 * @param {AbortSignal} signal
 * @param {() => void} press
 */
export function button(label, signal, press) {
  const element = h("button", { type: "button", class: "cw-button" }, [label]);
  element.addEventListener("click", press, { signal });
  return element;
}

/**
 * Sets text only where it differs: a live region speaks at every write.
 * @param {Node} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Each model evaluates the module anew, so a counter alone would meet itself.
const origin = Math.random().toString(36).slice(2, 8);
let last = 0;

/** An id that no other element of the page has. */
export function freshId() {
  last += 1;
  return `camwidget-${origin}-${last}`;
}

/**
 * Keys that were used here go no further: notebooks have their own meaning for them.
 * @param {Event} event
 */
export function consume(event) {
  event.preventDefault();
  event.stopPropagation();
}
