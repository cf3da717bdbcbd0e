import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("theme.css", import.meta.url), "utf8");
const blocks = [...css.matchAll(/\{([^{}]*)\}/g)].map(([, rules]) => rules.replace(/\s+/g, " ").trim());
const names = (rules) => [...rules.matchAll(/(--[\w-]+):/g)].map(([, name]) => name);

test("dark by the page's word is dark by the system's", () => {
  assert.equal(blocks.length, 3);
  assert.equal(blocks[1], blocks[2]);
});

test("dark changes every colour of light", () => {
  assert.deepEqual(names(blocks[1]), names(blocks[0]));
});
