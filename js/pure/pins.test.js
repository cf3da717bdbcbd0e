import assert from "node:assert/strict";
import { test } from "node:test";
import { caption, largestFull, snapshot } from "./pins.js";
import { shown } from "./shown.js";

const floats = (...values) => new DataView(Float32Array.from(values).buffer);
const IMAGE = { width: 3, height: 2 };
const state = (change = {}, asked = {}) => ({
  image: IMAGE,
  method: "cam",
  layer: "late",
  target: 0,
  score: "logit",
  samples: 0,
  noise: 0.15,
  filters: null,
  neurons: null,
  region: null,
  choices: {
    classes: ["cat", "dog"],
    methods: [
      { value: "cam", label: "CAM" },
      { value: "grad_cam", label: "Grad-CAM" },
    ],
    layers: [{ value: "late", label: "late", channels: 8 }],
    scores: [
      { value: "logit", label: "Logit" },
      { value: "probability", label: "Probability" },
    ],
  },
  evidence: { id: 4, layer: "late", rows: 2, columns: 3, channels: 8, scales: floats() },
  result: {
    seq: 9,
    evidence_id: 4,
    method: "cam",
    layer: "late",
    target: 0,
    score_name: "logit",
    samples: 0,
    noise: 0.15,
    filters: null,
    neurons: null,
    region: null,
    rows: 2,
    columns: 3,
    map: floats(0, 1, 2, 3, 4, 5),
    full: 5,
    maximum: 5,
    score: 7.31,
    message: "",
    ...asked,
  },
  ...change,
});
const modelOf = (values) => ({ get: (name) => values[name] });
const taken = (values) => {
  const model = modelOf(values);
  const { neurons, region, filters } = values;
  const evidence = { id: 4, rows: 2, columns: 3, channels: 8, terms: null, previews: false };
  const raw = values.result;
  const result = {
    ...raw,
    evidenceId: 4,
    map: new Float32Array(raw.map.buffer),
    ofPixels: false,
    selection: { neurons: raw.neurons, region: raw.region },
    settings: {
      method: raw.method,
      layer: raw.layer,
      target: raw.target,
      score: raw.score_name,
      samples: raw.samples,
      noise: raw.noise,
    },
  };
  return snapshot(model, shown(evidence, result, filters, { neurons, region }));
};
const texts = (words) => words.map((word) => word.text);

test("a map is pinned with the settings that it answers, not with those chosen since", () => {
  const now = taken(state({ method: "grad_cam", target: 1, samples: 30 }));
  assert.equal(now.settings.method, "cam");
  assert.equal(now.settings.target, 0);
  assert.deepEqual(texts(caption(now, null)), ["CAM", "cat", "late (2×3)"]);
});

test("what differs from the map on show stands out, the usual only where the other is unusual", () => {
  const plain = taken(state());
  const asked = {
    method: "grad_cam",
    samples: 20,
    filters: [1, 7],
    neurons: [[0, 1]],
    score_name: "probability",
  };
  const other = taken(state(asked, asked));
  assert.deepEqual(
    caption(other, plain)
      .filter((word) => word.differs)
      .map((word) => word.text),
    ["Grad-CAM", "of the probability", "20 noisy copies, noise 0.15", "1 of 6 neurons", "filters 1, 7"],
  );
  assert.deepEqual(
    caption(plain, other)
      .filter((word) => word.differs)
      .map((word) => word.text),
    ["CAM", "of the logit", "no noise", "all neurons", "all filters"],
  );
  assert.deepEqual(texts(caption(plain, plain)), ["CAM", "cat", "late (2×3)"]);
  assert.ok(caption(plain, plain).every((word) => !word.differs));
});

test("another picture is said", () => {
  const [one, other] = [taken(state()), taken(state({ image: { ...IMAGE } }))];
  assert.deepEqual(caption(one, other).at(-1), { text: "another picture", differs: true });
});

test("many filters are counted, none is said, an unnamed class has its number", () => {
  const many = { filters: [0, 1, 2, 3, 5] };
  assert.equal(caption(taken(state(many, many)), null).at(-1).text, "5 of 8 filters");
  assert.equal(caption(taken(state({ filters: [] }, { filters: [] })), null).at(-1).text, "no filter");
  assert.equal(caption(taken(state({}, { target: 3 })), null)[1].text, "class 3");
  assert.equal(
    caption(taken(state({}, { explainsSelection: true })), null)[1].text,
    "the chosen activations",
  );
});

test("nothing is pinned before there is a map", () => {
  assert.equal(snapshot(modelOf({}), null), null);
  assert.equal(snapshot(modelOf(state({ result: {} })), { result: null, map: { values: [1] } }), null);
});

test("a preview whose evidence has no answer yet has no known settings", () => {
  const preview = {
    result: null,
    rows: 2,
    columns: 3,
    chosen: new Uint8Array(6),
    map: { values: [1], full: 1 },
  };
  const waiting = state({ evidence: { id: 5, layer: "late", rows: 2, columns: 3, channels: 8 } });
  assert.equal(snapshot(modelOf(waiting), preview), null);
  assert.equal(snapshot(modelOf(state({ filters: [2] })), preview).filters[0], 2);
});

test("a scale is shared by maps of one method and score, whatever the class, the layer and the noise", () => {
  const unit = (asked, more = {}) => taken(state({ ...asked, ...more }, { ...asked, ...more })).unit;
  assert.equal(unit({ target: 1, layer: "early", samples: 20, noise: 0.3, filters: [2] }), unit({}));
  assert.equal(
    unit({
      region: [
        [0, 0],
        [1, 1],
      ],
    }),
    unit({}),
  );
  const units = [{}, { method: "grad_cam" }, { score_name: "probability" }, { explainsSelection: true }];
  assert.equal(new Set(units.map((asked) => unit(asked))).size, 4);
});

test("a selection cuts the map of a class, and is itself what other maps explain", () => {
  const asked = {
    region: [
      [0, 1],
      [1, 2],
    ],
  };
  assert.equal(taken(state()).shown.map.kept, undefined);
  assert.deepEqual([...taken(state(asked, asked)).shown.map.kept], [0, 1, 1, 0, 1, 1]);
  const explained = { ...asked, explainsSelection: true };
  assert.equal(taken(state(asked, explained)).shown.map.kept, undefined);
  // What is chosen since is not in the map yet.
  assert.equal(taken(state(asked)).shown.map.kept, undefined);
});

test("a scale reaches up to the largest of those that share it", () => {
  const maps = [2, 5, Number.NaN, 0.01].map((full) => ({ shown: { map: { full } } }));
  assert.equal(largestFull(maps), 5);
  assert.equal(largestFull(maps.slice(2, 3)), 0);
});
