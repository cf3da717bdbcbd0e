/**
 * Numbers out of bytes as they cross the wire: a DataView, a Uint8Array or an ArrayBuffer, at any
 * byteOffset and of any length. Kernels and browsers are little-endian, as typed arrays are here.
 *
 * @typedef {import("../contract.d.ts").Bytes} Bytes
 */

/**
 * The same bytes, uncopied. Anything that holds none gives an empty array.
 * @param {unknown} bytes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function uint8(bytes) {
  if (ArrayBuffer.isView(bytes)) {
    const buffer = /** @type {ArrayBuffer} */ (bytes.buffer);
    return new Uint8Array(buffer, bytes.byteOffset, bytes.byteLength);
  }
  // By its tag, not by instanceof: an ArrayBuffer of another frame is one too.
  if (Object.prototype.toString.call(bytes) === "[object ArrayBuffer]") {
    return new Uint8Array(/** @type {ArrayBuffer} */ (bytes));
  }
  return new Uint8Array(0);
}

/**
 * @param {unknown} bytes
 * @returns {Int8Array<ArrayBuffer>}
 */
export function int8(bytes) {
  const { buffer, byteOffset, byteLength } = uint8(bytes);
  return new Int8Array(buffer, byteOffset, byteLength);
}

/**
 * Copies only where the offset is no multiple of four, which a Float32Array cannot stand on.
 * @param {unknown} bytes
 * @returns {Float32Array<ArrayBuffer>}
 */
export function float32(bytes) {
  const found = uint8(bytes);
  const { buffer, byteOffset } = found.byteOffset % 4 === 0 ? found : found.slice();
  return new Float32Array(buffer, byteOffset, Math.floor(found.byteLength / 4));
}

/**
 * @param {unknown} bytes
 * @returns {Int32Array<ArrayBuffer>}
 */
export function int32(bytes) {
  const { buffer, byteOffset, length } = float32(bytes); // the same four bytes each
  return new Int32Array(buffer, byteOffset, length);
}
