/** Shows the widget with the mock kernel. Options come from the address, `?rows=9&columns=14&theme=dark`. */
import define from "../index.js";
import { mockKernel } from "./mock.js";

const given = new URLSearchParams(location.search);
const numberOf = (/** @type {string} */ name, /** @type {number} */ otherwise) =>
  Number(given.get(name) ?? otherwise);
document.body.dataset.jpThemeLight = String(given.get("theme") !== "dark");

const model = await mockKernel({
  rows: numberOf("rows", 9),
  columns: numberOf("columns", 14),
  channels: numberOf("channels", 48),
  classes: numberOf("classes", 10),
  delay: numberOf("delay", 30),
  preview: given.get("preview") !== "no",
  picture: given.get("picture") ?? "",
});
const el = /** @type {HTMLElement} */ (document.querySelector("#view"));
const widget = define();
if (given.get("kernel") === "none") Object.assign(model, { offline: true });
widget.initialize({ model });
for (let view = 0; view < numberOf("views", 1); view++) widget.render({ model, el });
Object.assign(window, { model, widget, el });
