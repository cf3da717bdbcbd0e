/**
 * The one contract between the kernel (camwidget/widget/) and the browser (js/).
 *
 * Every name is the same in Python, on the wire and here. State is traits; whoever changes
 * one, both sides follow. Messages carry only events (Stop), each with an id and always
 * answered. tests/test_contract.py compares this file with the Python traits.
 *
 * Axis letters: h row, w column, c channel ("filter") of the chosen layer, k class.
 * A picture has `height` and `width` in pixels; the layer's grid has `rows` and `columns`.
 */

/** Bytes as they arrive: kernels send a DataView or a Uint8Array, at any byteOffset. */
export type Bytes = DataView | Uint8Array | ArrayBuffer;

/** [row, column] of one neuron on the layer's grid, from 0. */
export type Neuron = [number, number];

/** Two opposite corners, inclusive, in any order. */
export type Box = [Neuron, Neuron];

export type View = "smooth" | "cells";
export type Status = "idle" | "computing" | "stopped";

/** An entry of a menu: `value` is what the trait takes, `label` what people read. */
export interface Choice {
  value: string;
  label: string;
  /** One sentence more: a formula, a reason ("default: last convolution's output ..."). May be "". */
  note: string;
}

export interface LayerChoice extends Choice {
  rows: number;
  columns: number;
  channels: number;
  default: boolean;
}

export interface ColormapChoice extends Choice {
  /** 256 RGB colours, 768 bytes: entry i paints the heat i / 255. */
  palette: Bytes;
}

/** What can be chosen with this model; changes only when the model does. */
export interface Choices {
  methods: Choice[];
  /** In order of depth. */
  layers: LayerChoice[];
  scores: Choice[];
  colormaps: ColormapChoice[];
  /** Name of every class, position = index. Untrusted text: may hold markup, must be shown as text. */
  classes: string[];
}

/** The picture on show, before preprocessing. */
export interface Picture {
  width: number;
  height: number;
  /** An encoded PNG of exactly width x height pixels. */
  png: Bytes;
}

/**
 * What was measured at the layer for one class: everything the browser needs to repaint a
 * selection by itself. A new object with a new `id` whenever picture, layer, class, method or
 * noise changes; never for a mere selection.
 */
export interface Evidence {
  id: number;
  /** Where it was measured. While another layer is asked for, its grid is not known yet: nothing can be selected. */
  layer: string;
  rows: number;
  columns: number;
  channels: number;
  /** Float32 x channels: what each filter adds to the map over the whole grid, signed (sum over h,w of w A). */
  contributions: Bytes;
  /**
   * Int8 x (channels, rows, columns): the terms w A of the map before the sum over channels and
   * the ReLU, each channel divided by its `scales` entry; term = terms[c,h,w] * scales[c].
   * null where it would be larger than 256 kB (`note` says so) or is not finite: then there is no preview.
   */
  terms: Bytes | null;
  /** Float32 x channels. */
  scales: Bytes;
  /** What people should know (no preview, a departure); "" mostly. */
  note: string;
}

/** The kernel's newest map. Replaced whole; a view drops a result with an older `seq`. */
export interface Result {
  /** Rises by at least one with each result of this widget. 0: none yet. */
  seq: number;
  evidence_id: number;
  /** What it answers, as the traits had it: by this the browser tells a result that was overtaken. */
  target: number;
  filters: number[] | null;
  neurons: Neuron[] | null;
  region: Box[] | null;
  rows: number;
  columns: number;
  /** Float32 x (rows, columns): relu of the sum over the chosen filters at the chosen neurons, raw units. */
  map: Bytes;
  /** Float32 x classes: the network's probability of each class on this picture, in [0, 1]. */
  probabilities: Bytes;
  /** The explained score (a logit mostly) of the chosen class. */
  score: number;
  /** An honest state in words ("No positive evidence ..."), shown over the map; "" when there is a map to paint. */
  message: string;
  milliseconds: number;
}

/** The traits. Those of the first group are set by people, from either side. */
export interface State {
  method: string;
  layer: string;
  /** Index into `choices.classes`. */
  target: number;
  score: string;
  /** Noisy copies averaged; 0 = none. */
  samples: number;
  /** Standard deviation of the noise as a share of the picture's range, in [0, 1]. */
  noise: number;
  /** Channel indices kept; null = all; [] = none (an empty map and a message). */
  filters: number[] | null;
  /** Single neurons kept, with `region` their union; null in both = all. */
  neurons: Neuron[] | null;
  region: Box[] | null;
  colormap: string;
  /** Of the heat over the picture, in [0, 1]. */
  opacity: number;
  view: View;

  // told by the kernel only
  choices: Choices;
  image: Picture;
  evidence: Evidence;
  result: Result;
  /** A sentence for the alert; "" when all is well. The browser sets it to "" when it is dismissed. */
  error: string;
  status: Status;
  /** Share of the present computation that is done, in [0, 1]. */
  progress: number;
}

/** Browser to kernel. */
export interface Request {
  id: number;
  kind: "stop";
}

/** Kernel to browser, one for each request. `error` is "" when it was granted. */
export interface Answer {
  id: number;
  error: string;
}
