/** Owns the zstd codec: frames, decoded in WebAssembly. */
import { CodecError } from "@hyperslab/core/errors";
import type { Codec, CodecSpec } from "./codec.js";
import { flagOf, integerOf } from "./configuration.js";
import { damaged, MAX_UNTOLD_SIZE, outputFor } from "./output.js";
import { decodeStream, reasonOf } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";
import { zstdCompressor } from "./zstd-encode.js";

export function zstdCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  const level = integerOf(spec, "level", 3, -131072, 22);
  const checksum = flagOf(spec, "checksum", false);
  let compress: ((bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>) | undefined;
  return {
    name,
    inWasm: true,
    decode: (bytes, size, out) => zstdDecode(name, bytes, size, out),
    encode: (bytes) => (compress ??= zstdCompressor(level === 0 ? 3 : level, checksum))(bytes),
  };
}

/** Decodes zstd frames. @throws CodecError */
export function zstdDecode(
  codec: string,
  bytes: Uint8Array,
  size: number | null,
  out?: Uint8Array,
): Uint8Array {
  const length = size ?? contentSize(codec, bytes);
  if (length === null) return decodeUntold(codec, bytes);
  const target = outputFor(codec, length, size, out);
  const wasm = memoryFor(target, bytes.length + length, bytes);
  const source = wasm.place(bytes);
  const to = wasm.addressOf(target) ?? wasm.scratch(length);
  decodeStream("zstd", codec, wasm, source, bytes.length, to, length);
  wasm.take(to, target);
  return target;
}

/** The size that the first frame's header gives, if it does and if no other frame follows; null else. */
function contentSize(codec: string, bytes: Uint8Array): number | null {
  if (bytes.length < 6) throw damaged(codec, `${bytes.length} bytes can't hold a frame`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== 0xfd2fb528) return null;
  const flags = bytes[4];
  const single = (flags & 32) !== 0;
  const width = flags >> 6 === 0 ? (single ? 1 : 0) : 1 << (flags >> 6);
  const at = single ? 5 : 6;
  if (width === 0 || at + width > bytes.length) return null;
  if (width === 1) return bytes[at];
  if (width === 2) return view.getUint16(at, true) + 256;
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Tries ever larger outputs, for frames that don't say what they hold. */
function decodeUntold(codec: string, bytes: Uint8Array): Uint8Array {
  for (let room = Math.max(1 << 16, bytes.length * 4); ; room *= 4) {
    const capped = Math.min(room, MAX_UNTOLD_SIZE);
    const wasm = memoryFor(undefined, 0);
    const source = wasm.place(bytes);
    const to = wasm.scratch(capped);
    const found = wasm.kernels.zstdDecode(source, bytes.length, to, capped);
    if (found >= 0) return wasm.bytes.slice(to, to + found);
    if (found !== -3 || capped === MAX_UNTOLD_SIZE)
      throw new CodecError({ codec, reason: `a frame ${reasonOf(found)}`, hint: "the chunk is damaged" });
  }
}
