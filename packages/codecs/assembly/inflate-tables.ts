/**
 * Owns the tables of deflate's Huffman codes: where they lie in the workspace, what each symbol means, and the building
 * of decoding tables from the lengths of codes. An entry has four bytes: all bits to take, the extra ones included (8);
 * those of them that are the code (8); a value (15): a literal, or what the extra bits are added to; a mark. A mark
 * is a literal in the table of literals and lengths, and in that of offsets what is none: see {@link SPECIAL}.
 */
import { inflateTables } from "./workspace";

/** Bits that the first look takes; longer codes take a second. */
export const LITERAL_BITS: u32 = 11;
export const OFFSET_BITS: u32 = 8;
const LENGTH_CODE_BITS: u32 = 7;
const MAX_BITS: u32 = 15;

/** Of literals and lengths: set for a literal. */
export const LITERAL: u32 = 0x80000000;
/** What is neither literal nor length, or no offset: the end of a block, a second table, a code that nothing has. */
export const SPECIAL: u32 = 0x40000000;
export const SPECIAL_OFFSET: u32 = 0x80000000;
/** Of those: a second table, whose first entry the value tells, and its bits the second byte. */
export const SECOND: u32 = 0x20000000;
/** Of the others: no code at all. */
export const NO_CODE: u32 = 0x10000000;

// places in the workspace's part for inflate, in bytes
const LITERALS: usize = 0; // 2,342 entries at most, of a complete code
const OFFSETS: usize = 9472; // 402
const FIXED_LITERALS: usize = 11136; // 2048
const FIXED_OFFSETS: usize = 19328; // 256
const LENGTH_CODES: usize = 20352; // 128
const LITERAL_MEANING: usize = 20864; // 288
const OFFSET_MEANING: usize = 22016; // 32
const LENGTH_MEANING: usize = 22144; // 19
const CODE_LENGTHS: usize = 22272; // 320 bytes
const SORTED: usize = 22656; // 288 × 2
const COUNTS: usize = 23232; // 16 × 4
const STARTS: usize = 23296; // 16 × 4

export function literalCodes(): usize {
  return inflateTables + LITERALS;
}
export function offsetCodes(): usize {
  return inflateTables + OFFSETS;
}
export function fixedLiteralCodes(): usize {
  return inflateTables + FIXED_LITERALS;
}
export function fixedOffsetCodes(): usize {
  return inflateTables + FIXED_OFFSETS;
}
export function lengthCodes(): usize {
  return inflateTables + LENGTH_CODES;
}
export function codeLengths(): usize {
  return inflateTables + CODE_LENGTHS;
}

/** Fills what never changes. Once, after the workspace was placed. */
export function placeInflate(): void {
  const literals = inflateTables + LITERAL_MEANING;
  for (let symbol: u32 = 0; symbol < 256; symbol++) putAt(literals, symbol, LITERAL | (symbol << 16));
  putAt(literals, 256, SPECIAL);
  let base: u32 = 3;
  for (let code: u32 = 0; code < 28; code++) {
    const extra: u32 = code < 8 ? 0 : (code >> 2) - 1;
    putAt(literals, 257 + code, (base << 16) | extra);
    base += 1 << extra;
  }
  putAt(literals, 285, 258 << 16);
  putAt(literals, 286, SPECIAL | NO_CODE);
  putAt(literals, 287, SPECIAL | NO_CODE);
  const offsets = inflateTables + OFFSET_MEANING;
  base = 1;
  for (let code: u32 = 0; code < 30; code++) {
    const extra: u32 = code < 4 ? 0 : (code >> 1) - 1;
    putAt(offsets, code, (base << 16) | extra);
    base += 1 << extra;
  }
  putAt(offsets, 30, SPECIAL_OFFSET | NO_CODE);
  putAt(offsets, 31, SPECIAL_OFFSET | NO_CODE);
  for (let symbol: u32 = 0; symbol < 19; symbol++)
    putAt(inflateTables + LENGTH_MEANING, symbol, symbol << 16);
  const lengths = codeLengths();
  memory.fill(lengths, 8, 144);
  memory.fill(lengths + 144, 9, 112);
  memory.fill(lengths + 256, 7, 24);
  memory.fill(lengths + 280, 8, 8);
  buildLiterals(fixedLiteralCodes(), lengths, 288);
  memory.fill(lengths, 5, 32);
  buildOffsets(fixedOffsetCodes(), lengths, 32);
}

function putAt(table: usize, index: u32, entry: u32): void {
  store<u32>(table + ((<usize>index) << 2), entry);
}

/** @returns false where there is no such code */
export function buildLiterals(table: usize, lengths: usize, symbols: u32): bool {
  return build(table, LITERAL_BITS, lengths, symbols, inflateTables + LITERAL_MEANING, SPECIAL, false);
}
export function buildOffsets(table: usize, lengths: usize, symbols: u32): bool {
  return build(table, OFFSET_BITS, lengths, symbols, inflateTables + OFFSET_MEANING, SPECIAL_OFFSET, false);
}
export function buildLengthCodes(lengths: usize): bool {
  const meaning = inflateTables + LENGTH_MEANING;
  return build(lengthCodes(), LENGTH_CODE_BITS, lengths, 19, meaning, SPECIAL_OFFSET, true);
}

/** The next code of as many bits, first bit lowest: 1 is added from the highest bit on. Not for the last one. */
function nextCode(code: u32, ones: u32): u32 {
  const bit: u32 = 0x80000000 >> clz<u32>(code ^ ones);
  return (code & (bit - 1)) | bit;
}

/**
 * Builds a table of `1 << tableBits` entries and the second tables behind it.
 * @param strict refuses a code of a single symbol, as zlib does for the code of code lengths
 * @returns false where codes of these lengths can't be told apart, or leave bits without a meaning
 */
function build(
  table: usize,
  tableBits: u32,
  lengths: usize,
  symbols: u32,
  meanings: usize,
  special: u32,
  strict: bool,
): bool {
  const counts = inflateTables + COUNTS;
  const starts = inflateTables + STARTS;
  const sorted = inflateTables + SORTED;
  memory.fill(counts, 0, 64);
  for (let i: usize = 0; i < <usize>symbols; i++) {
    const count = counts + ((<usize>load<u8>(lengths + i)) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let unused: i32 = 1;
  let start: u32 = 0;
  for (let length: usize = 1; length <= <usize>MAX_BITS; length++) {
    const count = load<u32>(counts + (length << 2));
    unused = (unused << 1) - <i32>count;
    if (unused < 0) return false;
    store<u32>(starts + (length << 2), start);
    start += count;
  }
  for (let i: usize = 0; i < <usize>symbols; i++) {
    const length: usize = load<u8>(lengths + i);
    if (length === 0) continue;
    const place = load<u32>(starts + (length << 2));
    store<u32>(starts + (length << 2), place + 1);
    store<u16>(sorted + ((<usize>place) << 1), <u16>i);
  }
  if (unused > 0) {
    // a single code of one bit, or none: what isn't a code is an error only if it comes
    if (start > 1 || (start === 1 && (strict || load<u32>(counts, 4) !== 1))) return false;
    const nothing = special | NO_CODE | 0x0101;
    for (let i: u32 = 0; i < (<u32>1) << tableBits; i++) {
      const meaning = load<u32>(meanings + ((<usize>load<u16>(sorted)) << 2));
      putAt(table, i, start === 1 && (i & 1) === 0 ? meaning + 0x0101 : nothing);
    }
    return true;
  }
  let at = sorted;
  let code: u32 = 0;
  // the table of codes of so many bits, doubled with each bit more
  for (let length: u32 = 1; length <= tableBits; length++) {
    const size: usize = (<usize>1) << (<usize>length);
    if (length > 1) memory.copy(table + (size << 1), table, size << 1);
    for (let count = load<u32>(counts + ((<usize>length) << 2)); count > 0; count--) {
      const meaning = load<u32>(meanings + ((<usize>load<u16>(at)) << 2));
      at += 2;
      putAt(table, code, meaning + length * 0x0101);
      if (code === <u32>size - 1) {
        for (let bits = length; bits < tableBits; bits++)
          memory.copy(table + ((<usize>4) << (<usize>bits)), table, (<usize>4) << (<usize>bits));
        return true;
      }
      code = nextCode(code, <u32>size - 1);
    }
  }
  let second: u32 = 1 << tableBits;
  const mask = second - 1;
  let prefix: u32 = u32.MAX_VALUE;
  let begin: u32 = 0;
  for (let length: u32 = tableBits + 1; length <= MAX_BITS; length++) {
    const ones: u32 = (1 << length) - 1;
    for (let count = load<u32>(counts + ((<usize>length) << 2)); count > 0; count--) {
      if ((code & mask) !== prefix) {
        prefix = code & mask;
        begin = second;
        // as many bits as the longest code has that begins like this one
        let bits = length - tableBits;
        let used = count;
        while (used < (<u32>1) << bits) {
          bits++;
          used = (used << 1) + load<u32>(counts + ((<usize>(tableBits + bits)) << 2));
        }
        second += 1 << bits;
        putAt(table, prefix, special | SECOND | (begin << 16) | (bits << 8) | tableBits);
      }
      const meaning = load<u32>(meanings + ((<usize>load<u16>(at)) << 2));
      at += 2;
      const entry = meaning + (length - tableBits) * 0x0101;
      const step: u32 = 1 << (length - tableBits);
      for (let i = begin + (code >> tableBits); i < second; i += step) putAt(table, i, entry);
      if (code === ones) return true;
      code = nextCode(code, ones);
    }
  }
  return true;
}
