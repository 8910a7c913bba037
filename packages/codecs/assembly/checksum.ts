/** Owns checksums that go over whole chunks: CRC-32s, sixteen bytes a step, and Fletcher-32 and Adler-32. Sums continue: chunks come in pieces. */
import { crcTables } from "./workspace";

/** Each polynomial, reflected, has sixteen tables of 256 entries: what a byte does to the register 0 … 15 bytes later. */
const TABLE_BYTES: usize = 16 << 10;
const CASTAGNOLI: u32 = 0x82f63b78;
const ETHERNET: u32 = 0xedb88320;

export function placeTables(): void {
  fillTables(crcTables, CASTAGNOLI);
  fillTables(crcTables + TABLE_BYTES, ETHERNET);
}

function fillTables(table: usize, polynomial: u32): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ polynomial : crc >> 1;
    store<u32>(table + ((<usize>i) << 2), crc);
  }
  for (let i: usize = 256; i < 4096; i++) {
    const before = load<u32>(table + ((i - 256) << 2));
    store<u32>(table + (i << 2), (before >> 8) ^ load<u32>(table + ((<usize>(before & 255)) << 2)));
  }
}

/** What byte `index` of `word` does, as many bytes before the end of the step as `table` is for. */
function lookUp(table: usize, word: u64, index: u64): u32 {
  return load<u32>(table + ((<usize>((word >> (index << 3)) & 255)) << 2));
}

/** @param kind 0: CRC-32C; 1: CRC-32. @param crc the sum so far, 0 at first */
export function crc32(kind: u32, crc: u32, at: usize, length: usize): u32 {
  const table = crcTables + (kind === 0 ? 0 : TABLE_BYTES);
  const end = at + length;
  crc = ~crc;
  while (end - at >= 16) {
    const a = load<u64>(at) ^ <u64>crc;
    const b = load<u64>(at, 8);
    crc =
      lookUp(table + (15 << 10), a, 0) ^
      lookUp(table + (14 << 10), a, 1) ^
      lookUp(table + (13 << 10), a, 2) ^
      lookUp(table + (12 << 10), a, 3) ^
      lookUp(table + (11 << 10), a, 4) ^
      lookUp(table + (10 << 10), a, 5) ^
      lookUp(table + (9 << 10), a, 6) ^
      lookUp(table + (8 << 10), a, 7) ^
      lookUp(table + (7 << 10), b, 0) ^
      lookUp(table + (6 << 10), b, 1) ^
      lookUp(table + (5 << 10), b, 2) ^
      lookUp(table + (4 << 10), b, 3) ^
      lookUp(table + (3 << 10), b, 4) ^
      lookUp(table + (2 << 10), b, 5) ^
      lookUp(table + (1 << 10), b, 6) ^
      lookUp(table, b, 7);
    at += 16;
  }
  while (at < end) {
    crc = (crc >> 8) ^ load<u32>(table + ((<usize>((crc ^ <u32>load<u8>(at)) & 255)) << 2));
    at++;
  }
  return ~crc;
}

function fold(sum: u32): u32 {
  return (sum & 0xffff) + (sum >> 16);
}

let sumA: u32 = 0;
let sumB: u32 = 0;

/**
 * Fletcher-32 over big-endian words of 16 bits. Pieces but the last have a multiple of 720 bytes.
 * @param first true for the first piece
 * @returns the checksum so far
 */
export function fletcher32(first: bool, at: usize, length: usize): u32 {
  let a: u32 = first ? 0 : sumA;
  let b: u32 = first ? 0 : sumB;
  const end = at + (length & ~1);
  while (at < end) {
    // so many additions can't exceed 32 bits
    const stop = end - at > 720 ? at + 720 : end;
    for (; at < stop; at += 2) {
      const word: u32 = load<u16>(at);
      a += ((word & 255) << 8) | (word >> 8);
      b += a;
    }
    a = fold(a);
    b = fold(b);
  }
  if (length & 1) {
    a += (<u32>load<u8>(end)) << 8;
    b += a;
    a = fold(a);
    b = fold(b);
  }
  sumA = a;
  sumB = b;
  return (fold(b) << 16) | fold(a);
}

const ADLER: u32 = 65521;

/** @param sum that of what came before, 1 at first */
export function adler32(sum: u32, at: usize, length: usize): u32 {
  let a = sum & 0xffff;
  let b = sum >> 16;
  const end = at + length;
  const first = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const second = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  while (end - at >= 16) {
    // so many bytes can't exceed 32 bits
    const count: usize = end - at >= 5552 ? 347 : (end - at) >> 4;
    const stop = at + (count << 4);
    let sums = i32x4.splat(0);
    let before = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    do {
      const bytes = v128.load(at);
      before = i32x4.add(before, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), first));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), second));
      at += 16;
    } while (at < stop);
    b += a * ((<u32>count) << 4) + (sumLanes(before) << 4) + sumLanes(weighted);
    a += sumLanes(sums);
    a %= ADLER;
    b %= ADLER;
  }
  while (at < end) {
    a += <u32>load<u8>(at++);
    b += a;
  }
  return ((b % ADLER) << 16) | (a % ADLER);
}

function sumLanes(lanes: v128): u32 {
  return (
    <u32>i32x4.extract_lane(lanes, 0) +
    <u32>i32x4.extract_lane(lanes, 1) +
    <u32>i32x4.extract_lane(lanes, 2) +
    <u32>i32x4.extract_lane(lanes, 3)
  );
}
