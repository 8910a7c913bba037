/**
 * Owns zstd compression: Node's own where the running one has it, else ours in WebAssembly, and the numcodecs package for
 * the highest levels, which search in another way.
 */
import * as zlib from "node:zlib";
import { CodecError } from "@hyperslab/core/errors";
import { foreignCodec } from "./npm-numcodecs.js";
import { memoryFor, type WasmMemory } from "./wasm-memory.js";

/** The highest level of ours. */
export const ZSTD_MAX_LEVEL: number = 10;
const SET_CHECKSUM = 4;

type Compress = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

interface NativeZstd {
  zstdCompressSync?(bytes: Uint8Array, options: object): Uint8Array;
  readonly constants: { ZSTD_c_compressionLevel?: number; ZSTD_c_checksumFlag?: number };
}

/**
 * A function that makes one frame of its bytes. The length of the content is always written into it.
 * @param node where Node's zlib is looked at
 */
export function zstdCompressor(
  level: number,
  checksum: boolean,
  node: object = zlib,
): (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array> {
  return nativeCompressor(level, checksum, node) ?? ownCompressor(level, checksum);
}

/** From Node 22.15 and 23.8 on; undefined before. */
function nativeCompressor(level: number, checksum: boolean, node: object): Compress | undefined {
  const { zstdCompressSync: native, constants } = node as NativeZstd;
  const { ZSTD_c_compressionLevel: levelKey, ZSTD_c_checksumFlag: checksumKey } = constants;
  if (native === undefined || levelKey === undefined || checksumKey === undefined) return undefined;
  const params = { [levelKey]: level, [checksumKey]: checksum ? 1 : 0 };
  return (bytes) => native(bytes, { params, pledgedSrcSize: bytes.length });
}

function ownCompressor(level: number, checksum: boolean): Compress {
  const finish = (frame: Uint8Array, bytes: Uint8Array): Uint8Array =>
    checksum ? withChecksum(frame, bytes) : frame;
  if (level <= ZSTD_MAX_LEVEL)
    return (bytes) => {
      const wasm = memoryFor(undefined, 0);
      const room = zstdRoom(wasm, level, bytes.length);
      return finish(zstdEncodeAt(wasm, room, wasm.place(bytes), bytes.length), bytes);
    };
  const foreign = foreignCodec("zstd", "zstd", { level });
  return async (bytes) => finish(await foreign.encode(bytes), bytes);
}

/** True where blocks that lie in WebAssembly memory are best compressed there. */
export function zstdEncodesThere(level: number, node: object = zlib): boolean {
  return level <= ZSTD_MAX_LEVEL && (node as NativeZstd).zstdCompressSync === undefined;
}

/** Scratch for frames of up to so many bytes. */
export interface ZstdRoom {
  readonly level: number;
  readonly target: number;
  readonly targetLength: number;
  readonly work: number;
}

export function zstdRoom(wasm: WasmMemory, level: number, length: number): ZstdRoom {
  const targetLength = length + (length >> 7) + 256;
  return {
    level,
    target: wasm.scratch(targetLength),
    targetLength,
    work: wasm.scratch(wasm.kernels.zstdEncodeWork(level, length)),
  };
}

/** A frame of `length` bytes at `source`, which lies in scratch. */
export function zstdEncodeAt(
  wasm: WasmMemory,
  { level, target, targetLength, work }: ZstdRoom,
  source: number,
  length: number,
): Uint8Array {
  const written = wasm.kernels.zstdEncode(source, length, target, targetLength, work, level);
  if (written <= 0)
    throw new CodecError({
      codec: "zstd",
      reason: `${length} bytes couldn't be written into ${targetLength}`,
    });
  return wasm.bytes.slice(target, target + written);
}

/** A frame that has no checksum is told that it has one, and gets it. */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const wasm = memoryFor(undefined, 0);
  const sum = wasm.kernels.zstdChecksum(wasm.place(content), content.length);
  const out = new Uint8Array(frame.length + 4);
  out.set(frame);
  out[4] |= SET_CHECKSUM;
  new DataView(out.buffer).setInt32(frame.length, sum, true);
  return out;
}
