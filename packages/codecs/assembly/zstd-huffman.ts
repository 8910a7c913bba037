/**
 * Owns the literals of zstd: Huffman trees and the one or four streams coded with them. A table entry has 4 bytes:
 * one or two symbols (16 bits), the bits they take (8), how many they are (8).
 */
import { MALFORMED, TRUNCATED } from "./workspace";
import {
  buildTable,
  huffmanTable,
  readCounts,
  readLog,
  readSymbols,
  weights,
  weightTable,
} from "./zstd-tables";

/** Bits of a code at most; tables have this many bits. */
const MAX_BITS: u32 = 11;

/**
 * Reads a tree and builds the table.
 * @returns bytes read, or an error code
 */
export function readTree(source: usize, length: usize): i32 {
  if (length < 1) return TRUNCATED;
  const head: usize = load<u8>(source);
  let symbols: u32 = 0;
  let read: usize;
  if (head < 128) {
    read = 1 + head;
    if (read > length) return TRUNCATED;
    symbols = readWeights(source + 1, head);
    if (symbols === 0) return MALFORMED;
  } else {
    symbols = <u32>head - 127;
    read = 1 + (<usize>(symbols + 1) >> 1);
    if (read > length) return TRUNCATED;
    for (let i: u32 = 0; i < symbols; i++) {
      const pair = load<u8>(source + 1 + (<usize>i >> 1));
      store<u8>(weights() + <usize>i, i & 1 ? pair & 15 : pair >> 4);
    }
  }
  // the last weight is what is missing to a power of two
  let total: u32 = 0;
  for (let i: u32 = 0; i < symbols; i++) {
    const weight: u32 = load<u8>(weights() + <usize>i);
    if (weight > MAX_BITS) return MALFORMED;
    if (weight > 0) total += 1 << (weight - 1);
  }
  if (total === 0) return MALFORMED;
  const log: u32 = 32 - clz<u32>(total);
  if (log > MAX_BITS) return MALFORMED;
  const rest = (1 << log) - total;
  const last: u32 = 32 - clz<u32>(rest);
  if (1 << (last - 1) !== rest) return MALFORMED;
  store<u8>(weights() + <usize>symbols, <u8>last);
  symbols++;
  fillTable(symbols, log);
  return <i32>read;
}

/** Weights coded with FSE, by two states that take turns. @returns how many, or 0 for bad ones */
function readWeights(source: usize, length: usize): u32 {
  const head = readCounts(source, length, 12, 6);
  if (head === 0 || head >= length) return 0;
  const log = readLog;
  buildTable(weightTable(), weightTable(), log, readSymbols, 0);
  const start = source + head;
  const lastByte: u32 = load<u8>(source + length - 1);
  if (lastByte === 0) return 0;
  let left: i32 = <i32>((length - head) << 3) - <i32>(clz<u32>(lastByte) - 24) - 1;
  left -= <i32>log;
  let one: u32 = takeBits(start, left, log);
  left -= <i32>log;
  let two: u32 = takeBits(start, left, log);
  if (left < 0) return 0;
  let count: u32 = 0;
  while (true) {
    if (count > 253) return 0;
    let entry = weightTable() + ((<usize>one) << 3);
    store<u8>(weights() + <usize>count, load<u8>(entry, 4));
    count++;
    let bits: u32 = load<u8>(entry, 2);
    left -= <i32>bits;
    if (left < 0) {
      store<u8>(weights() + <usize>count, load<u8>(weightTable() + ((<usize>two) << 3), 4));
      count++;
      return count;
    }
    one = <u32>load<u16>(entry) + takeBits(start, left, bits);
    if (count > 253) return 0;
    entry = weightTable() + ((<usize>two) << 3);
    store<u8>(weights() + <usize>count, load<u8>(entry, 4));
    count++;
    bits = load<u8>(entry, 2);
    left -= <i32>bits;
    if (left < 0) {
      store<u8>(weights() + <usize>count, load<u8>(weightTable() + ((<usize>one) << 3), 4));
      count++;
      return count;
    }
    two = <u32>load<u16>(entry) + takeBits(start, left, bits);
  }
}

/** `width` bits from bit `at` of `start` on. */
function takeBits(start: usize, at: i32, width: u32): u32 {
  if (at < 0) return 0;
  let word: u32 = 0;
  for (let i: u32 = 0; i < width; i++) {
    const bit = <usize>at + i;
    word |= ((<u32>load<u8>(start + (bit >> 3)) >> <u32>(bit & 7)) & 1) << i;
  }
  return word;
}

/** The table of 2^11 entries from the weights of `symbols` symbols, whose longest code has `log` bits. */
function fillTable(symbols: u32, log: u32): void {
  const table = huffmanTable();
  // one symbol an entry first, behind the table proper: low weights (long codes) come first
  const single = table + 8192;
  let at: usize = single;
  for (let weight: u32 = 1; weight <= log; weight++) {
    const repeat: u32 = (1 << (weight - 1)) << (MAX_BITS - log);
    const bits: u32 = log + 1 - weight;
    for (let symbol: u32 = 0; symbol < symbols; symbol++) {
      if (<u32>load<u8>(weights() + <usize>symbol) !== weight) continue;
      const entry: u32 = symbol | (bits << 16) | (1 << 24);
      for (let i: u32 = 0; i < repeat; i++) {
        store<u32>(at, entry);
        at += 4;
      }
    }
  }
  // then a second symbol wherever its code fits into the bits that the first leaves
  for (let i: usize = 0; i < 2048; i++) {
    const first = load<u32>(single + (i << 2));
    const bits = (first >> 16) & 255;
    const rest: usize = (i << (<usize>bits)) & 2047;
    const second = load<u32>(single + (rest << 2));
    const both = bits + ((second >> 16) & 255);
    store<u32>(
      table + (i << 2),
      both <= MAX_BITS ? (first & 255) | ((second & 255) << 8) | (both << 16) | (2 << 24) : first,
    );
  }
}

/**
 * Decodes literals: `streams` is 1 or 4.
 * @param target has to have 16 bytes to spare after `targetLength`
 * @returns 0, or an error code
 */
export function readLiterals(
  source: usize,
  length: usize,
  target: usize,
  targetLength: usize,
  streams: u32,
): i32 {
  if (streams === 1) return readStream(source, length, target, targetLength);
  if (length < 10) return TRUNCATED;
  const a: usize = load<u16>(source);
  const b: usize = load<u16>(source, 2);
  const c: usize = load<u16>(source, 4);
  if (a + b + c + 6 > length) return TRUNCATED;
  const d = length - 6 - a - b - c;
  const quarter = (targetLength + 3) >> 2;
  if (quarter * 3 > targetLength) return MALFORMED;
  return readFour(source + 6, a, b, c, d, target, quarter, targetLength - 3 * quarter);
}

/**
 * A stream is read from its end: its last byte has one bit of padding above the first code. `bits` holds the
 * next bits at the top and, below them, a 1 that marks how many are left: eight bytes are loaded whenever
 * they run low, and bytes before the stream's start are never asked for.
 */
function readStream(source: usize, length: usize, target: usize, targetLength: usize): i32 {
  if (length === 0) return TRUNCATED;
  const lastByte: u32 = load<u8>(source + length - 1);
  if (lastByte === 0) return MALFORMED;
  return finishStream(
    source,
    <i64>(length << 3) - <i64>(clz<u32>(lastByte) - 24) - 1,
    target,
    target + targetLength,
  );
}

/** Decodes the rest of a stream, whose next code ends before bit `left`, code by code. */
function finishStream(source: usize, left: i64, op: usize, end: usize): i32 {
  const table = huffmanTable();
  while (op < end) {
    if (left <= 0) return TRUNCATED;
    // eleven bits below `left`, zeros where the stream has no more
    const from = left - 11;
    let index: usize;
    if (from >= 0) {
      const at = source + (<usize>from >> 3);
      // three bytes hold any eleven bits; the third may be one past the stream's last, which is never past the input's margin
      const word: u32 = <u32>load<u16>(at) | ((<u32>load<u8>(at, 2)) << 16);
      index = <usize>((word >> (<u32>from & 7)) & 2047);
    } else {
      index = (<usize>load<u16>(source) & (((<usize>1) << (<usize>left)) - 1)) << (<usize>-from);
    }
    const entry = load<u32>(table + (index << 2));
    let bits = (entry >> 16) & 255;
    if (entry >> 24 === 2 && op + 1 < end) {
      store<u16>(op, <u16>entry);
      op += 2;
    } else {
      if (entry >> 24 === 2) bits = (load<u32>(table + 8192 + (index << 2)) >> 16) & 255;
      store<u8>(op, <u8>entry);
      op++;
    }
    left -= <i64>bits;
  }
  return left === 0 ? 0 : MALFORMED;
}

/** The top of a stream's bits, with the marker below: its last eight bytes. */
function firstBits(end: usize): u64 {
  const padding = clz<u32>(<u32>load<u8>(end - 1)) - 23;
  return (load<u64>(end - 8) | 1) << (<u64>padding);
}

function readFour(
  source: usize,
  lengthA: usize,
  lengthB: usize,
  lengthC: usize,
  lengthD: usize,
  target: usize,
  quarter: usize,
  lastQuarter: usize,
): i32 {
  const startB = source + lengthA;
  const startC = startB + lengthB;
  const startD = startC + lengthC;
  const endD = startD + lengthD;
  if (lengthA === 0 || lengthB === 0 || lengthC === 0 || lengthD === 0) return TRUNCATED;
  if (
    load<u8>(startB - 1) === 0 ||
    load<u8>(startC - 1) === 0 ||
    load<u8>(startD - 1) === 0 ||
    load<u8>(endD - 1) === 0
  )
    return MALFORMED;
  const table = huffmanTable();
  let ipA = startB - 8;
  let ipB = startC - 8;
  let ipC = startD - 8;
  let ipD = endD - 8;
  let opA = target;
  let opB = target + quarter;
  let opC = opB + quarter;
  let opD = opC + quarter;
  const endA = opB;
  const endB = opC;
  const endC = opD;
  const end = opD + lastQuarter;
  let a = firstBits(startB);
  let b = firstBits(startC);
  let c = firstBits(startD);
  let d = firstBits(endD);
  // five entries take at most 55 of the 56 bits that there are at least, and write at most ten bytes
  while (
    ipA >= source + 8 &&
    ipB >= startB + 8 &&
    ipC >= startC + 8 &&
    ipD >= startD + 8 &&
    opA + 10 <= endA &&
    opB + 10 <= endB &&
    opC + 10 <= endC &&
    opD + 10 <= end
  ) {
    for (let i: u32 = 0; i < 5; i++) {
      let entry = load<u32>(table + ((<usize>(a >> 53)) << 2));
      a <<= <u64>(entry >> 16);
      store<u16>(opA, <u16>entry);
      opA += <usize>(entry >> 24);
      entry = load<u32>(table + ((<usize>(b >> 53)) << 2));
      b <<= <u64>(entry >> 16);
      store<u16>(opB, <u16>entry);
      opB += <usize>(entry >> 24);
      entry = load<u32>(table + ((<usize>(c >> 53)) << 2));
      c <<= <u64>(entry >> 16);
      store<u16>(opC, <u16>entry);
      opC += <usize>(entry >> 24);
      entry = load<u32>(table + ((<usize>(d >> 53)) << 2));
      d <<= <u64>(entry >> 16);
      store<u16>(opD, <u16>entry);
      opD += <usize>(entry >> 24);
    }
    let used = ctz<u64>(a);
    ipA -= <usize>(used >> 3);
    a = (load<u64>(ipA) | 1) << (used & 7);
    used = ctz<u64>(b);
    ipB -= <usize>(used >> 3);
    b = (load<u64>(ipB) | 1) << (used & 7);
    used = ctz<u64>(c);
    ipC -= <usize>(used >> 3);
    c = (load<u64>(ipC) | 1) << (used & 7);
    used = ctz<u64>(d);
    ipD -= <usize>(used >> 3);
    d = (load<u64>(ipD) | 1) << (used & 7);
  }
  let code = finishStream(source, bitsLeft(ipA, a, source), opA, endA);
  if (code < 0) return code;
  code = finishStream(startB, bitsLeft(ipB, b, startB), opB, endB);
  if (code < 0) return code;
  code = finishStream(startC, bitsLeft(ipC, c, startC), opC, endC);
  if (code < 0) return code;
  return finishStream(startD, bitsLeft(ipD, d, startD), opD, end);
}

/** Bits between a stream's start and its next code, from where eight bytes were loaded and what is used of them. */
function bitsLeft(ip: usize, bits: u64, start: usize): i64 {
  return ((<i64>ip - <i64>start) << 3) + 64 - <i64>ctz<u64>(bits);
}
