/** Owns the checksums that Zarr's checksum codecs use, over bytes. Knows no framing: `checksum-codec.ts` does. */
import { type Kernels, memoryFor } from "./wasm-memory.js";

/** A multiple of 720, which Fletcher-32 asks for. */
const PIECE = 90 * 720;

/** Calls `sum` with pieces of `bytes` where WebAssembly sees them. */
function eachPiece(
  bytes: Uint8Array,
  sum: (kernels: Kernels, at: number, length: number, start: number) => void,
): void {
  const wasm = memoryFor(bytes, PIECE + 8);
  const inside = wasm.addressOf(bytes);
  if (inside !== null) return sum(wasm.kernels, inside, bytes.length, 0);
  const scratch = wasm.scratch(PIECE + 8);
  for (let start = 0; start < bytes.length; start += PIECE) {
    const piece = bytes.subarray(start, start + PIECE);
    sum(wasm.kernels, wasm.placeAt(piece, scratch), piece.length, start);
  }
}

/** CRC-32C (Castagnoli), unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0;
  eachPiece(bytes, (kernels, at, length) => (crc = kernels.crc32(0, crc, at, length)));
  return crc >>> 0;
}

/** CRC-32 (that of Ethernet, zlib and PNG), unsigned. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0;
  eachPiece(bytes, (kernels, at, length) => (crc = kernels.crc32(1, crc, at, length)));
  return crc >>> 0;
}

/** Adler-32, unsigned. */
export function adler32(bytes: Uint8Array): number {
  let sum = 1;
  eachPiece(bytes, (kernels, at, length) => (sum = kernels.adler32(sum, at, length)));
  return sum >>> 0;
}

/** Fletcher-32 over big-endian 16-bit words, as HDF5 computes it; unsigned. */
export function fletcher32(bytes: Uint8Array): number {
  let sum = 0;
  eachPiece(
    bytes,
    (kernels, at, length, start) => (sum = kernels.fletcher32(start === 0 ? 1 : 0, at, length)),
  );
  return sum >>> 0;
}
