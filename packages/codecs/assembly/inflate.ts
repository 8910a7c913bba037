/**
 * Owns deflate: blocks of literals and matches, or of plain bytes. What both ends are far from is decoded without a look
 * at them; where either is near, every bit is counted. Knows neither zlib's nor gzip's frame.
 */
import { copy, repeatExact, repeatFast } from "./copy";
import {
  buildLengthCodes,
  buildLiterals,
  buildOffsets,
  codeLengths,
  fixedLiteralCodes,
  fixedOffsetCodes,
  lengthCodes,
  LITERAL,
  LITERAL_BITS,
  literalCodes,
  NO_CODE,
  OFFSET_BITS,
  offsetCodes,
  SECOND,
  SPECIAL,
  SPECIAL_OFFSET,
} from "./inflate-tables";
import { BAD_OFFSET, MALFORMED, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";

/** A turn of the fast loop reads so many bytes at most: three loads of eight, of which it keeps seven each. */
const FAST_INPUT: usize = 24;
/** And writes as many: three literals or a match, and what its copy runs over. */
const FAST_OUTPUT: usize = 3 + 258 + MARGIN;

/** The bits' reader: the lowest `left` bits of `bits` are to be read, then the bytes from `from` on. */
let bits: u64 = 0;
let left: u32 = 0;
let from: usize = 0;
let end: usize = 0;

/** Where what was decoded ends. */
let written: usize = 0;

/** Where the byte after the stream is that {@link inflate} read. */
export let inflateEnd: usize = 0;

/** Adds whole bytes until there are 56 bits, or the input ends. */
function refill(): void {
  while (left < 56 && from < end) {
    bits |= (<u64>load<u8>(from++)) << (<u64>left);
    left += 8;
  }
}

/** `width` bits, which have to be there. */
function take(width: u32): u32 {
  const value = <u32>bits & ((1 << width) - 1);
  bits >>= <u64>width;
  left -= width;
  return value;
}

/**
 * Decodes one stream of deflate.
 * @returns the end of what was written, or an error code
 */
export function inflate(source: usize, sourceEnd: usize, target: usize, limit: usize): i64 {
  bits = 0;
  left = 0;
  from = source;
  end = sourceEnd;
  written = target;
  let last = false;
  do {
    refill();
    if (left < 3) return TRUNCATED;
    last = take(1) !== 0;
    const kind = take(2);
    let code: i32 = 0;
    if (kind === 0) code = plainBlock(limit);
    else if (kind === 1) code = codedBlock(fixedLiteralCodes(), fixedOffsetCodes(), target, limit);
    else if (kind === 2) {
      code = readCodes();
      if (code === 0) code = codedBlock(literalCodes(), offsetCodes(), target, limit);
    } else code = MALFORMED;
    if (code < 0) return <i64>code;
  } while (!last);
  // whole bytes that were not looked at
  inflateEnd = from - <usize>(left >> 3);
  return <i64>written;
}

function plainBlock(limit: usize): i32 {
  const at = from - <usize>(left >> 3);
  bits = 0;
  left = 0;
  if (end - at < 4) return TRUNCATED;
  const length: usize = load<u16>(at);
  if ((<u32>length ^ 0xffff) !== <u32>load<u16>(at, 2)) return MALFORMED;
  from = at + 4;
  if (length > limit - written) return TOO_LONG;
  if (length > end - from) return TRUNCATED;
  copy(written, from, length);
  written += length;
  from += length;
  return 0;
}

/** Reads the codes of a block and builds their tables. */
function readCodes(): i32 {
  refill();
  if (left < 14) return TRUNCATED;
  const literals = take(5) + 257;
  const offsets = take(5) + 1;
  const count = take(4) + 4;
  if (literals > 286 || offsets > 30) return MALFORMED;
  const lengths = codeLengths();
  memory.fill(lengths, 0, 19);
  for (let i: u32 = 0; i < count; i++) {
    if (left < 3) {
      refill();
      if (left < 3) return TRUNCATED;
    }
    store<u8>(lengths + lengthOrder(i), <u8>take(3));
  }
  if (!buildLengthCodes(lengths)) return MALFORMED;
  const table = lengthCodes();
  const all = literals + offsets;
  for (let i: u32 = 0; i < all;) {
    if (left < 14) refill();
    const entry = load<u32>(table + ((<usize>bits & 127) << 2));
    const width = entry & 255;
    // bits that aren't there are zeros: the code may still be one
    if (width > left) return TRUNCATED;
    if (entry & SPECIAL_OFFSET) return MALFORMED;
    take(width);
    const symbol = entry >> 16;
    if (symbol < 16) {
      store<u8>(lengths + <usize>i, <u8>symbol);
      i++;
      continue;
    }
    const extra: u32 = symbol === 16 ? 2 : symbol === 17 ? 3 : 7;
    if (extra > left) return TRUNCATED;
    const least: u32 = symbol === 18 ? 11 : 3;
    const repeat = least + take(extra);
    if (repeat > all - i || (symbol === 16 && i === 0)) return MALFORMED;
    memory.fill(lengths + <usize>i, symbol === 16 ? load<u8>(lengths + <usize>i - 1) : 0, <usize>repeat);
    i += repeat;
  }
  // without an end the block has none
  if (load<u8>(lengths + 256) === 0) return MALFORMED;
  if (!buildLiterals(literalCodes(), lengths, literals)) return MALFORMED;
  if (!buildOffsets(offsetCodes(), lengths + <usize>literals, offsets)) return MALFORMED;
  return 0;
}

/** Whose code length comes `i`-th: 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 15. */
function lengthOrder(i: u32): usize {
  if (i < 3) return <usize>(16 + i);
  if (i === 3) return 0;
  return <usize>(i & 1 ? 8 - ((i - 3) >> 1) : 8 + ((i - 4) >> 1));
}

function codedBlock(literals: usize, offsets: usize, start: usize, limit: usize): i32 {
  if (end - from > FAST_INPUT && limit - written > FAST_OUTPUT) {
    const code = decodeFast(literals, offsets, start, end - FAST_INPUT, limit - FAST_OUTPUT);
    if (code <= 0) return code === 0 ? 0 : code;
  }
  return decodeExact(literals, offsets, start, limit);
}

/**
 * Decodes until the block ends or an end is near. Only the lowest six bits of `n`, the count of bits, are right: shifts
 * look at no others.
 * @returns 0 at the block's end, 1 where an end is near, or an error code
 */
function decodeFast(literals: usize, offsets: usize, start: usize, lastIn: usize, lastOut: usize): i32 {
  let b = bits;
  let n = <u64>left;
  let ip = from;
  let op = written;
  let result: i32 = 1;
  b |= load<u64>(ip) << n;
  ip += 7 - ((<usize>n >> 3) & 7);
  n |= 56;
  let entry = load<u32>(literals + ((<usize>b & 2047) << 2));
  do {
    if (entry & LITERAL) {
      b >>= <u64>entry;
      n -= <u64>entry;
      store<u8>(op++, <u8>(entry >> 16));
      entry = load<u32>(literals + ((<usize>b & 2047) << 2));
      if (entry & LITERAL) {
        b >>= <u64>entry;
        n -= <u64>entry;
        store<u8>(op++, <u8>(entry >> 16));
        entry = load<u32>(literals + ((<usize>b & 2047) << 2));
        if (entry & LITERAL) {
          b >>= <u64>entry;
          n -= <u64>entry;
          store<u8>(op++, <u8>(entry >> 16));
          b |= load<u64>(ip) << n;
          ip += 7 - ((<usize>n >> 3) & 7);
          n |= 56;
          entry = load<u32>(literals + ((<usize>b & 2047) << 2));
          continue;
        }
      }
    }
    if (entry & SPECIAL) {
      if (entry & SECOND) {
        b >>= LITERAL_BITS;
        n -= LITERAL_BITS;
        const size = (entry >> 8) & 15;
        entry = load<u32>(
          literals + (((<usize>(entry >> 16) & 4095) + (<usize>b & ((1 << (<usize>size)) - 1))) << 2),
        );
        if (entry & LITERAL) {
          b >>= <u64>entry;
          n -= <u64>entry;
          store<u8>(op++, <u8>(entry >> 16));
          b |= load<u64>(ip) << n;
          ip += 7 - ((<usize>n >> 3) & 7);
          n |= 56;
          entry = load<u32>(literals + ((<usize>b & 2047) << 2));
          continue;
        }
      }
      if (entry & SPECIAL) {
        b >>= <u64>entry;
        n -= <u64>entry;
        result = entry & NO_CODE ? MALFORMED : 0;
        break;
      }
    }
    const length =
      <usize>(entry >> 16) + (<usize>(b & (((<u64>1) << (<u64>entry)) - 1)) >> <usize>((entry >> 8) & 15));
    b >>= <u64>entry;
    n -= <u64>entry;
    // an offset has 28 bits at most
    if ((n & 63) < 28) {
      b |= load<u64>(ip) << n;
      ip += 7 - ((<usize>n >> 3) & 7);
      n |= 56;
    }
    entry = load<u32>(offsets + ((<usize>b & 255) << 2));
    if (entry & SPECIAL_OFFSET) {
      if (entry & NO_CODE) {
        result = MALFORMED;
        break;
      }
      b >>= OFFSET_BITS;
      n -= OFFSET_BITS;
      const size = (entry >> 8) & 15;
      entry = load<u32>(
        offsets + (((<usize>(entry >> 16) & 4095) + (<usize>b & ((1 << (<usize>size)) - 1))) << 2),
      );
      if (entry & SPECIAL_OFFSET) {
        result = MALFORMED;
        break;
      }
    }
    const offset =
      <usize>(entry >> 16) + (<usize>(b & (((<u64>1) << (<u64>entry)) - 1)) >> <usize>((entry >> 8) & 15));
    b >>= <u64>entry;
    n -= <u64>entry;
    if (offset > op - start) {
      result = BAD_OFFSET;
      break;
    }
    // looked up before the copy, which takes a while
    b |= load<u64>(ip) << n;
    ip += 7 - ((<usize>n >> 3) & 7);
    n |= 56;
    entry = load<u32>(literals + ((<usize>b & 2047) << 2));
    repeatFast(op, offset, length);
    op += length;
  } while (ip <= lastIn && op <= lastOut);
  n &= 63;
  // bits above those that are counted belong to bytes that will be read again
  bits = b & (((<u64>1) << n) - 1);
  left = <u32>n;
  from = ip;
  written = op;
  return result;
}

/** Decodes to the block's end, symbol by symbol. @returns 0, or an error code */
function decodeExact(literals: usize, offsets: usize, start: usize, limit: usize): i32 {
  while (true) {
    refill();
    let entry = load<u32>(literals + ((<usize>bits & 2047) << 2));
    if ((entry & (LITERAL | SPECIAL | SECOND)) === (SPECIAL | SECOND)) {
      if (left < LITERAL_BITS) return TRUNCATED;
      take(LITERAL_BITS);
      const size = (entry >> 8) & 15;
      const index = (<usize>(entry >> 16) & 4095) + (<usize>bits & ((1 << (<usize>size)) - 1));
      entry = load<u32>(literals + (index << 2));
    }
    if ((entry & 255) > left) return TRUNCATED;
    if (entry & LITERAL) {
      if (written === limit) return TOO_LONG;
      store<u8>(written++, <u8>(entry >> 16));
      take(entry & 255);
      continue;
    }
    if (entry & SPECIAL) {
      take(entry & 255);
      return entry & NO_CODE ? MALFORMED : 0;
    }
    const length = <usize>(entry >> 16) + takeExtra(entry);
    entry = load<u32>(offsets + ((<usize>bits & 255) << 2));
    if (entry & SPECIAL_OFFSET) {
      if (entry & NO_CODE) return left === 0 ? TRUNCATED : MALFORMED;
      if (left < OFFSET_BITS) return TRUNCATED;
      take(OFFSET_BITS);
      const size = (entry >> 8) & 15;
      const index = (<usize>(entry >> 16) & 4095) + (<usize>bits & ((1 << (<usize>size)) - 1));
      entry = load<u32>(offsets + (index << 2));
      if (entry & SPECIAL_OFFSET) return MALFORMED;
    }
    if ((entry & 255) > left) return TRUNCATED;
    const offset = <usize>(entry >> 16) + takeExtra(entry);
    if (offset > written - start) return BAD_OFFSET;
    if (length > limit - written) return TOO_LONG;
    repeatExact(written, offset, length, limit);
    written += length;
  }
}

/** The value of the bits after an entry's code; code and bits are taken. */
function takeExtra(entry: u32): usize {
  const code = (entry >> 8) & 15;
  return <usize>(take(entry & 255) >> code);
}
