/** Owns LZ4 blocks: decoding, every length and offset checked, and greedy encoding. */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, hashTable, MALFORMED, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";

/** Decodes one LZ4 block of `sourceLength` bytes into at most `targetLength`. @returns bytes written, or an error code */
export function lz4Decode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  return lz4DecodeAfter(source, sourceLength, target, targetLength, target);
}

/** The same, where matches may reach back to `first`, which is before `target` in blocks that depend on earlier ones. */
export function lz4DecodeAfter(
  source: usize,
  sourceLength: usize,
  target: usize,
  targetLength: usize,
  first: usize,
): i32 {
  let ip = source;
  const inputEnd = source + sourceLength;
  let op = target;
  const outputEnd = target + targetLength;
  while (ip < inputEnd) {
    const token: usize = load<u8>(ip++);
    let literals = token >> 4;
    if (literals === 15) {
      let more: usize;
      do {
        if (ip >= inputEnd) return TRUNCATED;
        more = load<u8>(ip++);
        literals += more;
      } while (more === 255);
      if (literals > targetLength) return TOO_LONG;
    }
    if (outputEnd - op >= literals + MARGIN && inputEnd - ip >= literals + MARGIN) {
      v128.store(op, v128.load(ip));
      if (literals > 16) {
        let from = ip + 16;
        let to = op + 16;
        const end = op + literals;
        do {
          v128.store(to, v128.load(from));
          to += 16;
          from += 16;
        } while (to < end);
      }
      ip += literals;
      op += literals;
    } else {
      if (literals > inputEnd - ip) return TRUNCATED;
      if (literals > outputEnd - op) return TOO_LONG;
      copy(op, ip, literals);
      ip += literals;
      op += literals;
      if (ip === inputEnd) return <i32>(op - target);
      if (inputEnd - ip < 2) return TRUNCATED;
    }
    const offset: usize = load<u16>(ip);
    ip += 2;
    if (offset === 0 || offset > op - first) return BAD_OFFSET;
    let length = token & 15;
    if (length === 15) {
      let more: usize;
      do {
        if (ip >= inputEnd) return TRUNCATED;
        more = load<u8>(ip++);
        length += more;
      } while (more === 255);
      if (length > targetLength) return TOO_LONG;
    }
    length += 4;
    const room = outputEnd - op;
    if (length > room) return TOO_LONG;
    if (room >= length + MARGIN) repeatFast(op, offset, length);
    else repeatExact(op, offset, length, outputEnd);
    op += length;
  }
  // a block ends with literals, which returned above
  return sourceLength === 0 ? MALFORMED : TRUNCATED;
}

const HASH_LOG: u32 = 14;
/** A match may not start within the last 12 bytes, nor reach into the last 5: the format's rule. */
const LAST_START: usize = 12;
const LAST_LITERALS: usize = 5;
const MAX_OFFSET: usize = 65535;

function hash5(at: usize): usize {
  return <usize>(((load<u64>(at) << 24) * 889523592379) >> (64 - <u64>HASH_LOG));
}

/** Writes a run of length codes: the part of `length` beyond 15. */
export function putLength(op: usize, length: usize): usize {
  let rest = length - 15;
  while (rest >= 255) {
    store<u8>(op++, 255);
    rest -= 255;
  }
  store<u8>(op++, <u8>rest);
  return op;
}

/** Length of the common bytes at `a` and `b`, where `a` ends at `limit`. */
export function commonLength(a: usize, b: usize, limit: usize): usize {
  const start = a;
  while (a + 16 <= limit) {
    const same = i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b)));
    if (same !== 0xffff) return a - start + ctz<u32>(~same);
    a += 16;
    b += 16;
  }
  while (a < limit && load<u8>(a) === load<u8>(b)) {
    a++;
    b++;
  }
  return a - start;
}

/**
 * Encodes into one LZ4 block: greedily, with a table of the last position of each hash of five bytes.
 * @param acceleration 1 searches everywhere; more skips sooner over what doesn't compress
 * @returns bytes written, or 0 where they would exceed `targetLength`
 */
export function lz4Encode(
  source: usize,
  sourceLength: usize,
  target: usize,
  targetLength: usize,
  acceleration: u32,
): i32 {
  const end = source + sourceLength;
  const outputEnd = target + targetLength;
  let ip = source;
  let anchor = source;
  let op = target;
  if (sourceLength > LAST_START) {
    const startLimit = end - LAST_START;
    const matchLimit = end - LAST_LITERALS;
    memory.fill(hashTable, 0, (<usize>4) << HASH_LOG);
    // positions are counted from one before the start, so that 0 is none
    const origin = source - 1;
    store<u32>(hashTable + (hash5(ip) << 2), <u32>(ip - origin));
    ip++;
    while (true) {
      let match: usize = 0;
      let searches: u32 = acceleration << 6;
      let step: usize = 1;
      let next = ip;
      do {
        ip = next;
        next += step;
        step = searches++ >> 6;
        if (next > startLimit) {
          ip = 0;
          break;
        }
        const slot = hashTable + (hash5(ip) << 2);
        match = origin + load<u32>(slot);
        store<u32>(slot, <u32>(ip - origin));
      } while (match === origin || ip - match > MAX_OFFSET || load<u32>(match) !== load<u32>(ip));
      if (ip === 0) break;
      while (ip > anchor && match > source && load<u8>(ip - 1) === load<u8>(match - 1)) {
        ip--;
        match--;
      }
      const literals = ip - anchor;
      let token = op++;
      // room for the lengths, the literals, the offset and the last literals' token
      if (outputEnd - op < literals + literals / 255 + 16 || op > outputEnd) return 0;
      if (literals >= 15) {
        store<u8>(token, 0xf0);
        op = putLength(op, literals);
      } else store<u8>(token, <u8>(literals << 4));
      // copies sixteen at a time where the target has room for what is too much
      if (outputEnd - op >= literals + MARGIN && end - anchor >= literals + MARGIN) {
        let i: usize = 0;
        do {
          v128.store(op + i, v128.load(anchor + i));
          i += 16;
        } while (i < literals);
      } else copy(op, anchor, literals);
      op += literals;
      while (true) {
        store<u16>(op, <u16>(ip - match));
        op += 2;
        const length = commonLength(ip + 4, match + 4, matchLimit);
        ip += length + 4;
        if (outputEnd - op < length / 255 + 16 || op > outputEnd) return 0;
        if (length >= 15) {
          store<u8>(token, load<u8>(token) + 15);
          op = putLength(op, length);
        } else store<u8>(token, load<u8>(token) + <u8>length);
        anchor = ip;
        if (ip >= startLimit) break;
        store<u32>(hashTable + (hash5(ip - 2) << 2), <u32>(ip - 2 - origin));
        const slot = hashTable + (hash5(ip) << 2);
        match = origin + load<u32>(slot);
        store<u32>(slot, <u32>(ip - origin));
        if (match === origin || ip - match > MAX_OFFSET || load<u32>(match) !== load<u32>(ip)) break;
        // a match right after a match: no literals between
        token = op++;
        store<u8>(token, 0);
      }
      if (ip >= startLimit) break;
      ip++;
    }
  }
  const literals = end - anchor;
  if (op > outputEnd || outputEnd - op < literals + literals / 255 + 2) return 0;
  const token = op++;
  if (literals >= 15) {
    store<u8>(token, 0xf0);
    op = putLength(op, literals);
  } else store<u8>(token, <u8>(literals << 4));
  copy(op, anchor, literals);
  return <i32>(op + literals - target);
}
