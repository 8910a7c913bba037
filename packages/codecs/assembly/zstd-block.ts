/** Owns compressed blocks of zstd: the literals, the sequences, and their execution. What repeats lasts a frame. */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, literalBuffer, MALFORMED, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";
import { readLiterals, readTree } from "./zstd-huffman";
import {
  buildConstant,
  buildTable,
  fixedLiterals,
  fixedMatches,
  fixedOffsets,
  literalBase,
  literalTable,
  matchBase,
  matchTable,
  offsetBase,
  offsetTable,
  readCounts,
  readLog,
  readSymbols,
} from "./zstd-tables";

/** A block holds at most this much, decoded. */
export const MAX_BLOCK: usize = 128 << 10;

let hasTree = false;
/** The tables of the last sequences and their logs; 0: none yet. */
let literalAt: usize = 0;
let literalLog: u32 = 0;
let offsetAt: usize = 0;
let offsetLog: u32 = 0;
let matchAt: usize = 0;
let matchLog: u32 = 0;
/** The last three offsets, latest first. */
let recent0: usize = 1;
let recent1: usize = 4;
let recent2: usize = 8;

/** Literals of the block at hand. */
let literalsAt: usize = 0;
let literalsLength: usize = 0;
/** Bytes that may be read after them. */
let literalsSpare: usize = 0;

export function beginFrame(): void {
  hasTree = false;
  literalAt = 0;
  offsetAt = 0;
  matchAt = 0;
  recent0 = 1;
  recent1 = 4;
  recent2 = 8;
}

/** Reads the literals section. @returns its length, or an error code */
function readLiteralsSection(source: usize, length: usize): i32 {
  if (length < 1) return TRUNCATED;
  const head: u32 = load<u8>(source);
  const kind = head & 3;
  const format = (head >> 2) & 3;
  if (kind < 2) {
    // as they are, or one byte over and over
    let at: usize;
    let count: usize;
    if ((format & 1) === 0) {
      at = 1;
      count = <usize>(head >> 3);
    } else {
      at = format === 1 ? 2 : 3;
      if (length < at) return TRUNCATED;
      count = <usize>(head >> 4) | ((<usize>load<u8>(source, 1)) << 4);
      if (format === 3) count |= (<usize>load<u8>(source, 2)) << 12;
    }
    if (count > MAX_BLOCK) return TOO_LONG;
    literalsLength = count;
    if (kind === 0) {
      if (count > length - at) return TRUNCATED;
      literalsAt = source + at;
      literalsSpare = length - at - count;
      return <i32>(at + count);
    }
    if (length <= at) return TRUNCATED;
    memory.fill(literalBuffer, load<u8>(source + at), count);
    literalsAt = literalBuffer;
    literalsSpare = MARGIN;
    return <i32>(at + 1);
  }
  const at: usize = format < 2 ? 3 : format === 2 ? 4 : 5;
  if (length < at) return TRUNCATED;
  let bits: u64 = load<u32>(source);
  if (at === 5) bits |= (<u64>load<u8>(source, 4)) << 32;
  const width: u64 = format < 2 ? 10 : format === 2 ? 14 : 18;
  const mask: u64 = (1 << width) - 1;
  const count = <usize>((bits >> 4) & mask);
  let stored = <usize>((bits >> (4 + width)) & mask);
  if (count > MAX_BLOCK) return TOO_LONG;
  if (stored > length - at) return TRUNCATED;
  const end = at + stored;
  let from = source + at;
  if (kind === 2) {
    const read = readTree(from, stored);
    if (read < 0) return read;
    from += <usize>read;
    stored -= <usize>read;
    hasTree = true;
  } else if (!hasTree) return MALFORMED;
  const code = readLiterals(from, stored, literalBuffer, count, format === 0 ? 1 : 4);
  if (code < 0) return code;
  literalsAt = literalBuffer;
  literalsLength = count;
  literalsSpare = MARGIN;
  return <i32>end;
}

/** What {@link readTable} chose. */
let chosenAt: usize = 0;
let chosenLog: u32 = 0;

/** One of the three tables of sequences. @returns bytes read, or an error code */
function readTable(
  mode: u32,
  source: usize,
  length: usize,
  table: usize,
  bases: usize,
  fixed: usize,
  fixedLog: u32,
  maxSymbol: u32,
  maxLog: u32,
): i32 {
  if (mode === 0) {
    chosenAt = fixed;
    chosenLog = fixedLog;
    return 0;
  }
  if (mode === 1) {
    if (length < 1) return TRUNCATED;
    const symbol: u32 = load<u8>(source);
    if (symbol > maxSymbol) return MALFORMED;
    buildConstant(table, <usize>symbol, bases);
    chosenAt = table;
    chosenLog = 0;
    return 1;
  }
  if (mode === 2) {
    const read = readCounts(source, length, maxSymbol, maxLog);
    if (read === 0) return MALFORMED;
    buildTable(table, readLog, readSymbols, bases);
    chosenAt = table;
    chosenLog = readLog;
    return <i32>read;
  }
  return chosenAt === 0 ? MALFORMED : 0;
}

/**
 * Decodes one compressed block to `op`.
 * @param start of the frame's output, before which no offset may reach
 * @param limit of the output
 * @returns bytes written, or an error code
 */
export function decodeBlock(source: usize, length: usize, start: usize, op: usize, limit: usize): i32 {
  const head = readLiteralsSection(source, length);
  if (head < 0) return head;
  let ip = source + <usize>head;
  const end = source + length;
  const target = op;
  if (ip >= end) return TRUNCATED;
  let count: u32 = load<u8>(ip++);
  if (count > 127) {
    if (count < 255) {
      if (end - ip < 1) return TRUNCATED;
      count = ((count - 128) << 8) + <u32>load<u8>(ip++);
    } else {
      if (end - ip < 2) return TRUNCATED;
      count = <u32>load<u16>(ip) + 0x7f00;
      ip += 2;
    }
  }
  let literals = literalsAt;
  const literalsEnd = literals + literalsLength;
  if (count > 0) {
    if (ip >= end) return TRUNCATED;
    const modes: u32 = load<u8>(ip++);
    if (modes & 3) return MALFORMED;
    chosenAt = literalAt;
    chosenLog = literalLog;
    let read = readTable(modes >> 6, ip, end - ip, literalTable(), literalBase(), fixedLiterals(), 6, 35, 9);
    if (read < 0) return read;
    ip += <usize>read;
    literalAt = chosenAt;
    literalLog = chosenLog;
    chosenAt = offsetAt;
    chosenLog = offsetLog;
    read = readTable((modes >> 4) & 3, ip, end - ip, offsetTable(), offsetBase(), fixedOffsets(), 5, 31, 8);
    if (read < 0) return read;
    ip += <usize>read;
    offsetAt = chosenAt;
    offsetLog = chosenLog;
    chosenAt = matchAt;
    chosenLog = matchLog;
    read = readTable((modes >> 2) & 3, ip, end - ip, matchTable(), matchBase(), fixedMatches(), 6, 52, 9);
    if (read < 0) return read;
    ip += <usize>read;
    matchAt = chosenAt;
    matchLog = chosenLog;

    // the sequences' bits are read from the end; `at` are eight bytes of which the top `used` bits are done
    if (ip >= end) return TRUNCATED;
    const lastByte: u32 = load<u8>(end - 1);
    if (lastByte === 0) return MALFORMED;
    let at = end - 8;
    let used: u64 = <u64>(clz<u32>(lastByte) - 23);
    let bits = load<u64>(at);
    let literalState = literalAt + ((<usize>take(bits, used, <u64>literalLog)) << 3);
    used += <u64>literalLog;
    let offsetState = offsetAt + ((<usize>take(bits, used, <u64>offsetLog)) << 3);
    used += <u64>offsetLog;
    let matchState = matchAt + ((<usize>take(bits, used, <u64>matchLog)) << 3);
    used += <u64>matchLog;
    while (true) {
      at -= <usize>(used >> 3);
      used &= 7;
      bits = load<u64>(at);
      const literalEntry = load<u64>(literalState);
      const offsetEntry = load<u64>(offsetState);
      const matchEntry = load<u64>(matchState);
      // offset, match length, literals: extra bits of 31, 16 and 16 at most
      const offsetBits = (offsetEntry >> 24) & 255;
      let offset = <usize>(offsetEntry >> 32) + <usize>take(bits, used, offsetBits);
      used += offsetBits;
      const matchBits = (matchEntry >> 24) & 255;
      const matchLength = <usize>(matchEntry >> 32) + <usize>take(bits, used, matchBits);
      used += matchBits;
      const literalBits = (literalEntry >> 24) & 255;
      if (used + literalBits > 64) {
        at -= <usize>(used >> 3);
        used &= 7;
        bits = load<u64>(at);
      }
      const literalLength = <usize>(literalEntry >> 32) + <usize>take(bits, used, literalBits);
      used += literalBits;
      if (offset > 3) {
        offset -= 3;
        recent2 = recent1;
        recent1 = recent0;
        recent0 = offset;
      } else {
        const which = offset - (literalLength === 0 ? 0 : 1);
        if (which === 0) offset = recent0;
        else {
          offset = which === 1 ? recent1 : which === 2 ? recent2 : recent0 - 1;
          if (which !== 1) recent2 = recent1;
          recent1 = recent0;
          recent0 = offset;
        }
      }

      // literals, then the match
      const room = limit - op;
      if (literalLength > literalsEnd - literals) return MALFORMED;
      if (literalLength + matchLength > room) return TOO_LONG;
      const left = literalsEnd - literals + literalsSpare;
      if (room >= literalLength + matchLength + MARGIN && left >= literalLength + 16) {
        v128.store(op, v128.load(literals));
        if (literalLength > 16) {
          let i: usize = 16;
          do {
            v128.store(op + i, v128.load(literals + i));
            i += 16;
          } while (i < literalLength);
        }
        op += literalLength;
        if (offset === 0 || offset > op - start) return BAD_OFFSET;
        repeatFast(op, offset, matchLength);
      } else {
        copy(op, literals, literalLength);
        op += literalLength;
        if (offset === 0 || offset > op - start) return BAD_OFFSET;
        repeatExact(op, offset, matchLength, limit);
      }
      literals += literalLength;
      op += matchLength;

      if (--count === 0) break;
      // 26 bits at most
      if (used > 38) {
        at -= <usize>(used >> 3);
        used &= 7;
        bits = load<u64>(at);
      }
      let width = (literalEntry >> 16) & 255;
      literalState = literalAt + ((<usize>(literalEntry & 0xffff) + <usize>take(bits, used, width)) << 3);
      used += width;
      width = (matchEntry >> 16) & 255;
      matchState = matchAt + ((<usize>(matchEntry & 0xffff) + <usize>take(bits, used, width)) << 3);
      used += width;
      width = (offsetEntry >> 16) & 255;
      offsetState = offsetAt + ((<usize>(offsetEntry & 0xffff) + <usize>take(bits, used, width)) << 3);
      used += width;
      // never past the stream's start
      if (((<i64>at - <i64>ip) << 3) + 64 < <i64>used) return TRUNCATED;
    }
    if (((<i64>at - <i64>ip) << 3) + 64 !== <i64>used) return MALFORMED;
  } else if (ip !== end) return MALFORMED;
  const rest = literalsEnd - literals;
  if (rest > limit - op) return TOO_LONG;
  copy(op, literals, rest);
  op += rest;
  const written = op - target;
  return written > MAX_BLOCK ? TOO_LONG : <i32>written;
}

/** `width` bits below the top `used` ones; none for a width of 0. */
function take(bits: u64, used: u64, width: u64): u64 {
  return ((bits << used) >> 1) >> (63 - width);
}
