/** Owns the frames around deflate: zlib's and gzip's, header and checksum. */
import { adler32, crc32 } from "./checksum";
import { inflate, inflateEnd } from "./inflate";
import { BAD_CHECKSUM, MALFORMED, NEEDS_DICTIONARY, TRUNCATED } from "./workspace";

const DEFLATE: u32 = 8;
const ETHERNET_CRC: u32 = 1;

// flags of gzip
const HEADER_CRC: u32 = 2;
const EXTRA: u32 = 4;
const NAME: u32 = 8;
const COMMENT: u32 = 16;
const RESERVED: u32 = 0xe0;

/** Decodes a stream of zlib; what follows it isn't looked at. @returns bytes written, or an error code */
export function zlibDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  if (sourceLength < 2) return TRUNCATED;
  const end = source + sourceLength;
  const method: u32 = load<u8>(source);
  const flags: u32 = load<u8>(source, 1);
  if (((method << 8) | flags) % 31 !== 0 || (method & 15) !== DEFLATE || method >> 4 > 7) return MALFORMED;
  if (flags & 32) return NEEDS_DICTIONARY;
  const done = inflate(source + 2, end, target, target + targetLength);
  if (done < 0) return <i32>done;
  if (end - inflateEnd < 4) return TRUNCATED;
  const length = <usize>done - target;
  if (adler32(1, target, length) !== bswap<u32>(load<u32>(inflateEnd))) return BAD_CHECKSUM;
  return <i32>length;
}

/**
 * Decodes gzip's members, one after another; a zero after one of them is padding, which ends them.
 * @returns bytes written, or an error code
 */
export function gzipDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  let ip = source;
  const end = source + sourceLength;
  let op = target;
  const limit = target + targetLength;
  do {
    const start = headerEnd(ip, end);
    if (start < 0) return <i32>start;
    const done = inflate(<usize>start, end, op, limit);
    if (done < 0) return <i32>done;
    ip = inflateEnd;
    if (end - ip < 8) return TRUNCATED;
    const length = <usize>done - op;
    if (crc32(ETHERNET_CRC, 0, op, length) !== load<u32>(ip)) return BAD_CHECKSUM;
    if (<u32>length !== load<u32>(ip, 4)) return BAD_CHECKSUM;
    ip += 8;
    op = <usize>done;
  } while (ip < end && load<u8>(ip) !== 0);
  return <i32>(op - target);
}

/** Where a member's stream begins, or an error code. */
function headerEnd(ip: usize, end: usize): i64 {
  if (end - ip < 10) return TRUNCATED;
  const start = ip;
  const flags: u32 = load<u8>(ip, 3);
  if (load<u16>(ip) !== 0x8b1f || <u32>load<u8>(ip, 2) !== DEFLATE || flags & RESERVED) return MALFORMED;
  ip += 10;
  if (flags & EXTRA) {
    if (end - ip < 2) return TRUNCATED;
    const length: usize = load<u16>(ip);
    ip += 2;
    if (length > end - ip) return TRUNCATED;
    ip += length;
  }
  for (let texts = (flags & NAME ? 1 : 0) + (flags & COMMENT ? 1 : 0); texts > 0; texts--) {
    while (ip < end && load<u8>(ip) !== 0) ip++;
    if (ip >= end) return TRUNCATED;
    ip++;
  }
  if (flags & HEADER_CRC) {
    if (end - ip < 2) return TRUNCATED;
    if ((crc32(ETHERNET_CRC, 0, start, ip - start) & 0xffff) !== <u32>load<u16>(ip)) return BAD_CHECKSUM;
    ip += 2;
  }
  return <i64>ip;
}
