/** Owns the byte-shuffle filter: byte k of all elements, then byte k + 1 … Bytes after the last whole element stay. */
import type { Codec, CodecSpec } from "./codec.js";
import { integerOf } from "./configuration.js";
import { deliver, outputFor } from "./output.js";

/** Gathers bytes by their place within the element. */
export function shuffle(bytes: Uint8Array, size: number, out: Uint8Array): void {
  const count = Math.floor(bytes.length / size);
  for (let k = 0; k < size; k++)
    for (let i = 0, from = k, to = k * count; i < count; i++, from += size) out[to + i] = bytes[from];
  out.set(bytes.subarray(count * size), count * size);
}

/** Undoes {@link shuffle}. */
export function unshuffle(bytes: Uint8Array, size: number, out: Uint8Array): void {
  const count = Math.floor(bytes.length / size);
  for (let k = 0; k < size; k++)
    for (let i = 0, to = k, from = k * count; i < count; i++, to += size) out[to] = bytes[from + i];
  out.set(bytes.subarray(count * size), count * size);
}

export function shuffleCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const size = integerOf(spec, "elementsize", 4, 1, 255);
  return {
    name,
    decode(bytes, expected, out) {
      if (size === 1) return deliver(name, bytes, expected, out);
      const target = outputFor(name, bytes.length, expected, out);
      unshuffle(bytes, size, target);
      return target;
    },
    encode(bytes) {
      if (size === 1) return bytes;
      const out = new Uint8Array(bytes.length);
      shuffle(bytes, size, out);
      return out;
    },
    encodedSize: (bytes) => bytes,
  };
}
