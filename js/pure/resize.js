/**
 * A map of few neurons, drawn over a picture of many pixels.
 *
 * A neuron stands at the centre of its block, so pixel y looks at row (y + 0.5) * rows / height - 0.5:
 * a map with a single one peaks in the middle of that neuron's block. Other alignments shift the heat
 * by half a block.
 */

/**
 * Where each of `size` pixels lies on a line of `count` neurons: the neuron before, the one after and the
 * share of the latter. Clamped: beyond the outer neurons' centres the edge goes on.
 * @param {number} count
 * @param {number} size
 */
function positions(count, size) {
  const before = new Int32Array(size);
  const after = new Int32Array(size);
  const share = new Float32Array(size);
  for (let target = 0; target < size; target++) {
    const source = Math.max(0, Math.min(count - 1, ((target + 0.5) * count) / size - 0.5));
    before[target] = Math.floor(source);
    after[target] = Math.min(count - 1, before[target] + 1);
    share[target] = source - before[target];
  }
  return { before, after, share };
}

/**
 * Half-pixel bilinear: first along the rows, then down the columns.
 * @param {ArrayLike<number>} map rows x columns
 * @param {number} rows
 * @param {number} columns
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array<ArrayBuffer>} height x width
 */
export function bilinear(map, rows, columns, height, width) {
  const across = positions(columns, width);
  const down = positions(rows, height);
  const wide = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < width; x++) {
      const first = map[row * columns + across.before[x]];
      const second = map[row * columns + across.after[x]];
      wide[row * width + x] = first + (second - first) * across.share[x];
    }
  }
  const resized = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const upper = down.before[y] * width;
    const lower = down.after[y] * width;
    const share = down.share[y];
    const start = y * width;
    for (let x = 0; x < width; x++) {
      const first = wide[upper + x];
      resized[start + x] = first + (wide[lower + x] - first) * share;
    }
  }
  return resized;
}

/**
 * Each neuron paints exactly its block: pixel y shows row floor((y + 0.5) * rows / height).
 * @param {ArrayLike<number>} map rows x columns
 * @param {number} rows
 * @param {number} columns
 * @param {number} height
 * @param {number} width
 * @returns {Float32Array<ArrayBuffer>} height x width
 */
export function cells(map, rows, columns, height, width) {
  const resized = new Float32Array(height * width);
  let drawn = -1;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * rows) / height);
    const start = y * width;
    if (row === drawn) {
      resized.copyWithin(start, start - width, start);
      continue;
    }
    drawn = row;
    for (let x = 0; x < width; x++) {
      resized[start + x] = map[row * columns + Math.floor(((x + 0.5) * columns) / width)];
    }
  }
  return resized;
}
