/** Owns LZ4 frames, reading only: blocks behind a header, with checksums (XXH32) that are verified. */
import { damaged, MAX_UNTOLD_SIZE, outputFor, sizeError } from "./output.js";
import { reasonOf } from "./stream.js";
import { memoryFor } from "./wasm-memory.js";

const MAGIC = 0x184d2204;
const FLAG = { dictionary: 1, checksum: 4, size: 8, blockChecksum: 16 } as const;
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };

export function isLz4Frame(bytes: Uint8Array): boolean {
  return bytes.length >= 11 && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MAGIC;
}

/** Decodes one frame. @throws CodecError */
export function lz4FrameDecode(
  codec: string,
  bytes: Uint8Array,
  size: number | null,
  out?: Uint8Array,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = bytes[4];
  const blockBytes = BLOCK_BYTES[(bytes[5] >> 4) & 7];
  const sized = (flags & FLAG.size) !== 0;
  const headEnd = sized ? 14 : 6;
  if (flags >> 6 !== 1 || blockBytes === undefined || flags & FLAG.dictionary || bytes.length < headEnd + 5)
    throw damaged(codec, "the header of an LZ4 frame isn't well-formed");
  if (((xxh32(bytes.subarray(4, headEnd)) >>> 8) & 255) !== bytes[headEnd])
    throw damaged(codec, "the header of an LZ4 frame doesn't match its checksum");
  const told = sized ? Number(view.getBigUint64(6, true)) : null;
  const limit = told ?? size ?? Math.min(MAX_UNTOLD_SIZE, bytes.length * 255);
  if (size !== null && limit !== size) throw sizeError(codec, limit, size);
  if (limit > MAX_UNTOLD_SIZE && size === null) throw damaged(codec, `claims to hold ${limit} bytes`);
  // blocks may refer to earlier ones, so all are decoded one after another in one place
  const wasm = memoryFor(undefined, 0);
  const source = wasm.place(bytes);
  const target = wasm.scratch(limit);
  let at = headEnd + 1;
  let written = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw damaged(codec, "the frame ends without its end mark");
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) break;
    const length = head & 0x7fffffff;
    const check = flags & FLAG.blockChecksum ? 4 : 0;
    if (length > blockBytes || at + length + check > bytes.length)
      throw damaged(codec, `a block of ${length} bytes at byte ${at} of ${bytes.length}`);
    if (check && xxh32(bytes.subarray(at, at + length)) !== view.getUint32(at + length, true))
      throw damaged(codec, `the block at byte ${at} doesn't match its checksum`);
    const room = Math.min(blockBytes, limit - written);
    if (head >>> 31) {
      if (length > room) throw damaged(codec, "the frame holds more bytes than it should");
      wasm.bytes.copyWithin(target + written, source + at, source + at + length);
      written += length;
    } else {
      const found = wasm.kernels.lz4DecodeAfter(source + at, length, target + written, room, target);
      if (found < 0) throw damaged(codec, `the block at byte ${at} ${reasonOf(found)}`);
      written += found;
    }
    at += length + check;
  }
  const decoded = wasm.bytes.subarray(target, target + written);
  if (flags & FLAG.checksum) {
    if (at + 4 > bytes.length) throw damaged(codec, "the frame ends without its checksum");
    if (xxh32(decoded) !== view.getUint32(at, true)) throw damaged(codec, "doesn't match its checksum");
  }
  if (told !== null && written !== told)
    throw damaged(codec, `holds ${written} bytes, ${told} were promised`);
  const result = outputFor(codec, written, size, out);
  result.set(decoded);
  return result;
}

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;
const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** XXH32 with seed 0. */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    const lanes = [(P1 + P2) | 0, P2 | 0, 0, -P1 | 0];
    for (; at + 16 <= bytes.length; at += 16)
      for (let k = 0; k < 4; k++) {
        const mixed = (lanes[k] + Math.imul(view.getUint32(at + 4 * k, true), P2)) | 0;
        lanes[k] = Math.imul(rotate(mixed, 13), P1);
      }
    hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
  } else hash = P5;
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(at, true), P3)) | 0, 17), P4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate((hash + Math.imul(bytes[at], P5)) | 0, 11), P1);
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
