/**
 * Owns thorough LZ4 encoding: chains of all earlier positions with the same hash, searched to a depth, and one step
 * of laziness. Slower than `lz4.ts`, shorter results, the same format.
 */
import { copy } from "./copy";
import { commonLength, putLength } from "./lz4";
import { hashTable } from "./workspace";

const HASH_LOG: u32 = 14;
/** Positions are kept for as long as a match may reach back. */
const CHAIN_MASK: usize = 0xffff;
const LAST_START: usize = 12;
const LAST_LITERALS: usize = 5;
const MIN_MATCH: usize = 4;

function hash4(at: usize): usize {
  return <usize>((load<u32>(at) * 2654435761) >> (32 - HASH_LOG));
}

/** The chain: for each position, counted modulo 65536, how far back the one before it with its hash lies; 0: nowhere. */
function chain(): usize {
  return hashTable + ((<usize>4) << HASH_LOG);
}

/** Length and place of what {@link search} found. */
let foundLength: usize = 0;
let foundAt: usize = 0;
/** The first position that isn't in the tables yet. */
let inserted: usize = 0;

/** Enters all positions before `stop` into the tables. Positions are counted from `origin`, one before the start. */
function insert(stop: usize, origin: usize): void {
  while (inserted < stop) {
    const slot = hashTable + (hash4(inserted) << 2);
    const position = inserted - origin;
    const distance = position - <usize>load<u32>(slot);
    const known = load<u32>(slot) !== 0 && distance <= 65535;
    store<u16>(chain() + ((position & CHAIN_MASK) << 1), known ? <u16>distance : 0);
    store<u32>(slot, <u32>position);
    inserted++;
  }
}

/** Looks for the longest match at `ip`, longer than `best`, among at most `depth` candidates. */
function search(ip: usize, origin: usize, limit: usize, depth: u32, best: usize): void {
  insert(ip, origin);
  foundLength = best;
  const position = ip - origin;
  let candidate = <usize>load<u32>(hashTable + (hash4(ip) << 2));
  if (candidate === 0) return;
  while (depth-- > 0 && position - candidate <= 65535) {
    const at = origin + candidate;
    // a longer match has the byte that follows the best one so far
    if (ip + foundLength < limit && load<u8>(at + foundLength) === load<u8>(ip + foundLength)) {
      const length = commonLength(ip, at, limit);
      if (length > foundLength) {
        foundLength = length;
        foundAt = at;
      }
    }
    const distance = <usize>load<u16>(chain() + ((candidate & CHAIN_MASK) << 1));
    if (distance === 0 || distance >= candidate) return;
    candidate -= distance;
  }
}

/** @param depth candidates a search. @returns bytes written, or 0 where they would exceed `targetLength` */
export function lz4EncodeThorough(
  source: usize,
  sourceLength: usize,
  target: usize,
  targetLength: usize,
  depth: u32,
): i32 {
  const end = source + sourceLength;
  const outputEnd = target + targetLength;
  let anchor = source;
  let op = target;
  if (sourceLength > LAST_START) {
    const origin = source - 1;
    const startLimit = end - LAST_START;
    const matchLimit = end - LAST_LITERALS;
    memory.fill(hashTable, 0, (<usize>4) << HASH_LOG);
    inserted = source;
    let ip = source;
    while (ip < startLimit) {
      search(ip, origin, matchLimit, depth, MIN_MATCH - 1);
      if (foundLength < MIN_MATCH) {
        ip++;
        continue;
      }
      let length = foundLength;
      let match = foundAt;
      // wait for as long as the next position has a match that is longer still
      while (ip + 1 < startLimit) {
        search(ip + 1, origin, matchLimit, depth, length);
        if (foundLength <= length) break;
        ip++;
        length = foundLength;
        match = foundAt;
      }
      const literals = ip - anchor;
      if (outputEnd < op || outputEnd - op < literals + literals / 255 + length / 255 + 24) return 0;
      const token = op++;
      if (literals >= 15) {
        store<u8>(token, 0xf0);
        op = putLength(op, literals);
      } else store<u8>(token, <u8>(literals << 4));
      copy(op, anchor, literals);
      op += literals;
      store<u16>(op, <u16>(ip - match));
      op += 2;
      const rest = length - MIN_MATCH;
      if (rest >= 15) {
        store<u8>(token, load<u8>(token) + 15);
        op = putLength(op, rest);
      } else store<u8>(token, load<u8>(token) + <u8>rest);
      ip += length;
      anchor = ip;
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
