/**
 * Colours for heat. A map is divided by its maximum and by nothing else: 0 stays "no evidence".
 */

/** Anchors of matplotlib's viridis, for a page that holds no palette. */
const VIRIDIS = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];

/** Below this heat the paint thins out, so that the picture stays clear where there is no evidence. */
const THIN_BELOW = 0.35;

/**
 * The map divided by what has full heat, or null where there is nothing honest to paint: no positive value, or
 * one that is not finite.
 * @param {ArrayLike<number>} map
 * @param {number} [full] its maximum, unless a larger value was cut off or averaged away
 * @returns {Float32Array<ArrayBuffer> | null}
 */
export function heat(map, full = largest(map)) {
  if (!(largest(map) > 0 && full > 0)) return null;
  return Float32Array.from(map, (value) => value / full);
}

/**
 * The largest value, 0 for an empty map, NaN when any value is not finite.
 * @param {ArrayLike<number>} map
 */
export function largest(map) {
  let maximum = map.length > 0 ? map[0] : 0;
  for (let i = 0; i < map.length; i++) {
    if (!Number.isFinite(map[i])) return Number.NaN;
    if (map[i] > maximum) maximum = map[i];
  }
  return maximum;
}

/**
 * How dense the paint of one heat is. Full heat has exactly `opacity`. Little heat is thinner, down to
 * the fourth power of opacity for none: at opacity 1 the paint covers everything, at 0.5 no evidence leaves the picture
 * almost as it is.
 * @param {number} value heat in [0, 1]
 * @param {number} opacity in [0, 1]
 */
export function density(value, opacity) {
  const share = Math.min(1, Math.max(0, value) / THIN_BELOW);
  const smooth = share * share * (3 - 2 * share);
  return opacity * (smooth + (1 - smooth) * opacity ** 3);
}

/**
 * RGBA of each of 256 heats, as bytes.
 * @param {ArrayLike<number>} palette 256 RGB colours
 * @param {number} opacity in [0, 1]
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function paints(palette, opacity) {
  const colours = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    colours[4 * i] = palette[3 * i];
    colours[4 * i + 1] = palette[3 * i + 1];
    colours[4 * i + 2] = palette[3 * i + 2];
    colours[4 * i + 3] = Math.round(255 * density(i / 255, opacity));
  }
  return colours;
}

/**
 * RGBA of every pixel: heat v takes colour round(255 v).
 * @param {Float32Array} heats
 * @param {Uint8ClampedArray<ArrayBuffer>} colours from `paints`
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function colourise(heats, colours) {
  const whole = new Uint32Array(colours.buffer);
  const pixels = new Uint32Array(heats.length);
  for (let i = 0; i < heats.length; i++) {
    const value = heats[i];
    pixels[i] = whole[value >= 1 ? 255 : value > 0 ? (value * 255 + 0.5) | 0 : 0];
  }
  return new Uint8ClampedArray(pixels.buffer);
}

/**
 * 256 RGB colours between the anchors, evenly spaced.
 * @param {number[][]} [anchors]
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function gradient(anchors = VIRIDIS) {
  const palette = new Uint8Array(768);
  for (let i = 0; i < 256; i++) {
    const place = (i / 255) * (anchors.length - 1);
    const before = Math.min(anchors.length - 2, Math.floor(place));
    for (let c = 0; c < 3; c++) {
      const first = anchors[before][c];
      palette[3 * i + c] = Math.round(first + (anchors[before + 1][c] - first) * (place - before));
    }
  }
  return palette;
}

/** Warm for what speaks for the class, cool for what speaks against it. */
const FOR = [224, 122, 16];
const AGAINST = [47, 111, 235];

/**
 * RGBA of signed terms of one filter: the hue is the sign, the density the size beside the largest.
 * @param {ArrayLike<number>} terms
 * @returns {Uint8ClampedArray<ArrayBuffer>}
 */
export function diverging(terms) {
  let most = 0;
  for (let i = 0; i < terms.length; i++) most = Math.max(most, Math.abs(terms[i]));
  const pixels = new Uint8ClampedArray(terms.length * 4);
  for (let i = 0; i < terms.length; i++) {
    pixels.set(terms[i] < 0 ? AGAINST : FOR, 4 * i);
    pixels[4 * i + 3] = most > 0 ? Math.round((255 * Math.abs(terms[i])) / most) : 0;
  }
  return pixels;
}
