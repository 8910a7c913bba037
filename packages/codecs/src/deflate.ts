/** Owns gzip and zlib: decoded in WebAssembly, encoded by Node's own zlib, which also decodes where nobody knows the size. */
import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Codec, CodecSpec } from "./codec.js";
import { integerOf } from "./configuration.js";
import { damaged, deliver, MAX_UNTOLD_SIZE, outputFor, sizeError } from "./output.js";
import { reasonOf } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";

/** Deflate packs no more than 1,032 bytes into one: a size that is a lie costs no memory. */
const MAX_RATIO = 1032;

type Framing = "gzip" | "zlib";

function deflateCodec(spec: CodecSpec, framing: Framing): Codec {
  const name = spec.name;
  const level = integerOf(spec, "level", framing === "gzip" ? 5 : 1, -1, 9);
  const deflate = framing === "gzip" ? gzipSync : deflateSync;
  return {
    name,
    inWasm: true,
    decode: (bytes, size, out) =>
      size === null || !HAS_WASM
        ? deliver(name, inflateByNode(name, framing, bytes, size), size, out)
        : inflateTold(name, framing, bytes, size, out),
    encode(bytes) {
      return deflate(bytes, { level });
    },
  };
}

/** Node can be started without it. */
const HAS_WASM = typeof WebAssembly !== "undefined";

function inflateTold(
  codec: string,
  framing: Framing,
  bytes: Uint8Array,
  size: number,
  out?: Uint8Array,
): Uint8Array {
  if (size > bytes.length * MAX_RATIO) throw damaged(codec, `${bytes.length} bytes can't hold ${size}`);
  const target = outputFor(codec, size, size, out);
  const wasm = memoryFor(target, bytes.length + size, bytes);
  const source = wasm.place(bytes);
  const to = wasm.addressOf(target) ?? wasm.scratch(size);
  const { gzipDecode, zlibDecode } = wasm.kernels;
  const found = (framing === "gzip" ? gzipDecode : zlibDecode)(source, bytes.length, to, size);
  if (found === TOO_LONG) throw sizeError(codec, size + 1, size);
  if (found < 0) throw damaged(codec, `a ${framing} stream of ${bytes.length} bytes ${reasonOf(found)}`);
  if (found !== size) throw sizeError(codec, found, size);
  wasm.take(to, target);
  return target;
}

/** The decoder's code for more bytes than there is room for. */
const TOO_LONG = -3;

function inflateByNode(codec: string, framing: Framing, bytes: Uint8Array, size: number | null): Uint8Array {
  // zlib may not read memory that other threads write: it gets a copy
  const stored = bytes.buffer instanceof ArrayBuffer ? bytes : new Uint8Array(bytes);
  try {
    return (framing === "gzip" ? gunzipSync : inflateSync)(stored, {
      maxOutputLength: Math.max(1, size ?? MAX_UNTOLD_SIZE),
      finishFlush: constants.Z_FINISH,
    });
  } catch (error) {
    if (size !== null && isTooLarge(error)) throw sizeError(codec, size + 1, size);
    throw damaged(codec, error instanceof Error ? error.message : String(error), error);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

export function gzipCodec(spec: CodecSpec): Codec {
  return deflateCodec(spec, "gzip");
}
export function zlibCodec(spec: CodecSpec): Codec {
  return deflateCodec(spec, "zlib");
}
