/** Owns the two compressions that only TIFF has: LZW and PackBits. Never writes beyond the length it is told. */
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
