/** Owns zstd frames: headers, blocks one after another, checksums. */
import { copy } from "./copy";
import { BAD_CHECKSUM, MALFORMED, NEEDS_DICTIONARY, TOO_LONG, TRUNCATED } from "./workspace";
import { xxh64 } from "./xxhash";
import { beginFrame, decodeBlock, MAX_BLOCK } from "./zstd-block";

const MAGIC: u32 = 0xfd2fb528;
const SKIPPABLE: u32 = 0x184d2a50;

/** Decodes all frames of `source`, one after another. @returns bytes written, or an error code */
export function zstdDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  let ip = source;
  const end = source + sourceLength;
  let op = target;
  const limit = target + targetLength;
  if (sourceLength === 0) return TRUNCATED;
  while (ip < end) {
    if (end - ip < 5) return TRUNCATED;
    const magic = load<u32>(ip);
    ip += 4;
    if ((magic & 0xfffffff0) === SKIPPABLE) {
      if (end - ip < 4) return TRUNCATED;
      const skip: usize = load<u32>(ip);
      ip += 4;
      if (skip > end - ip) return TRUNCATED;
      ip += skip;
      continue;
    }
    if (magic !== MAGIC) return MALFORMED;
    const flags: u32 = load<u8>(ip++);
    const single = (flags & 32) !== 0;
    if (flags & 8) return MALFORMED;
    if (flags & 3) return NEEDS_DICTIONARY;
    const sizeCode = flags >> 6;
    const sizeBytes: usize = sizeCode === 0 ? (single ? 1 : 0) : (<usize>1) << (<usize>sizeCode);
    if (end - ip < sizeBytes + (single ? 0 : 1)) return TRUNCATED;
    // the window is all that was written: it needs no room of its own
    if (!single) ip++;
    let size: u64 = u64.MAX_VALUE;
    if (sizeBytes === 1) size = load<u8>(ip);
    else if (sizeBytes === 2) size = <u64>load<u16>(ip) + 256;
    else if (sizeBytes === 4) size = load<u32>(ip);
    else if (sizeBytes === 8) size = load<u64>(ip);
    ip += sizeBytes;
    if (sizeBytes !== 0 && size > <u64>(limit - op)) return TOO_LONG;
    const start = op;
    beginFrame();
    let last = false;
    do {
      if (end - ip < 3) return TRUNCATED;
      const head = <u32>load<u16>(ip) | ((<u32>load<u8>(ip, 2)) << 16);
      ip += 3;
      last = (head & 1) !== 0;
      const kind = (head >> 1) & 3;
      const length = <usize>(head >> 3);
      if (length > MAX_BLOCK) return TOO_LONG;
      if (kind === 1) {
        if (ip >= end) return TRUNCATED;
        if (length > limit - op) return TOO_LONG;
        memory.fill(op, load<u8>(ip++), length);
        op += length;
        continue;
      }
      if (length > end - ip) return TRUNCATED;
      if (kind === 0) {
        if (length > limit - op) return TOO_LONG;
        copy(op, ip, length);
        op += length;
      } else if (kind === 2) {
        const written = decodeBlock(ip, length, start, op, limit);
        if (written < 0) return written;
        op += <usize>written;
      } else return MALFORMED;
      ip += length;
    } while (!last);
    if (sizeBytes !== 0 && <u64>(op - start) !== size) return MALFORMED;
    if (flags & 4) {
      if (end - ip < 4) return TRUNCATED;
      if (<u32>xxh64(start, op - start) !== load<u32>(ip)) return BAD_CHECKSUM;
      ip += 4;
    }
  }
  return <i32>(op - target);
}

/** The checksum of a frame's content. */
export function zstdChecksum(source: usize, length: usize): u32 {
  return <u32>xxh64(source, length);
}
