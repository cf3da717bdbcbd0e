/**
 * The one contract between the kernel (camwidget/widget/) and the browser (js/).
 *
 * Every name is the same in Python, on the wire and here. State is traits; whoever changes
 * one, both sides follow. Messages are questions and Stop, each with an id and always
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

/** "wrong": wrong and confident first; "unsure": the least confident first. */
export type Order = "given" | "wrong" | "unsure";

/** "filters": one map for each; "inputs": what the network sees. */
export type View = "smooth" | "cells" | "filters" | "inputs";
export type Status = "idle" | "computing" | "stopped";

/** An entry of a menu: `value` is what the trait takes, `label` what people read. */
export interface Choice {
  value: string;
  label: string;
  /** One sentence more: a formula, a reason ("default: last convolution's output ..."). May be "". */
  note: string;
}

export interface MethodChoice extends Choice {
  /** What its map is made of; methods of one group stand together in the menu. */
  group: "class activation maps" | "pixels" | "maps times pixels";
  /** Whether noisy copies can be averaged over; else `samples` is 0. */
  takes_noise: boolean;
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
  methods: MethodChoice[];
  /** In order of depth. */
  layers: LayerChoice[];
  /** Those that the network has: none about probabilities where its outputs are values. */
  scores: Choice[];
  colormaps: ColormapChoice[];
  /** Name of every class, position = index. Untrusted text: may hold markup, must be shown as text. */
  classes: string[];
}

/** The picture on show, before preprocessing. */
export interface Picture {
  width: number;
  height: number;
  /** An image file of exactly width x height pixels: PNG, or JPEG where that would be large. */
  file: Bytes;
}

/**
 * Where there are many pictures: what the network says of each, as far as it was asked. {} where there is one. Below
 * 256 kB; names and thumbnails come by question, those in sight alone.
 */
export interface Pictures {
  /** How many there are; of a data set, so far. */
  count: number;
  /** How many of them the network was asked about. */
  read: number;
  /** Whether no more come. */
  complete: boolean;
  /** Int32: numbers of the pictures in the trait's `order`; those that cannot be read are missing. */
  order: Bytes;
  /** Int32 x count: the class predicted; -1 not asked yet, -2 cannot be read. */
  predicted: Bytes;
  /** Float32 x count: its probability, NaN where the network gives none. */
  probabilities: Bytes;
  /** Int32 x count: the true class, -1 where it is not known. */
  labels: Bytes;
  /** What people should know (a picture that cannot be read); "" mostly. */
  note: string;
}

/**
 * What was measured for one class: the layer's grid, and everything the browser needs to repaint a
 * selection by itself. A new object with a new `id` whenever picture, layer, class, method or noise
 * changes. For a mere selection only where that is itself what is explained, with a method for pixels.
 */
export interface Evidence {
  id: number;
  /** Where it was measured. While another layer is asked for, its grid is not known yet: nothing can be selected. */
  layer: string;
  /** The grid of neurons to choose from, 0 x 0 x 0 where the network has no layer with a map. */
  rows: number;
  columns: number;
  channels: number;
  /**
   * Float32 x channels: what each filter adds to the map over the whole grid, signed (sum over h,w of w A).
   * null for a method for pixels: it weighs no filters, and what is chosen is itself explained.
   */
  contributions: Bytes | null;
  /** Float32 x channels: each filter's mean activation over the grid, in the layer's own units. */
  means: Bytes;
  /**
   * Int8 x (channels, rows, columns): the terms w A of the map before the sum over channels and
   * the ReLU, each channel divided by its `scales` entry; term = terms[c,h,w] * scales[c].
   * null where there are none, where the update would be larger than 256 kB or is not finite (`note` says so).
   */
  terms: Bytes | null;
  /** Float32 x channels. */
  scales: Bytes;
  /**
   * Whether the map is the sum of the terms, so that the browser can repaint a selection. Not for a
   * product with pixels, whose terms are good for the filters' pictures alone.
   */
  previews: boolean;
  /** What people should know (no preview, a departure); "" mostly. */
  note: string;
}

/** The kernel's newest map. Replaced whole; a view drops a result with an older `seq`. */
export interface Result {
  /** Rises by at least one with each result of this widget. 0: none yet. */
  seq: number;
  evidence_id: number;
  /** What it answers, as the traits had it: by this the browser tells a result that was overtaken. */
  method: string;
  layer: string;
  target: number;
  /** The trait `score`; here `score` is the number. */
  score_name: string;
  samples: number;
  noise: number;
  filters: number[] | null;
  neurons: Neuron[] | null;
  region: Box[] | null;
  /** For the score "contrast": the class that `target` is set against. */
  against: number | null;
  /** Of the map: the layer's grid, or, for a map of pixels, at most 240 x 240. */
  rows: number;
  columns: number;
  /**
   * Float32 x (rows, columns), raw units. Of neurons: relu of the sum over the chosen filters at the
   * chosen neurons. Of pixels: cut off at `full`, and reduced to the means of areas where it was larger.
   */
  map: Bytes;
  /** What has full heat: the map's maximum, or 99th percentile for one of pixels. null where it is not finite. */
  full: number | null;
  /** The largest value there is, also where the map was cut off. null where it is not finite. */
  maximum: number | null;
  /** Whether the map is one of pixels, not of the layer's neurons. */
  of_pixels: boolean;
  /** Whether the chosen neurons and filters are explained, and not the class. */
  explains_selection: boolean;
  /** Float32 x classes: the network's logits, or its values where it gives no probabilities. */
  outputs: Bytes;
  /** Float32 x classes: the network's probability of each class on this picture, in [0, 1]; null where there is none. */
  probabilities: Bytes | null;
  /** The explained score (a logit mostly): of the chosen class, or the sum of the chosen activations. */
  score: number | null;
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
  /** Number of the picture on show among `pictures`; null: it is none of them. */
  index: number | null;
  order: Order;
  colormap: string;
  /** Of the heat over the picture, in [0, 1]. */
  opacity: number;
  view: View;

  // told by the kernel only
  choices: Choices;
  image: Picture;
  pictures: Pictures;
  evidence: Evidence;
  result: Result;
  /** A sentence for the alert; "" when all is well. The browser sets it to "" when it is dismissed. */
  error: string;
  status: Status;
  /** Share of the present computation that is done, in [0, 1]. */
  progress: number;
  /** Python text that makes this widget and its map once more, of the newest result and the looks. */
  code: string;
}

/** Browser to kernel. */
export type Request = { id: number } & (
  | { kind: "stop" }
  /** Only answered: a page asks whether anybody is there. */
  | { kind: "hello" }
  /** The numbers of one neuron of the layer on show. */
  | { kind: "neuron"; layer: string; row: number; column: number }
  /** The picture as the network takes it; the answer's buffer is a PNG. */
  | { kind: "inputs" }
  /** Whether the map on show deserves trust. Takes seconds. */
  | { kind: "check" }
  /** Thumbnails of the pictures in sight. What is not answered is not read yet, or did not fit: ask again. */
  | { kind: "pictures"; numbers: number[] }
  /** A picture that was dropped or pasted, as a data address below 256 kB: it is explained next. */
  | { kind: "picture"; data: string }
  /**
   * Have pictures formed of what excites these most, the first ones first, in place of those wanted before: none stops
   * it. They come as `Frames`. `version` is that of the pictures that are here.
   */
  | { kind: "maximize"; layer: string; units: import("./contract-frames.d.ts").Unit[]; version: number }
);

/** Kernel to browser, one for each request. `error` is "" when it was granted. */
export interface Answer {
  id: number;
  error: string;
}

/** To "neuron". */
export interface NeuronAnswer extends Answer {
  /** Of the chosen filters the one with the largest |w A| here; the other numbers are of it. */
  filter: number;
  activation: number | null;
  /** w of filter and neuron; null for a method for pixels. */
  weight: number | null;
  /** dS/dA, the mean over noisy copies where there are; null where the method takes no derivatives. */
  gradient: number | null;
  /** Of Grad-CAM++ and its kin. */
  alpha: number | null;
  /** [top, left, bottom, right] of what it depends on, as shares of the picture; null where that is not known now. */
  field: [number, number, number, number] | null;
}

/** To "check"; null where there is no such number. */
export interface CheckAnswer extends Answer {
  /** The class's probability on the picture, and on the picture times the map. */
  before: number | null;
  after: number | null;
  /** Share of the probability that is lost. */
  drop: number | null;
  /** Rank correlation with the map of the network with random weights in its top layer. */
  correlation: number | null;
  randomized: string;
}

/** To "pictures"; below 256 kB. */
export interface PicturesAnswer extends Answer {
  pictures: Thumbnail[];
}

export interface Thumbnail {
  number: number;
  /** "" where it has none but its number. */
  name: string;
  /** A data address. */
  thumbnail: string;
}

/** To "inputs". */
export interface InputsAnswer extends Answer {
  low: number;
  high: number;
  height: number;
  width: number;
  channels: number;
}
