/**
 * Owns the module's place in memory. The memory is imported and may belong to somebody else: everything that is
 * kept between calls lies in the workspace, whose address `init` is told. Nothing is put anywhere else.
 */

/** Bytes that a copy may run past the end of what it was asked for; also before the start, when reading. */
export const MARGIN: usize = 32;

/** Error codes, shared by all decoders. Results are lengths; these are negative. */
export const TRUNCATED: i32 = -1;
export const BAD_OFFSET: i32 = -2;
export const TOO_LONG: i32 = -3;
export const MALFORMED: i32 = -4;
export const BAD_CHECKSUM: i32 = -5;
export const NEEDS_DICTIONARY: i32 = -6;

/** For an offset o < 16: sixteen bytes `i % o`, at `patterns + 16 * o`. */
export let patterns: usize = 0;
/** For an offset o < 16: the largest multiple of o within 16, at `steps + o`. */
export let steps: usize = 0;
/** Where the tables of zstd begin. */
export let zstdTables: usize = 0;
/** The tables of the encoders: hashes (64 KiB), and chains (128 KiB). */
export let hashTable: usize = 0;

/** The tables of the CRCs. */
export let crcTables: usize = 0;
/** Literals of a block of zstd: 128 KiB at most, and what fast copies run over. */
export let literalBuffer: usize = 0;
/** The tables of inflate. */
export let inflateTables: usize = 0;

const ZSTD_TABLE_BYTES: usize = 40 << 10;
const HASH_BYTES: usize = 192 << 10;
const CRC_BYTES: usize = 32 << 10;
const LITERAL_BYTES: usize = (128 << 10) + 64;
const INFLATE_BYTES: usize = 24 << 10;

export function placeWorkspace(base: usize): usize {
  patterns = base;
  steps = base + 256;
  zstdTables = base + 512;
  hashTable = zstdTables + ZSTD_TABLE_BYTES;
  crcTables = hashTable + HASH_BYTES;
  literalBuffer = crcTables + CRC_BYTES;
  inflateTables = literalBuffer + LITERAL_BYTES;
  for (let offset: usize = 1; offset < 16; offset++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(patterns + (offset << 4) + i, <u8>(i % offset));
    store<u8>(steps + offset, <u8>(16 - (16 % offset)));
  }
  return inflateTables + INFLATE_BYTES - base;
}
