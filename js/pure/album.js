/** What is said of one of many pictures, and how a photograph is made small enough to be sent. */
import { probability } from "./words.js";

/** Characters of a picture as it is sent, as a data address; a message holds at most 256 kB. */
export const MOST_CHARACTERS = 250_000;

/** Longest sides to be tried for a photograph, in pixels. A network takes less than the first of them. */
const SIDES = [1280, 900, 640, 450, 320, 200];

/** Up to as many pixels a picture is sent as it is, without loss. */
const FEW_PIXELS = 500 * 500;

/**
 * What the network says of a picture, and whether it is right.
 * @param {import("./read.js").Pictures} pictures
 * @param {number} number
 * @param {string[]} names of the classes
 * @returns {{said: string, truth: "" | "right" | "wrong", words: string}} `words`: both together
 */
export function verdictOf({ predicted, probabilities, labels }, number, names) {
  const found = predicted[number] ?? -1;
  const label = labels[number] ?? -1;
  const said = found < 0 ? "" : `${names[found]} ${probability(probabilities[number])}`.trim();
  if (said === "" || label < 0) return { said, truth: "", words: said };
  if (label === found) return { said, truth: "right", words: `${said} · right` };
  return { said, truth: "wrong", words: `${said} · wrong, it is ${names[label]}` };
}

/**
 * Ways to encode a picture, the best first: the first that is small enough is taken.
 * @param {number} width
 * @param {number} height
 * @returns {{width: number, height: number, type: string}[]}
 */
export function encodings(width, height) {
  const scaled = SIDES.map((side) => {
    const share = Math.min(1, side / Math.max(width, height));
    const size = (/** @type {number} */ length) => Math.max(1, Math.round(length * share));
    return { width: size(width), height: size(height), type: "image/jpeg" };
  });
  return width * height > FEW_PIXELS ? scaled : [{ width, height, type: "image/png" }, ...scaled];
}
