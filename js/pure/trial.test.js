import assert from "node:assert/strict";
import { test } from "node:test";
import { canAnswer, isAsked, pressed, summary } from "./trial.js";

test("keys mean answers, in either case, and nothing else does", () => {
  assert.deepEqual(
    [
      "a",
      "A",
      "ArrowLeft",
      "b",
      "ArrowRight",
      "S",
      "ArrowDown",
      "Backspace",
      "x",
      "Enter",
      "constructor",
    ].map(pressed),
    ["left", "left", "left", "right", "right", "same", "same", "undo", null, null, null],
  );
});

test("only the question that comes next can be answered", () => {
  assert.equal(isAsked({ number: 1 }, []), true);
  assert.equal(isAsked({ number: 1 }, ["left"]), false);
  assert.equal(isAsked({}, []), false);
  assert.equal(isAsked(undefined, []), false);
});

test("a picture without maps can be skipped, and only that", () => {
  const failed = { number: 2, failed: true };
  const shown = { number: 2, failed: false };
  assert.equal(canAnswer(failed, ["same"], "skipped"), true);
  assert.equal(canAnswer(failed, ["same"], "left"), false);
  assert.equal(canAnswer(shown, ["same"], "left"), true);
  assert.equal(canAnswer(shown, ["same"], "skipped"), false);
  assert.equal(canAnswer(failed, [], "skipped"), false);
});

test("the result in words", () => {
  const row = (title, votes) => ({ title, votes, score: votes, low: 0, high: votes });
  const said = (a, b, same, judges = 1) =>
    summary({ rows: [row("P", a), row("Q", b), row("Same", same)], pictures: 8, judges });
  assert.equal(
    said(1, 5, 2),
    "Q was chosen 5 times, P 1 time; 2 of 8 answers were “same”. One judge, 8 pictures.",
  );
  assert.equal(
    said(2, 2, 12, 2),
    "P and Q were chosen equally often, 2 times each; 12 of 16 answers were “same”. 2 judges, 8 pictures.",
  );
  const rows = [row("P", 1), row("Q", 0), row("Same", 0)];
  assert.equal(
    summary({ rows, pictures: 1, judges: 1, skipped: 2 }),
    "P was chosen 1 time, Q 0 times; 0 of 1 answers were “same”. One judge, 1 picture. Skipped, because there were no maps: 2.",
  );
  assert.equal(summary({}), "");
});
