/** Owns HDF5's containers of two fast compressors, reading only: LZF (filter 32000), and LZ4 in blocks (32004). */
import type { Codec, CodecSpec } from "./codec.js";
import { damaged, MAX_UNTOLD_SIZE, outputFor, readOnly } from "./output.js";
import { decodeStream, reasonOf } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";

/** No stream of LZF holds more times its own length: 264 bytes are told by three. */
const MAX_LZF_RATIO = 88;
/** No LZ4 block does. */
const MAX_LZ4_RATIO = 255;
/** The decoded length in eight bytes and a block's in four, both big-endian. */
const LZ4_HEADER = 12;

/** One stream of LZF, which doesn't say what it holds. */
export function lzfCodec(spec: CodecSpec): Codec {
  const name = spec.name;
  return {
    name,
    inWasm: true,
    decode(bytes, size, out) {
      if (size === null) return lzfUntold(name, bytes);
      if (size > bytes.length * MAX_LZF_RATIO)
        throw damaged(name, `${bytes.length} bytes can't hold ${size}`);
      const target = outputFor(name, size, size, out);
      const wasm = memoryFor(target, bytes.length + size, bytes);
      const source = wasm.place(bytes);
      const to = wasm.addressOf(target) ?? wasm.scratch(size);
      decodeStream("lzf", name, wasm, source, bytes.length, to, size);
      wasm.take(to, target);
      return target;
    },
    encode: readOnly(name),
  };
}

function lzfUntold(codec: string, bytes: Uint8Array): Uint8Array {
  const room = Math.min(MAX_UNTOLD_SIZE, bytes.length * MAX_LZF_RATIO);
  const wasm = memoryFor(undefined, 0);
  const source = wasm.place(bytes);
  const to = wasm.scratch(room);
  const found = wasm.kernels.lzfDecode(source, bytes.length, to, room);
  if (found < 0) throw damaged(codec, `a stream ${reasonOf(found)}`);
  return wasm.bytes.slice(to, to + found);
}

/** LZ4 blocks behind a header. A block that didn't become shorter stands as it was. */
export function hdf5Lz4Codec(spec: CodecSpec): Codec {
  const name = spec.name;
  return {
    name,
    inWasm: true,
    decode: (bytes, size, out) => lz4Decode(name, bytes, size, out),
    encode: readOnly(name),
  };
}

function lz4Decode(codec: string, bytes: Uint8Array, size: number | null, out?: Uint8Array): Uint8Array {
  if (bytes.length < LZ4_HEADER) throw damaged(codec, `${bytes.length} bytes can't hold a header of 12`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const told = view.getBigUint64(0);
  if (told > BigInt(bytes.length) * BigInt(MAX_LZ4_RATIO))
    throw damaged(codec, `claims to hold ${told} bytes`);
  const length = Number(told);
  const block = view.getUint32(8);
  if (block === 0 && length > 0) throw damaged(codec, "blocks of no bytes");
  const target = outputFor(codec, length, size, out);
  const wasm = memoryFor(target, bytes.length + length, bytes);
  const source = wasm.place(bytes);
  const to = wasm.addressOf(target) ?? wasm.scratch(length);
  let at = LZ4_HEADER;
  for (let done = 0; done < length;) {
    const each = Math.min(block, length - done);
    if (at + 4 > bytes.length) throw damaged(codec, "ends too early");
    const stored = view.getUint32(at);
    at += 4;
    if (stored > bytes.length - at) throw damaged(codec, `a block of ${stored} bytes at byte ${at}`);
    if (stored === each) wasm.kernels.copy(to + done, source + at, each);
    else decodeStream("lz4", codec, wasm, source + at, stored, to + done, each);
    at += stored;
    done += each;
  }
  if (at !== bytes.length) throw damaged(codec, `${bytes.length - at} bytes after the last block`);
  wasm.take(to, target);
  return target;
}
