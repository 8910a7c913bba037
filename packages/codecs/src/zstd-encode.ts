/** Owns zstd compression: Node's own where the running one has it, else the numcodecs package. */
import * as zlib from "node:zlib";
import { foreignCodec } from "./npm-numcodecs.js";
import { memoryFor } from "./wasm-memory.js";

interface NativeZstd {
  zstdCompressSync?(bytes: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
  readonly constants: { ZSTD_c_compressionLevel?: number; ZSTD_c_checksumFlag?: number };
}

/** A function that makes one frame of its bytes. The length of the content is always written into it. */
export function zstdCompressor(
  level: number,
  checksum: boolean,
): (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array> {
  // from Node 22.15 and 23.8 on
  const { zstdCompressSync: native, constants } = zlib as unknown as NativeZstd;
  const { ZSTD_c_compressionLevel: levelKey, ZSTD_c_checksumFlag: checksumKey } = constants;
  if (native !== undefined && levelKey !== undefined && checksumKey !== undefined) {
    const params = { [levelKey]: level, [checksumKey]: checksum ? 1 : 0 };
    return (bytes) => native(bytes, { params, pledgedSrcSize: bytes.length } as { params: typeof params });
  }
  const foreign = foreignCodec("zstd", "zstd", { level });
  return async (bytes) => {
    const frame = await foreign.encode(bytes);
    return checksum ? withChecksum(frame, bytes) : frame;
  };
}

/** The package never writes checksums: the frame is told that it has one, and gets it. */
function withChecksum(frame: Uint8Array, content: Uint8Array): Uint8Array {
  const wasm = memoryFor(undefined, 0);
  const sum = wasm.kernels.zstdChecksum(wasm.place(content), content.length);
  const out = new Uint8Array(frame.length + 4);
  out.set(frame);
  out[4] |= 4;
  new DataView(out.buffer).setInt32(frame.length, sum, true);
  return out;
}
