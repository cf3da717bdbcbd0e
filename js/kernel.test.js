import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { makeAsk } from "./ask.js";
import { makeKernel } from "./kernel.js";

beforeEach((context) => {
  globalThis.window = globalThis;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after?.(() => mock.timers.reset());
});

/** A model whose kernel is what the test makes of it. */
function fake() {
  const callbacks = new Map();
  return {
    sent: [],
    widget_manager: { kernel: { status: "idle" } },
    get: () => undefined,
    on: (name, callback) => callbacks.set(name, [...(callbacks.get(name) ?? []), callback]),
    off: (name, callback) =>
      callbacks.set(
        name,
        (callbacks.get(name) ?? []).filter((other) => other !== callback),
      ),
    send(content) {
      this.sent.push(content);
    },
    hears(name, ...values) {
      for (const callback of callbacks.get(name) ?? []) callback(...values);
    },
    listeners: () => [...callbacks.values()].flat().length,
  };
}

test("a question is answered once, by the answer with its id", () => {
  const model = fake();
  const answers = [];
  makeAsk(model, new AbortController().signal)({ kind: "inputs" }, (answer, buffers) => {
    answers.push([answer.error, buffers.length]);
  });
  model.hears("msg:custom", { id: model.sent[0].id + 1, error: "of another" });
  model.hears("msg:custom", { id: model.sent[0].id, error: "" }, [new Uint8Array(1)]);
  model.hears("msg:custom", { id: model.sent[0].id, error: "again" });
  mock.timers.tick(60_000);
  assert.deepEqual(answers, [["", 1]]);
});

test("a newer question takes the place of an older one", () => {
  const model = fake();
  const answers = [];
  const ask = makeAsk(model, new AbortController().signal);
  for (const name of ["first", "second"]) ask({ kind: "inputs" }, () => answers.push(name));
  for (const { id } of model.sent) model.hears("msg:custom", { id, error: "" });
  assert.deepEqual(answers, ["second"]);
});

test("silence is said, but not while the kernel is known to be busy", () => {
  const model = fake();
  const errors = [];
  model.widget_manager.kernel.status = "busy";
  makeAsk(model, new AbortController().signal)({ kind: "stop" }, ({ error }) => errors.push(error));
  mock.timers.tick(20_000);
  assert.deepEqual(errors, []);
  model.widget_manager.kernel.status = "idle";
  mock.timers.tick(5000);
  assert.deepEqual(errors, ["The kernel does not answer."]);
});

test("where nobody is there, that is said at once", () => {
  const errors = [];
  const ask = makeAsk({ ...fake(), offline: true }, new AbortController().signal);
  ask({ kind: "inputs" }, ({ error }) => errors.push(error));
  assert.deepEqual(errors, ["There is no kernel."]);
});

test("an answer that is overdue is said, until it comes", () => {
  const model = fake();
  const asked = { method: "cam", layer: "late", target: 1, score: "logit", samples: 0, noise: 0.15 };
  const chosen = { filters: null, neurons: null, region: null };
  const answer = () => ({ ...asked, ...chosen, score: 3.5, score_name: "logit", seq: 1, evidence_id: 1 });
  const state = { ...asked, ...chosen, status: "idle", result: answer() };
  model.get = (name) => state[name];
  const kernel = makeKernel();
  kernel.watch(model, new AbortController().signal);
  model.hears("msg:custom", { id: model.sent[0].id, error: "" });
  mock.timers.tick(10_000);
  assert.equal(kernel.isBusy, false);

  chosen.target = state.target = 2;
  model.hears("change:target");
  mock.timers.tick(1400);
  assert.equal(kernel.isBusy, false);
  mock.timers.tick(200);
  assert.deepEqual([kernel.isBusy, kernel.reached], [true, true]);
  state.result = answer();
  model.hears("change:result");
  assert.equal(kernel.isBusy, false);

  // The notebook says that it is idle: is it still the same kernel?
  assert.equal(model.sent[1].kind, "hello");
  mock.timers.tick(10_000);
  assert.deepEqual([kernel.isBusy, kernel.reached], [false, true], "the answer has come meanwhile");
  state.target = 0;
  model.hears("change:target");
  mock.timers.tick(1500);
  assert.equal(kernel.isBusy, true);
  mock.timers.tick(5000);
  assert.deepEqual([kernel.isBusy, kernel.reached], [false, false]);
  Object.assign(chosen, { target: 0 });
  state.result = answer();
  model.hears("change:result");
  assert.deepEqual([kernel.isBusy, kernel.reached], [false, true]);

  // It says that it is at work: no need to say more.
  state.region = [
    [
      [0, 1],
      [2, 3],
    ],
  ];
  model.hears("change:region");
  state.status = "computing";
  model.hears("change:status");
  mock.timers.tick(10_000);
  assert.equal(kernel.isBusy, false);
});

test("a kernel is reached until it is silent, and again when it is heard", () => {
  const model = fake();
  const life = new AbortController();
  const kernel = makeKernel();
  let changes = 0;
  kernel.changed.addEventListener("change", () => {
    changes += 1;
  });
  kernel.watch(model, life.signal);
  assert.equal(model.sent[0].kind, "hello");
  model.hears("msg:custom", { id: model.sent[0].id, error: "" });
  mock.timers.tick(60_000);
  assert.deepEqual([kernel.reached, changes], [true, 0]);
  model.hears("comm_live_update"); // started anew
  mock.timers.tick(5000);
  assert.deepEqual([kernel.reached, changes], [false, 1]);
  model.hears("change:result");
  assert.deepEqual([kernel.reached, changes], [true, 2]);
  life.abort();
  assert.equal(model.listeners(), 0);
});
