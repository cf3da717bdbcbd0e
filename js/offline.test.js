import assert from "node:assert/strict";
import { test } from "node:test";
import { OfflineModel, revive } from "./offline.js";

test("bytes of a saved state come back as bytes, all else as it was", () => {
  const state = revive('{"a": [1, null, "x"], "b": {"c": {"base64": "AAH/"}}, "base64": 3}');
  assert.deepEqual(state.a, [1, null, "x"]);
  assert.deepEqual([...state.b.c], [0, 1, 255]);
  assert.equal(state.base64, 3);
});

test("a change is told once to those who listen, and nothing is told where nothing changed", () => {
  const model = new OfflineModel({ filters: null });
  let heard = 0;
  const listener = () => {
    heard += 1;
  };
  model.on("change:filters", listener);
  model.set("filters", [1]);
  model.set("filters", [1]);
  assert.deepEqual([heard, model.get("filters")], [1, [1]]);
  model.off("change:filters", listener);
  model.set("filters", null);
  assert.equal(heard, 1);
});
