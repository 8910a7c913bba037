/** Owns the lz4 codec: the decoded length in four bytes and one LZ4 block, as numcodecs writes it; LZ4 frames are read as well. */
import { CodecError } from "@hyperslab/core/errors";
import type { Codec, CodecSpec } from "./codec.js";
import { integerOf } from "./configuration.js";
import { isLz4Frame, lz4FrameDecode } from "./lz4-frame.js";
import { damaged, outputFor } from "./output.js";
import { decodeStream } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";

/** No LZ4 block holds more times its own length. */
const MAX_RATIO = 255;

export function lz4Codec(spec: CodecSpec): Codec {
  const name = spec.name;
  const acceleration = Math.max(1, integerOf(spec, "acceleration", 1, 0, 65537));
  return {
    name,
    inWasm: true,
    decode: (bytes, size, out) => lz4Decode(name, bytes, size, out),
    encode(bytes) {
      const bound = bytes.length + Math.ceil(bytes.length / 255) + 16;
      const wasm = memoryFor(undefined, 0);
      const source = wasm.place(bytes);
      const target = wasm.scratch(bound);
      const written = wasm.kernels.lz4Encode(source, bytes.length, target, bound, acceleration);
      if (written <= 0)
        throw new CodecError({
          codec: name,
          reason: `${bytes.length} bytes couldn't be written into ${bound}`,
        });
      const out = new Uint8Array(4 + written);
      new DataView(out.buffer).setUint32(0, bytes.length, true);
      out.set(wasm.bytes.subarray(target, target + written), 4);
      return out;
    },
  };
}

function lz4Decode(codec: string, bytes: Uint8Array, size: number | null, out?: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw damaged(codec, `${bytes.length} bytes can't hold a length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  // the frame's magic number could be a length as well: then the size that the caller knows decides
  if (length !== size && isLz4Frame(bytes)) return lz4FrameDecode(codec, bytes, size, out);
  if (length > bytes.length * MAX_RATIO) throw damaged(codec, `claims to hold ${length} bytes`);
  const target = outputFor(codec, length, size, out);
  const wasm = memoryFor(target, bytes.length + length, bytes);
  const source = wasm.place(bytes);
  const to = wasm.addressOf(target) ?? wasm.scratch(length);
  decodeStream("lz4", codec, wasm, source + 4, bytes.length - 4, to, length);
  wasm.take(to, target);
  return target;
}
