/**
 * A model and a kernel without Python, for looking at the front end: blobs for filters, the real formula for the map,
 * latest wins, an answer to Stop. Not part of the bundle.
 *
 * @typedef {{rows: number, columns: number, channels: number, classes: number, delay: number, preview: boolean,
 *   picture: string}} Options
 */
import { gradient } from "../pure/palette.js";
import { mask } from "../pure/selection.js";

/** A Backbone model, as far as anywidget shows one. */
export class MockModel extends EventTarget {
  /** @param {Record<string, any>} state */
  constructor(state) {
    super();
    this.state = state;
    /** @type {Map<string, Set<(...args: any[]) => void>>} */
    this.callbacks = new Map();
    /** @type {any[]} */
    this.sent = [];
    this.saves = 0;
  }
  get(/** @type {string} */ name) {
    return this.state[name];
  }
  set(/** @type {string} */ name, /** @type {any} */ value) {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value) && typeof value !== "object") return;
    this.state[name] = value;
    this.emit(`change:${name}`);
  }
  emit(/** @type {string} */ event, /** @type {any[]} */ ...args) {
    for (const callback of [...(this.callbacks.get(event) ?? [])]) callback(...args);
  }
  on(/** @type {string} */ event, /** @type {(...args: any[]) => void} */ callback) {
    this.callbacks.set(event, (this.callbacks.get(event) ?? new Set()).add(callback));
  }
  off(/** @type {any} */ event, /** @type {any} */ callback) {
    this.callbacks.get(event)?.delete(callback);
  }
  save_changes() {
    this.saves += 1;
    this.dispatchEvent(new Event("save"));
  }
  send(/** @type {any} */ content) {
    this.sent.push(content);
    setTimeout(() => this.emit("msg:custom", { id: content.id, error: "" }, []), 5);
  }
}

/** @param {Options} options */
export async function mockKernel(options) {
  const model = new MockModel(await firstState(options));
  let timer = 0;
  let seq = 0;
  let evidenceId = 0;
  let question = "";
  /** @type {ReturnType<typeof measure> | null} */
  let measured = null;
  const answer = () => {
    const asked = JSON.stringify(
      ["method", "layer", "target", "score", "samples", "noise"].map((name) => model.get(name)),
    );
    if (asked !== question || measured === null) {
      question = asked;
      evidenceId += 1;
      measured = measure(model, options, evidenceId);
      model.set("evidence", measured.evidence);
    }
    seq += 1;
    model.set("result", resultOf(model, measured, options, seq));
    model.set("status", "idle");
  };
  model.addEventListener("save", () => {
    if (model.get("status") !== "computing") model.set("status", "computing");
    clearTimeout(timer);
    timer = window.setTimeout(answer, options.delay);
  });
  answer();
  return model;
}

/** A number in [0, 1) for a number. */
function hash(/** @type {number} */ seed) {
  const value = Math.sin(seed * 12.9898 + 78.233) * 43758.5453;
  return value - Math.floor(value);
}

/**
 * @param {MockModel} model
 * @param {Options} options
 * @param {number} id
 */
function measure(model, options, id) {
  const layer = model
    .get("choices")
    .layers.find((/** @type {any} */ one) => one.value === model.get("layer"));
  const { rows, columns, channels } = layer;
  const target = model.get("target");
  const size = rows * columns;
  const exact = new Float32Array(channels * size);
  const scales = new Float32Array(channels);
  const contributions = new Float32Array(channels);
  const terms = new Int8Array(channels * size);
  for (let c = 0; c < channels; c++) {
    const [a, b, s] = [hash(c), hash(c + 0.3), hash(c + 0.7 + 10 * target)];
    const strength = (s < 0.35 ? -0.7 : 1) * s ** 4;
    const row = (0.25 + 0.5 * hash(target + 1)) * rows + (a - 0.5) * rows * 0.7;
    const column = (0.25 + 0.5 * hash(target + 2)) * columns + (b - 0.5) * columns * 0.7;
    const width = (0.02 + 0.05 * hash(c + 0.9)) * size;
    for (let i = 0; i < size; i++) {
      const distance = (Math.floor(i / columns) - row) ** 2 + ((i % columns) - column) ** 2;
      const value = strength * Math.exp(-distance / width);
      exact[c * size + i] = value;
      contributions[c] += value;
      scales[c] = Math.max(scales[c], Math.abs(value) / 127);
    }
    for (let i = 0; i < size; i++) terms[c * size + i] = Math.round(exact[c * size + i] / scales[c]);
  }
  const fits = options.preview && terms.byteLength <= 256 * 1024;
  const evidence = {
    id,
    layer: layer.value,
    rows,
    columns,
    channels,
    contributions: new DataView(contributions.buffer),
    means: new DataView(Float32Array.from({ length: channels }, (_, c) => hash(c + 0.2)).buffer),
    previews: fits,
    terms: fits ? new DataView(terms.buffer) : null,
    scales: new DataView(scales.buffer),
    note: fits ? "" : "No preview while you drag: this layer is too large to send.",
  };
  return { evidence, exact, rows, columns, channels };
}

/**
 * @param {MockModel} model
 * @param {ReturnType<typeof measure>} measured
 * @param {Options} options
 * @param {number} seq
 */
function resultOf(model, { evidence, exact, rows, columns, channels }, { classes, delay }, seq) {
  const chosen = mask({ neurons: model.get("neurons"), region: model.get("region") }, rows, columns);
  const map = new Float32Array(rows * columns);
  for (const c of model.get("filters") ?? Array(channels).keys()) {
    for (let i = 0; i < map.length; i++) map[i] += exact[c * map.length + i];
  }
  for (let i = 0; i < map.length; i++) map[i] = chosen[i] ? Math.max(0, map[i]) : 0;
  const probabilities = Float32Array.from({ length: classes }, (_, k) => hash(k * 3.1) ** 9);
  const maximum = map.reduce((most, one) => Math.max(most, one), 0);
  const sum = probabilities.reduce((total, one) => total + one, 0);
  return {
    seq,
    evidence_id: evidence.id,
    ...Object.fromEntries(
      ["method", "layer", "target", "samples", "noise"].map((name) => [name, model.get(name)]),
    ),
    score_name: model.get("score"),
    filters: model.get("filters"),
    neurons: model.get("neurons"),
    region: model.get("region"),
    rows,
    columns,
    against: null,
    map: new DataView(map.buffer),
    full: maximum,
    maximum,
    of_pixels: false,
    explains_selection: false,
    outputs: new DataView(probabilities.map((one) => Math.log(one / sum)).buffer),
    probabilities: new DataView(probabilities.map((one) => one / sum).buffer),
    score: 7.31 - model.get("target") / 3,
    message: map.some((value) => value > 0)
      ? ""
      : "No positive evidence for this class here: the map is zero everywhere.",
    milliseconds: delay,
  };
}

/** @param {Options} options */
async function firstState({ rows, columns, channels, classes, picture }) {
  const words = [
    "three",
    "tabby",
    "tiger cat",
    "bull mastiff",
    "<img src=x onerror=alert(1)>",
    "zebra",
    "Egyptian cat",
  ];
  const method = (
    /** @type {string} */ value,
    /** @type {string} */ label,
    /** @type {string} */ note,
    group = "class activation maps",
  ) => ({ value, label, note, group, takes_noise: value !== "cam" });
  const layer = (
    /** @type {string} */ value,
    /** @type {number} */ r,
    /** @type {number} */ c,
    /** @type {number} */ k,
  ) => ({
    value,
    label: value,
    rows: r,
    columns: c,
    channels: k,
    default: value === "block5_conv3",
    note: value === "block5_conv3" ? "Default: the last convolution's output, before pooling." : "",
  });
  return {
    method: "grad_cam++",
    layer: "block5_conv3",
    target: 0,
    score: "logit",
    samples: 0,
    noise: 0.15,
    filters: null,
    neurons: null,
    region: null,
    colormap: "viridis",
    opacity: 0.6,
    view: "smooth",
    status: "idle",
    progress: 0,
    error: "",
    code: "from camwidget import CamWidget, explain\n\n# As they were given: model, img.\nw = CamWidget(model, img)\nw\n",
    evidence: {},
    result: {},
    choices: {
      methods: [
        method("cam", "CAM", "The class's weights behind global average pooling (Zhou 2016)."),
        method("grad_cam", "Grad-CAM", "w = mean of g over the grid (Selvaraju 2017)."),
        method(
          "grad_cam++",
          "Grad-CAM++",
          "alpha = D2 / (2 D2 + (sum_ab A_ab) D3); w_c = sum_ij alpha relu(D1). Chattopadhay et al. 2018, eq. 5, 9 and 10, with Y = exp(S): D_n = Y g^n with g = dS/dA.",
        ),
        method("smooth_grad_cam++", "Smooth Grad-CAM++", "Averaged over noisy copies (Omeiza 2019)."),
        method("gradient", "Gradient", "dS/dx (Simonyan 2013).", "pixels"),
      ],
      layers: [
        layer("block4_conv3", 2 * rows, 2 * columns, Math.ceil(channels / 2)),
        layer("block5_conv3", rows, columns, channels),
      ],
      scores: [
        { value: "logit", label: "Logit", note: "" },
        { value: "probability", label: "Probability", note: "" },
      ],
      colormaps: [
        { value: "viridis", label: "Viridis", note: "", palette: gradient() },
        { value: "magma", label: "Magma", note: "", palette: gradient([[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]]) }, // biome-ignore format: a table
        { value: "jet", label: "Jet", note: "", palette: gradient([[0, 0, 128], [0, 128, 255], [124, 255, 121], [255, 148, 0], [128, 0, 0]]) }, // biome-ignore format: a table
      ],
      classes: Array.from({ length: classes }, (_, k) => words[k] ?? `class ${k}`),
    },
    image: await (picture === "" ? drawnPicture(columns * 24, rows * 24) : fetchedPicture(picture)),
  };
}

/** @param {string} address */
async function fetchedPicture(address) {
  const bitmap = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  return encoded(canvas);
}

/**
 * @param {number} width
 * @param {number} height
 */
function drawnPicture(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context) {
    for (let i = 0; i < 40; i++) {
      context.fillStyle = `hsl(${200 + 60 * hash(i)} 30% ${25 + 50 * hash(i + 0.1)}%)`;
      context.fillRect(
        width * (hash(i + 0.2) - 0.2),
        height * (hash(i + 0.3) - 0.2),
        width * 0.4,
        height * 0.4,
      );
    }
  }
  return encoded(canvas);
}

/** @param {OffscreenCanvas} canvas */
async function encoded(canvas) {
  const bytes = await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer();
  return { width: canvas.width, height: canvas.height, file: new DataView(bytes) };
}
