import { freshId, h, setText } from "../dom.js";

/** About two lines of a narrow column; what is longer can be opened. */
const LONG = 84;

/**
 * The sentence under a control. A long one shows its beginning and opens on a click.
 */
export function hint() {
  const text = h("span", { id: freshId() });
  const summary = h("summary", {}, [text]);
  const element = h("details", { class: "cw-hint", hidden: "" }, [summary]);
  return {
    element,
    id: text.id,
    /** @param {string} words */
    show(words) {
      setText(text, words);
      const long = words.length > LONG;
      element.hidden = words === "";
      element.classList.toggle("cw-long", long);
      summary.tabIndex = long ? 0 : -1;
      if (!long) element.open = false;
    },
  };
}
