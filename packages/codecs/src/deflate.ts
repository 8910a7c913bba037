/** Owns gzip and zlib, over Node's own zlib. */
import { constants, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Codec, CodecSpec } from "./codec.js";
import { integerOf } from "./configuration.js";
import { damaged, deliver, MAX_UNTOLD_SIZE, sizeError } from "./output.js";

const MIN_CHUNK = 1 << 10;

/** Deflate packs no more than 1,032 bytes into one: a size that is a lie costs no more memory than that. */
const most = (bytes: Uint8Array): number => bytes.length * 1032 + MIN_CHUNK;

function deflateCodec(spec: CodecSpec, gzip: boolean): Codec {
  const name = spec.name;
  const level = integerOf(spec, "level", gzip ? 5 : 1, -1, 9);
  const inflate = gzip ? gunzipSync : inflateSync;
  const deflate = gzip ? gzipSync : deflateSync;
  return {
    name,
    decode(bytes, size, out) {
      let decoded: Uint8Array;
      try {
        decoded = inflate(bytes, {
          // one piece of just the right size saves zlib the joining of many
          ...(size === null ? {} : { chunkSize: Math.max(MIN_CHUNK, Math.min(size + 1, most(bytes))) }),
          maxOutputLength: Math.max(1, size ?? MAX_UNTOLD_SIZE),
          finishFlush: constants.Z_FINISH,
        });
      } catch (error) {
        if (size !== null && isTooLarge(error)) throw sizeError(name, size + 1, size);
        throw damaged(name, error instanceof Error ? error.message : String(error), error);
      }
      return deliver(name, decoded, size, out);
    },
    encode(bytes) {
      return deflate(bytes, { level });
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

export function gzipCodec(spec: CodecSpec): Codec {
  return deflateCodec(spec, true);
}
export function zlibCodec(spec: CodecSpec): Codec {
  return deflateCodec(spec, false);
}
