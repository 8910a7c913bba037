/* oxlint-disable no-loss-of-precision -- literals of AssemblyScript are exact, with 64 bits */
/**
 * Owns what all searches for matches share: tables, hashes, and what they yield. Sequences of 16 bytes: offset code
 * (1 … 3: last offsets, else the offset plus 3), length of literals, length of the match; and the literals, one after
 * another. Offsets reach back to the start of the source within the window: tables last a frame.
 */
import { copy } from "./copy";

/** No match starts within the last bytes of a block: eight are loaded at a time. */
export const LAST_START: usize = 8;
/** After each so many literals in a row the search skips one position more. */
export const SKIP_LOG: usize = 8;

/** One before the source: positions are counted from there, so that 0 is none. */
export let origin: usize = 0;
let firstSequence: usize = 0;
let nextSequence: usize = 0;
let firstLiteral: usize = 0;
let nextLiteral: usize = 0;
export let hashes: usize = 0;
export let chains: usize = 0;
export let maxOffset: usize = 0;
export let hashShift: u64 = 0;
export let chainShift: u64 = 0;
export let keyShift: u64 = 0;
/** The last two offsets; the block before, and the block at hand. */
export let recent0: usize = 1;
export let recent1: usize = 4;
let before0: usize = 1;
let before1: usize = 4;

export function sequencesEnd(): usize {
  return nextSequence;
}
export function literalsEnd(): usize {
  return nextLiteral;
}

export function placeMatches(
  source: usize,
  sequences: usize,
  literals: usize,
  hashTable: usize,
  chainTable: usize,
  windowLog: u32,
  hashLog: u32,
  chainLog: u32,
  minMatch: u32,
  clearChains: bool,
): void {
  origin = source - 1;
  firstSequence = sequences;
  firstLiteral = literals;
  hashes = hashTable;
  chains = chainTable;
  maxOffset = (<usize>1) << (<usize>windowLog);
  hashShift = 64 - <u64>hashLog;
  chainShift = 64 - <u64>chainLog;
  keyShift = 64 - ((<u64>minMatch) << 3);
  recent0 = 1;
  recent1 = 4;
  memory.fill(hashes, 0, (<usize>4) << (<usize>hashLog));
  if (clearChains) memory.fill(chains, 0, (<usize>4) << (<usize>chainLog));
}

/** The offsets that the next block may repeat. */
export function keepOffsets(r0: usize, r1: usize): void {
  recent0 = r0;
  recent1 = r1;
}

/** Undoes the last block: it is stored as it is, and says nothing of offsets. @returns 0 */
export function forget(): usize {
  recent0 = before0;
  recent1 = before1;
  return 0;
}

/** Begins a block. */
export function beginBlock(): void {
  nextSequence = firstSequence;
  nextLiteral = firstLiteral;
  before0 = recent0;
  before1 = recent1;
}

/** Ends a block: what follows its last match are literals. */
export function endBlock(anchor: usize, end: usize): void {
  copy(nextLiteral, anchor, end - anchor);
  nextLiteral += end - anchor;
}

/** Length of what is the same from `a` and `b` on, where `a` ends at `limit`. */
export function sameLength(a: usize, b: usize, limit: usize): usize {
  const start = a;
  while (a + 8 <= limit) {
    const other = load<u64>(a) ^ load<u64>(b);
    if (other !== 0) return a - start + (<usize>ctz<u64>(other) >> 3);
    a += 8;
    b += 8;
  }
  while (a < limit && load<u8>(a) === load<u8>(b)) {
    a++;
    b++;
  }
  return a - start;
}

/** Adds a sequence: the literals from `anchor` on, and a match. */
export function put(anchor: usize, literals: usize, code: usize, length: usize): void {
  // past the literals' buffer there are 64 bytes, past the source the margin
  let i: usize = 0;
  do {
    v128.store(nextLiteral + i, v128.load(anchor + i));
    i += 16;
  } while (i < literals);
  nextLiteral += literals;
  store<u32>(nextSequence, code);
  store<u32>(nextSequence, literals, 4);
  store<u32>(nextSequence, length, 8);
  nextSequence += 16;
}

export const PRIME: u64 = 0x9e3779b185ebca87;

/** Place of the hash of the bytes that a match has at least: 4 … 8. */
export function slotOf(at: usize): usize {
  return hashes + ((<usize>(((load<u64>(at) << keyShift) * PRIME) >> hashShift)) << 2);
}
