import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { dropPanel } from "./drop.js";

beforeEach(() => {
  globalThis.window = globalThis;
  mock.timers.enable({ apis: ["setTimeout"] });
});

afterEach(() => {
  mock.timers.reset();
  for (const name of ["document", "createImageBitmap"]) delete globalThis[name];
});

/** A stage that takes pictures, each of which is read when the test says so; a picture is the name of its file. */
function opened({ characters = 100 } = {}) {
  const [reading, closed, alerts, sent] = [new Map(), [], [], []];
  globalThis.createImageBitmap = (file) => new Promise((...done) => reading.set(file.name, done));
  globalThis.document = {
    createElement: () => {
      const drawn = { drawImage: ({ name }) => (drawn.name = name), fillRect() {} };
      return { getContext: () => drawn, toDataURL: () => drawn.name.padEnd(characters) };
    },
  };
  const root = new EventTarget();
  const el = Object.assign(new EventTarget(), { classList: { toggle() {} } });
  const model = { on() {}, off() {}, get() {}, send: ({ data }) => sent.push(data.trim()) };
  const closing = new AbortController();
  dropPanel(model, el, root, closing.signal, (sentence) => alerts.push(sentence));
  const bring = (to, kind, field) => (name) =>
    to.dispatchEvent(Object.assign(new Event(kind), { [field]: { files: [{ name }] } }));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return {
    closed,
    alerts,
    sent,
    closing,
    drop: bring(el, "drop", "dataTransfer"),
    paste: bring(root, "paste", "clipboardData"),
    reads(name) {
      reading.get(name)[0]({ name, width: 30, height: 20, close: () => closed.push(name) });
      return settled();
    },
    fails(name) {
      reading.get(name)[1](new Error("no picture"));
      return settled();
    },
  };
}

test("of two pictures the newer one is explained, however long the older one is read", async () => {
  const page = opened();
  page.drop("large");
  page.paste("small");
  await page.reads("small");
  await page.reads("large");
  assert.deepEqual([page.sent, page.closed], [["small"], ["small", "large"]]);
  page.drop("large");
  await page.reads("large");
  assert.deepEqual(
    [page.sent, page.alerts],
    [
      ["small", "large"],
      ["", "", ""],
    ],
  );
});

test("what is read in order is sent in order, the newest alone", async () => {
  const page = opened();
  page.drop("first");
  page.drop("second");
  await page.reads("first");
  assert.deepEqual(page.sent, []);
  await page.reads("second");
  assert.deepEqual(page.sent, ["second"]);
});

test("what is no picture, or too large however small it is made, is refused, and nothing is held", async () => {
  const page = opened({ characters: 250_001 });
  page.drop("notes");
  await page.fails("notes");
  page.drop("line");
  await page.reads("line");
  const words = (name) => `“${name}” is no picture that this browser can read.`;
  // Each takes away what was said of the one before.
  assert.deepEqual(page.alerts, ["", words("notes"), "", words("line")]);
  assert.deepEqual([page.sent, page.closed], [[], ["line"]]);
});

test("nothing is sent once the view is gone", async () => {
  const page = opened();
  page.drop("late");
  page.closing.abort();
  await page.reads("late");
  assert.deepEqual([page.sent, page.closed], [[], ["late"]]);
});
