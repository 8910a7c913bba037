/* oxlint-disable no-loss-of-precision -- literals of AssemblyScript are exact, with 64 bits */
/**
 * Owns the tables of zstd's entropy coding: where they lie in the workspace, the fixed ones, and the building of
 * FSE decoding tables. An entry has 8 bytes. Of sequences: place of the next state's entry, from the tables' start on
 * (16 bits); mask of the bits to be added to it (16), how many they are (8); extra bits of the value (8), its base
 * (16: the lowest, where it has more). Of weights: next state (16), bits to be added to it (8), a byte, the symbol (32).
 */
import { zstdTables } from "./workspace";

/** Offsets in the workspace's part for zstd. */
const LITERAL_BASE: usize = 0; // 36 codes × 8: base (32), extra bits (32)
const MATCH_BASE: usize = 288; // 53 codes × 8
const OFFSET_BASE: usize = 712; // 32 codes × 8
const FIXED_LITERALS: usize = 1024; // 64 entries
const FIXED_OFFSETS: usize = 1536; // 32
const FIXED_MATCHES: usize = 1792; // 64
const COUNTS: usize = 2304; // 256 × 2, of the table being read
const NEXT: usize = 2816; // 256 × 2
const LITERALS: usize = 4096; // 512 entries
const OFFSETS: usize = 8192; // 256
const MATCHES: usize = 10240; // 512
const WEIGHTS: usize = 14336; // 256 bytes
const WEIGHT_TABLE: usize = 14592; // 64 entries
const HUFFMAN: usize = 15360; // 2048 entries × 8
const SEQUENCES: usize = 32768; // 512 × 16

export function literalBase(): usize {
  return zstdTables + LITERAL_BASE;
}
export function matchBase(): usize {
  return zstdTables + MATCH_BASE;
}
export function offsetBase(): usize {
  return zstdTables + OFFSET_BASE;
}
export function fixedLiterals(): usize {
  return zstdTables + FIXED_LITERALS;
}
export function fixedOffsets(): usize {
  return zstdTables + FIXED_OFFSETS;
}
export function fixedMatches(): usize {
  return zstdTables + FIXED_MATCHES;
}
export function literalTable(): usize {
  return zstdTables + LITERALS;
}
export function offsetTable(): usize {
  return zstdTables + OFFSETS;
}
export function matchTable(): usize {
  return zstdTables + MATCHES;
}
export function counts(): usize {
  return zstdTables + COUNTS;
}
export function weights(): usize {
  return zstdTables + WEIGHTS;
}
export function weightTable(): usize {
  return zstdTables + WEIGHT_TABLE;
}
export function huffmanTable(): usize {
  return zstdTables + HUFFMAN;
}

export function sequenceBuffer(): usize {
  return zstdTables + SEQUENCES;
}

/** Writes bases and extra bits; each nibble pair of the last arguments is the extra bits of one code after `plain` codes of none. */
function putBases(at: usize, plain: u32, first: u32, low: u64, middle: u64, high: u64): void {
  let base = first;
  let code: u32 = 0;
  for (; code < plain; code++) {
    store<u32>(at + (code << 3), base);
    store<u32>(at + (code << 3), 0, 4);
    base++;
  }
  for (let i: u32 = 0; i < 24; i++) {
    const word = i < 8 ? low : i < 16 ? middle : high;
    const bits = <u32>(word >> ((<u64>(7 - (i & 7))) << 3)) & 255;
    if (bits === 0) return;
    store<u32>(at + (code << 3), base);
    store<u32>(at + (code << 3), bits, 4);
    base += 1 << bits;
    code++;
  }
}

/** Writes counts, each a nibble of `word` less one, first the highest; those of `f` stand for −1. */
function putCounts(at: u32, word: u64, length: u32): u32 {
  for (let i: u32 = 0; i < length; i++) {
    const nibble = <i32>(word >> (60 - ((<u64>i) << 2))) & 15;
    store<i16>(counts() + ((<usize>(at + i)) << 1), <i16>(nibble === 15 ? -1 : nibble));
  }
  return at + length;
}

/** Fills what never changes. Once, after the workspace was placed. */
export function placeZstd(): void {
  putBases(literalBase(), 16, 0, 0x0101010102020303, 0x04060708090a0b0c, 0x0d0e0f1000000000);
  putBases(matchBase(), 32, 3, 0x0101010102020303, 0x0404050708090a0b, 0x0c0d0e0f10000000);
  for (let code: usize = 0; code < 32; code++) {
    // an offset is 1 followed by its extra bits
    store<u32>(offsetBase() + (code << 3), 0);
    store<u32>(offsetBase() + (code << 3), <u32>code, 4);
  }
  buildTable(fixedLiterals(), literalTable(), 6, putFixedLiterals(), literalBase());
  buildTable(fixedOffsets(), offsetTable(), 5, putFixedOffsets(), offsetBase());
  buildTable(fixedMatches(), matchTable(), 6, putFixedMatches(), matchBase());
}

/** Puts the counts of the fixed tables to `counts()`: 64 states of literals' lengths. @returns how many symbols */
export function putFixedLiterals(): u32 {
  let n = putCounts(0, 0x4322222222222111, 16);
  n = putCounts(n, 0x2222222223211111, 16);
  return putCounts(n, 0xffff000000000000, 4);
}

/** 32 states of offsets. */
export function putFixedOffsets(): u32 {
  const n = putCounts(0, 0x1111112221111111, 16);
  return putCounts(n, 0x11111111fffff000, 13);
}

/** 64 states of matches' lengths. */
export function putFixedMatches(): u32 {
  let n = putCounts(0, 0x1432222221111111, 16);
  n = putCounts(n, 0x1111111111111111, 16);
  n = putCounts(n, 0x11111111111111ff, 16);
  return putCounts(n, 0xfffff00000000000, 5);
}

/**
 * Builds the decoding table of `symbols` counts that lie at `counts()` and add up to `1 << log`.
 * @param home where the table will be used: the next states in it are places there
 * @param bases of the symbols' values; 0: the value is the symbol, the next state its number
 */
export function buildTable(table: usize, home: usize, log: u32, symbols: u32, bases: usize): void {
  const size: u32 = 1 << log;
  const counters = zstdTables + NEXT;
  let high: u32 = size - 1;
  // symbols less likely than one state in `size` stand at the end
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<i16>(counts() + ((<usize>symbol) << 1));
    if (count === -1) {
      store<u32>(table + ((<usize>high) << 3), symbol, 4);
      high--;
      store<u16>(counters + ((<usize>symbol) << 1), 1);
    } else store<u16>(counters + ((<usize>symbol) << 1), <u16>count);
  }
  const step = (size >> 1) + (size >> 3) + 3;
  const mask = size - 1;
  let position: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<i16>(counts() + ((<usize>symbol) << 1));
    for (let i: i32 = 0; i < count; i++) {
      store<u32>(table + ((<usize>position) << 3), symbol, 4);
      do {
        position = (position + step) & mask;
      } while (position > high);
    }
  }
  for (let state: u32 = 0; state < size; state++) {
    const entry = table + ((<usize>state) << 3);
    const symbol = <usize>load<u32>(entry, 4);
    const counter = <u32>load<u16>(counters + (symbol << 1));
    store<u16>(counters + (symbol << 1), <u16>(counter + 1));
    const bits = log - (31 - clz<u32>(counter));
    const next = (counter << bits) - size;
    if (bases === 0) {
      store<u16>(entry, <u16>next);
      store<u8>(entry, <u8>bits, 2);
    } else putEntry(entry, bits, bases + (symbol << 3), home + ((<usize>next) << 3));
  }
}

function putEntry(entry: usize, bits: u32, base: usize, next: usize): void {
  store<u16>(entry, <u16>(next - zstdTables));
  const mask: u32 = (1 << bits) - 1;
  store<u16>(entry, <u16>mask, 2);
  store<u8>(entry, <u8>bits, 4);
  store<u8>(entry, load<u8>(base, 4), 5);
  store<u16>(entry, <u16>load<u32>(base), 6);
}

/** A table of one state that always yields `symbol`: an RLE table. */
export function buildConstant(table: usize, symbol: usize, bases: usize): void {
  putEntry(table, 0, bases + (symbol << 3), table);
}

/** What {@link readCounts} found, besides the bytes it read. */
export let readLog: u32 = 0;
export let readSymbols: u32 = 0;

/**
 * Reads the description of an FSE table into `counts()`, `readLog` and `readSymbols`.
 * @returns bytes read, or 0 for a bad description
 */
export function readCounts(source: usize, length: usize, maxSymbol: u32, maxLog: u32): usize {
  if (length < 1) return 0;
  const totalBits = length << 3;
  let at: usize = 4;
  const log: u32 = (<u32>load<u8>(source) & 15) + 5;
  if (log > maxLog) return 0;
  let remaining: i32 = (1 << log) + 1;
  let threshold: i32 = 1 << log;
  let width: u32 = log + 1;
  let symbol: u32 = 0;
  let afterZero = false;
  while (remaining > 1) {
    if (afterZero) {
      // runs of zeros: two bits at a time, three means go on
      let repeat: u32;
      do {
        if (at + 2 > totalBits) return 0;
        repeat = bitsAt(source, length, at) & 3;
        at += 2;
        for (let i: u32 = 0; i < repeat; i++) {
          if (symbol > maxSymbol) return 0;
          store<i16>(counts() + ((<usize>symbol) << 1), 0);
          symbol++;
        }
      } while (repeat === 3);
    }
    if (symbol > maxSymbol) return 0;
    const bits = bitsAt(source, length, at);
    const max: i32 = 2 * threshold - 1 - remaining;
    let count: i32 = <i32>(bits & <u32>(threshold - 1));
    if (count < max) at += width - 1;
    else {
      count = <i32>(bits & <u32>(2 * threshold - 1));
      if (count >= threshold) count -= max;
      at += width;
    }
    if (at > totalBits) return 0;
    count--;
    remaining -= count < 0 ? -count : count;
    if (remaining < 1) return 0;
    store<i16>(counts() + ((<usize>symbol) << 1), <i16>count);
    symbol++;
    afterZero = count === 0;
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
  }
  readLog = log;
  readSymbols = symbol;
  return (at + 7) >> 3;
}

/** At least 25 bits from bit `at` on; zeros after the end. */
function bitsAt(source: usize, length: usize, at: usize): u32 {
  const byte = at >> 3;
  let word: u64 = 0;
  for (let i: usize = 0; i < 5; i++)
    if (byte + i < length) word |= (<u64>load<u8>(source + byte + i)) << ((<u64>i) << 3);
  return <u32>(word >> (<u64>at & 7));
}
