/**
 * Owns the byte-shuffle filter: byte k of all elements, then byte k + 1 … Bytes after the last whole element
 * stay where they are.
 */
import type { Codec, CodecSpec } from "./codec.js";
import { integerOf } from "./configuration.js";
import { deliver, outputFor } from "./output.js";
import { memoryFor } from "./wasm-memory.js";

export function shuffleCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const size = integerOf(spec, "elementsize", 4, 1, 255);
  return {
    name,
    inWasm: true,
    decode(bytes, expected, out) {
      if (size === 1) return deliver(name, bytes, expected, out);
      const target = outputFor(name, bytes.length, expected, out);
      const wasm = memoryFor(target, 2 * bytes.length, bytes);
      const source = wasm.place(bytes);
      const to = wasm.addressOf(target) ?? wasm.scratch(bytes.length);
      wasm.kernels.unshuffle(size, source, to, bytes.length);
      wasm.take(to, target);
      return target;
    },
    encode(bytes) {
      if (size === 1) return bytes;
      const out = new Uint8Array(bytes.length);
      const wasm = memoryFor(out, 2 * bytes.length);
      const to = wasm.scratch(bytes.length);
      wasm.kernels.shuffle(size, wasm.place(bytes), to, bytes.length);
      wasm.take(to, out);
      return out;
    },
    encodedSize: (bytes) => bytes,
  };
}
