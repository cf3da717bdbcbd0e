import assert from "node:assert/strict";
import { test } from "node:test";
import { remember, undo } from "./history.js";

const moment = (filters) => ({ filters, neurons: null, region: null, layer: "conv5" });

test("undo gives back what was, the newest first, down to nothing", () => {
  const two = remember(remember([], moment(null), moment([1])), moment([1]), moment([1, 2]));
  const once = undo(two);
  assert.deepEqual(once.moment, moment([1]));
  const twice = undo(once.history);
  assert.deepEqual(twice.moment, moment(null));
  assert.deepEqual(undo(twice.history), { history: [], moment: null });
});

test("a step that changed nothing is none, and histories are not written to", () => {
  const history = Object.freeze([moment(null)]);
  assert.equal(remember(history, moment([1]), moment([1])), history);
  remember(history, moment([1]), moment([2]));
  assert.equal(history.length, 1);
});

test("a long history forgets its oldest steps", () => {
  let history = [];
  for (let i = 0; i < 250; i++) history = remember(history, moment([i]), moment([i + 1]));
  assert.equal(history.length, 100);
  assert.deepEqual(undo(history).moment, moment([249]));
});
