/** Owns compressed blocks of zstd: the literals, and the tables of the sequences. What repeats lasts a frame. */
import { copy } from "./copy";
import { literalBuffer, MALFORMED, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";
import { readLiterals, readTree } from "./zstd-huffman";
import { forgetOffsets, literalsDone, runSequences } from "./zstd-sequences";
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
/** Whether there were sequences yet, whose tables may be used again, and the logs of these tables. */
let hasTables = false;
let literalLog: u32 = 0;
let offsetLog: u32 = 0;
let matchLog: u32 = 0;

/** Literals of the block at hand. */
let literalsAt: usize = 0;
let literalsLength: usize = 0;
/** Bytes that may be read after them. */
let literalsSpare: usize = 0;

export function beginFrame(): void {
  hasTree = false;
  hasTables = false;
  forgetOffsets();
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

/** Log of the table that {@link readTable} made, or left as it was. */
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
    // the tables of sequences are always in one place
    copy(table, fixed, (<usize>8) << (<usize>fixedLog));
    chosenLog = fixedLog;
    return 0;
  }
  if (mode === 1) {
    if (length < 1) return TRUNCATED;
    const symbol: u32 = load<u8>(source);
    if (symbol > maxSymbol) return MALFORMED;
    buildConstant(table, <usize>symbol, bases);
    chosenLog = 0;
    return 1;
  }
  if (mode === 2) {
    const read = readCounts(source, length, maxSymbol, maxLog);
    if (read === 0) return MALFORMED;
    buildTable(table, table, readLog, readSymbols, bases);
    chosenLog = readLog;
    return <i32>read;
  }
  return hasTables ? 0 : MALFORMED;
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
    chosenLog = literalLog;
    let read = readTable(modes >> 6, ip, end - ip, literalTable(), literalBase(), fixedLiterals(), 6, 35, 9);
    if (read < 0) return read;
    ip += <usize>read;
    literalLog = chosenLog;
    chosenLog = offsetLog;
    read = readTable((modes >> 4) & 3, ip, end - ip, offsetTable(), offsetBase(), fixedOffsets(), 5, 31, 8);
    if (read < 0) return read;
    ip += <usize>read;
    offsetLog = chosenLog;
    chosenLog = matchLog;
    read = readTable((modes >> 2) & 3, ip, end - ip, matchTable(), matchBase(), fixedMatches(), 6, 52, 9);
    if (read < 0) return read;
    ip += <usize>read;
    matchLog = chosenLog;

    hasTables = true;
    const written = runSequences(
      ip,
      end,
      count,
      literalLog,
      offsetLog,
      matchLog,
      literals,
      literalsEnd,
      literalsSpare,
      start,
      op,
      limit,
    );
    if (written < 0) return written;
    op += <usize>written;
    literals = literalsDone;
  } else if (ip !== end) return MALFORMED;
  const rest = literalsEnd - literals;
  if (rest > limit - op) return TOO_LONG;
  copy(op, literals, rest);
  op += rest;
  const written = op - target;
  return written > MAX_BLOCK ? TOO_LONG : <i32>written;
}
