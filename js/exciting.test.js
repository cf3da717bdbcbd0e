import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { makeExciting } from "./exciting.js";

beforeEach((context) => {
  globalThis.window = globalThis;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after?.(() => mock.timers.reset());
});

/** A page with one view, and what its kernel says. */
function opened(frames) {
  const callbacks = new Map();
  const state = { evidence: { id: 1, layer: "late" }, frames };
  const model = {
    sent: [],
    get: (name) => state[name],
    on: (name, callback) => callbacks.set(name, [...(callbacks.get(name) ?? []), callback]),
    off: (name, callback) =>
      callbacks.set(
        name,
        callbacks.get(name).filter((other) => other !== callback),
      ),
    send(content) {
      this.sent.push(content);
    },
    hears(name, ...values) {
      for (const callback of callbacks.get(name) ?? []) callback(...values);
    },
    measures(layer) {
      state.evidence = { id: 2, layer };
      this.hears("change:evidence");
    },
  };
  const exciting = makeExciting();
  exciting.watch(model, new AbortController().signal);
  return { model, exciting, asked: () => model.sent.map(({ units }) => units.join(" ")) };
}

/** What the kernel sends of some filters or classes. */
function framesOf(units, step, more = {}) {
  const src = "data:image/png;base64,QUI=";
  const pictures = units.map((unit, n) => [
    unit,
    { src, value: `${step}.${n}`, words: "", share: step / 64 },
  ]);
  return { kind: "frames", version: 1, layer: "late", pictures: Object.fromEntries(pictures), ...more };
}

test("what is lacking is asked for, the most urgent first, and once", () => {
  const { exciting, asked } = opened();
  const [strip, portrait] = [{}, {}];
  exciting.want(strip, ["filter 3", "filter 1"], true);
  exciting.want(strip, ["filter 3", "filter 1"]);
  exciting.want(portrait, ["class 2"], true);
  exciting.want(portrait, []);
  assert.deepEqual(asked(), ["filter 3 filter 1", "class 2 filter 3 filter 1", "filter 3 filter 1"]);
});

test("frames are kept, and what is done is not asked for again", () => {
  const { model, exciting, asked } = opened();
  exciting.want("strip", ["filter 3", "filter 1"], true);
  model.hears("msg:custom", framesOf(["filter 3", "filter 1"], 16));
  assert.equal(exciting.album.get("filter 1").value, "16.1");
  const { share, open, words } = exciting.progress();
  assert.deepEqual([share, open, words], [0.25, 2, "Forming: 0 of 2 done"]);
  model.hears("msg:custom", framesOf(["filter 3"], 64));
  exciting.want("strip", ["filter 3", "filter 1", "filter 0"]);
  assert.equal(asked().at(-1), "filter 1 filter 0");
  model.hears("msg:custom", framesOf(["filter 1", "filter 0"], 64));
  assert.equal(exciting.progress().words, "");
});

test("an answer to a question is no picture", () => {
  const { model, exciting } = opened();
  model.hears("msg:custom", { id: 7, error: "", pictures: { "filter 3": {} } });
  assert.equal(exciting.album.size, 0);
});

test("stop asks for nothing and keeps what there is, until something is wanted by hand", () => {
  const { model, exciting, asked } = opened();
  exciting.want("strip", ["filter 3"], true);
  model.hears("msg:custom", framesOf(["filter 3"], 16));
  exciting.toggle();
  exciting.want("strip", ["filter 3", "filter 1"]); // scrolled
  assert.equal(asked().at(-1), "");
  assert.equal(exciting.progress().words, "Stopped: 0 of 2 done");
  assert.equal(exciting.album.get("filter 3").value, "16.0");
  exciting.want("portrait", ["class 0"], true);
  assert.equal(asked().at(-1), "class 0 filter 3 filter 1");
});

test("pictures of a network that has changed are dropped and asked for anew", () => {
  const { model, exciting, asked } = opened();
  exciting.want("strip", ["filter 3"], true);
  model.hears("msg:custom", framesOf(["filter 3"], 64));
  model.hears("msg:custom", framesOf([], 0, { version: 2 }));
  assert.equal(exciting.album.size, 0);
  assert.deepEqual([asked().at(-1), model.sent.at(-1).version], ["filter 3", 2]);
});

test("pictures of an older network come too late", () => {
  const { model, exciting } = opened();
  exciting.want("strip", ["filter 3", "filter 1"], true);
  model.hears("msg:custom", framesOf(["filter 3"], 64, { version: 2 }));
  const asked = model.sent.length;
  model.hears("msg:custom", framesOf(["filter 3", "filter 1"], 16, { version: 1 }));
  assert.deepEqual([...exciting.album.keys()], ["filter 3"]);
  assert.equal(exciting.album.get("filter 3").value, "64.0");
  assert.equal(model.sent.length, asked);
});

test("with another layer the filters are others", () => {
  const { model, exciting } = opened();
  exciting.want("strip", ["filter 3"], true);
  model.hears("msg:custom", framesOf(["filter 3"], 64));
  model.measures("early");
  assert.ok(!exciting.wishes.has("strip"));
  model.hears("msg:custom", framesOf(["filter 1"], 4)); // of the layer before
  assert.equal(exciting.album.size, 0);
});

test("what cannot be formed says why, and the others go on", () => {
  const { model, exciting, asked } = opened();
  exciting.want("strip", ["class 0", "filter 3"], true);
  const failed = { src: "", value: "", words: "two outputs", share: 1 };
  model.hears("msg:custom", framesOf([], 0, { pictures: { "class 0": failed } }));
  assert.deepEqual([exciting.progress().words, exciting.progress().open], ["two outputs", 1]);
  assert.equal(asked().at(-1), "filter 3");
  exciting.want("strip", ["class 0", "filter 3"]); // scrolled
  assert.equal(asked().at(-1), "filter 3");
  exciting.want("strip", ["class 0", "filter 3"], true); // clicked
  assert.deepEqual([asked().at(-1), exciting.progress().open], ["class 0 filter 3", 2]);
});

test("without a wish nothing is asked", () => {
  const { model, asked } = opened();
  model.measures("late");
  assert.deepEqual(asked(), []);
});

test("an exported page brings its pictures", () => {
  const { exciting } = opened(framesOf(["filter 2"], 64));
  assert.equal(exciting.album.get("filter 2").value, "64.0");
});
