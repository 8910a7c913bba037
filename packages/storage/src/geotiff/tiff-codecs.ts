/**
 * Owns the two compressions that only TIFF has, LZW and PackBits, and a look at JPEG before it is decoded. Nothing writes
 * beyond the length it is told.
 */
import { CodecError } from "@hyperslab/core/errors";

const [CLEAR, END, FIRST] = [256, 257, 258];
const MOST_CODES = 4096;

/**
 * TIFF's LZW: codes of 9 to 12 bits, highest bit first, which grow one code early.
 * @param size bytes of the result; fewer where the data end before
 * @throws CodecError for a code that can't be
 */
export function decodeLzw(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  // an entry is the bytes that a code stood for when it was first seen, and the one after them
  const starts = new Int32Array(MOST_CODES);
  const lengths = new Int32Array(MOST_CODES);
  let [next, width, at, to] = [FIRST, 9, 0, 0];
  let [before, beforeLength] = [0, 0];
  while (to < size) {
    if (at + width > bytes.length * 8) break;
    const byte = at >> 3;
    const window = (bytes[byte] << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0);
    const code = (window >>> (24 - (at & 7) - width)) & ((1 << width) - 1);
    at += width;
    if (code === END) break;
    if (code === CLEAR) {
      [next, width, beforeLength] = [FIRST, 9, 0];
      continue;
    }
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else if (code < next) {
      const from = starts[code];
      for (let i = 0; i < lengths[code] && to < size; i++) out[to++] = out[from + i];
    } else if (code === next && beforeLength > 0) {
      for (let i = 0; i < beforeLength && to < size; i++) out[to++] = out[before + i];
      if (to < size) out[to++] = out[before];
    } else
      throw new CodecError({
        codec: "LZW",
        reason: `code ${code} stands at byte ${byte}, where there are ${next}`,
      });
    if (beforeLength > 0 && next < MOST_CODES) {
      starts[next] = before;
      lengths[next] = beforeLength + 1;
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    [before, beforeLength] = [start, to - start];
  }
  return out.subarray(0, to);
}

/** PackBits: a count, and as many bytes; or a negative count, and a byte that is repeated. */
export function decodePackBits(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < bytes.length && to < size;) {
    const count = bytes[at++];
    if (count === 128) continue;
    if (count > 128) {
      const stop = Math.min(size, to + 257 - count);
      out.fill(bytes[at++] ?? 0, to, stop);
      to = stop;
    } else {
      const part = bytes.subarray(at, at + Math.min(count + 1, size - to));
      out.set(part, to);
      at += count + 1;
      to += part.length;
    }
  }
  return out.subarray(0, to);
}

/**
 * Checks that a JPEG image is no larger than its tile, before a decoder believes it.
 * @throws CodecError
 */
export function checkJpeg(bytes: Uint8Array, size: number): void {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1];
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      const [height, width] = [bytes[at + 5] * 256 + bytes[at + 6], bytes[at + 7] * 256 + bytes[at + 8]];
      const components = bytes[at + 9];
      // chroma is sampled at most four times coarser, and blocks are of 8
      const factors = Array.from({ length: components }, (_, i) => bytes[at + 11 + 3 * i]);
      const isSane = factors.every(
        (factor) => (factor & 15) >= 1 && (factor & 15) <= 4 && factor >> 4 >= 1 && factor >> 4 <= 4,
      );
      if (components >= 1 && components <= 4 && isSane && height * width * components <= size) return;
      throw new CodecError({
        codec: "JPEG",
        reason: `a picture of ${components} x ${height} x ${width} in a tile of ${size} bytes`,
      });
    }
    if (marker === 0xda) break;
    at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  }
  throw new CodecError({ codec: "JPEG", reason: "there is no picture in it" });
}
