import assert from "node:assert/strict";
import { test } from "node:test";
import { fileName, legendOf } from "./caption.js";
import * as read from "./read.js";
import { shown } from "./shown.js";

const bytes = (...numbers) => new DataView(Float32Array.from(numbers).buffer);

const CHOICES = {
  methods: [
    { value: "cam", label: "CAM" },
    { value: "score_cam", label: "Score-CAM" },
  ],
  layers: [{ value: "late", label: "late", rows: 2, columns: 3, channels: 8 }],
  scores: [
    { value: "logit", label: "Logit" },
    { value: "probability", label: "Probability" },
  ],
  classes: ["cat", "dog"],
};

/** A page: a result of CAM with 20 copies on 4 of 6 neurons; `since` is what was chosen afterwards. */
function page(since = {}, result = {}) {
  const asked = {
    method: "cam",
    layer: "late",
    target: 1,
    samples: 20,
    noise: 0.15,
    filters: [1, 7],
    neurons: null,
    region: [
      [
        [0, 0],
        [1, 1],
      ],
    ],
  };
  const state = {
    ...asked,
    score: "logit",
    choices: CHOICES,
    image: { width: 30, height: 20 },
    evidence: { id: 1, layer: "late", rows: 2, columns: 3, channels: 8, previews: false },
    result: {
      seq: 1,
      evidence_id: 1,
      ...asked,
      score_name: "logit",
      against: null,
      rows: 2,
      columns: 3,
      map: bytes(1, 2, 0, 3, 4, 0),
      full: 4,
      maximum: 4,
      outputs: bytes(0, 7.31),
      probabilities: bytes(0.2, 0.8),
      score: 7.31,
      message: "",
      ...result,
    },
    ...since,
  };
  return { get: (name) => state[name] };
}

const told = (model) =>
  legendOf(
    model,
    shown(read.evidence(model), read.result(model), read.filters(model), read.selection(model)),
  );

test("a caption tells class, score, method, layer, selection and noise", () => {
  assert.deepEqual(told(page()), {
    heading: "dog",
    lines: [
      "logit 7.31 · probability .80",
      "CAM · late (2×3) · 20 noisy copies, noise 0.15 · 4 of 6 neurons · filters 1, 7",
    ],
    method: "cam",
  });
});

test("it tells of the map on show, not of what was chosen since", () => {
  const since = { method: "score_cam", samples: 0, filters: [2], region: null, neurons: [[1, 1]], target: 0 };
  assert.deepEqual(told(page(since)), told(page()));
});

test("one class against another, and chosen activations", () => {
  assert.equal(told(page({}, { against: 0 })).heading, "dog against cat");
  const { heading, lines } = told(page({}, { explains_selection: true }));
  assert.deepEqual([heading, lines[0]], ["Chosen activations", "sum 7.31"]);
});

test("where there is no map there is nothing to tell", () => {
  assert.equal(legendOf(page(), null), null);
});

test("a file's name holds what every system takes", () => {
  assert.equal(fileName("Königs-Pudel / 3", "grad_cam++"), "camwidget-Konigs-Pudel-3-grad-campp.png");
  assert.equal(fileName("", "cam"), "camwidget-cam.png");
});
