/**
 * Owns the writing of zstd frames: settings of the levels, the frame, and its blocks: as they are, one byte over and
 * over, or compressed. Works in memory that the caller lends.
 */
import { copy } from "./copy";
import { encodeLiterals, HUFFMAN_BYTES } from "./zstd-huffman-encode";
import { doubleFast, fast } from "./zstd-fast";
import { lazy, placeChains } from "./zstd-lazy";
import {
  beginBlock,
  endBlock,
  forget,
  LAST_START,
  literalsEnd,
  placeMatches,
  sequencesEnd,
} from "./zstd-match";
import { encodeSequences, SEQUENCE_TABLE_BYTES } from "./zstd-sequences-encode";

const MAX_BLOCK: usize = 128 << 10;
/** Sequences of a block: a match has at least four bytes. */
const SEQUENCE_BYTES: usize = ((MAX_BLOCK >> 2) + 1) << 4;

/** The searches, from quick to thorough. */
const FAST: u32 = 1;
const DOUBLE_FAST: u32 = 2;
const GREEDY: u32 = 3;
const LAZY: u32 = 4;
const LAZY2: u32 = 5;

/** The first offsets of a frame, 1 and 4, are to be had from here on. */
const FIRST_START: usize = 4;

/** What a level asks for: a search, and the logarithms of its window, tables and depth. */
let strategy: u32 = 0;
let windowLog: u32 = 0;
let hashLog: u32 = 0;
let chainLog: u32 = 0;
let searchLog: u32 = 0;
let minMatch: u32 = 0;
/** Positions that a quick search goes on at a time, at least. */
let acceleration: usize = 1;

function choose(s: u32, window: u32, chain: u32, hash: u32, search: u32, match: u32): void {
  strategy = s;
  windowLog = window;
  chainLog = chain;
  hashLog = hash;
  searchLog = search;
  minMatch = match;
}

/** The settings of a level for so many bytes, much as libzstd has them. */
function configure(level: i32, length: usize): void {
  if (length > 256 << 10) {
    if (level <= 1) choose(FAST, 19, 0, 15, 0, 7);
    else if (level === 2) choose(FAST, 20, 0, 16, 0, 6);
    else if (level === 3) choose(DOUBLE_FAST, 21, 16, 17, 0, 5);
    else if (level === 4) choose(DOUBLE_FAST, 21, 18, 18, 0, 5);
    else if (level === 5) choose(GREEDY, 21, 18, 18, 3, 5);
    else if (level === 6) choose(LAZY, 21, 18, 18, 3, 5);
    else if (level === 7) choose(LAZY, 21, 19, 19, 4, 5);
    else if (level === 8) choose(LAZY2, 21, 19, 19, 4, 5);
    else if (level === 9) choose(LAZY2, 22, 20, 20, 4, 5);
    else choose(LAZY2, 22, 21, 21, 5, 5);
  } else if (level <= 1) choose(FAST, 18, 0, 14, 0, 6);
  else if (level === 2) choose(DOUBLE_FAST, 18, 14, 15, 0, 5);
  else if (level === 3) choose(DOUBLE_FAST, 18, 16, 16, 0, 4);
  else if (level === 4) choose(GREEDY, 18, 17, 16, 3, 5);
  else if (level === 5) choose(GREEDY, 18, 18, 16, 5, 5);
  else if (level === 6) choose(LAZY, 18, 18, 16, 3, 5);
  else if (level === 7) choose(LAZY, 18, 18, 16, 4, 4);
  else if (level === 8) choose(LAZY2, 18, 18, 16, 4, 4);
  else choose(LAZY2, 18, 18, 17, <u32>level - 4, 4);
  // no more than there is
  const log: u32 = length < 2 ? 6 : 32 - clz<u32>(<u32>length - 1);
  if (windowLog > log) windowLog = log < 10 ? 10 : log;
  if (hashLog > log + 1) hashLog = log < 6 ? 7 : log + 1;
  if (chainLog > log) chainLog = log < 6 ? 6 : log;
}

/** Bytes of work that {@link zstdEncode} needs, aligned to sixteen. */
export function zstdEncodeWork(level: i32, length: usize): usize {
  configure(level, length);
  return (
    ((<usize>4) << (<usize>hashLog)) +
    ((<usize>4) << (<usize>chainLog)) +
    SEQUENCE_BYTES +
    MAX_BLOCK +
    HUFFMAN_BYTES +
    SEQUENCE_TABLE_BYTES +
    256
  );
}

/**
 * Encodes into one frame, which says its content's length.
 * @param targetLength at least 256 bytes more than `sourceLength` and its 128th part
 * @param work of `zstdEncodeWork` bytes
 * @returns bytes written, or 0 where the target is too short
 */
export function zstdEncode(
  source: usize,
  sourceLength: usize,
  target: usize,
  targetLength: usize,
  work: usize,
  level: i32,
): i32 {
  if (targetLength < sourceLength + (sourceLength >> 7) + 256) return 0;
  configure(level, sourceLength);
  const hashes = work;
  const chains = hashes + ((<usize>4) << (<usize>hashLog));
  const sequences = chains + ((<usize>4) << (<usize>chainLog));
  const literals = sequences + SEQUENCE_BYTES;
  const huffman = literals + MAX_BLOCK + 64;
  const tables = huffman + HUFFMAN_BYTES;
  placeMatches(
    source,
    sequences,
    literals,
    hashes,
    chains,
    windowLog,
    hashLog,
    chainLog,
    minMatch,
    strategy === DOUBLE_FAST,
  );
  placeChains(source, chainLog, searchLog);
  acceleration = level < 0 ? <usize>(1 - level) : 1;
  let op = putHeader(target, sourceLength);
  let ip = source;
  const end = source + sourceLength;
  do {
    const length = end - ip < MAX_BLOCK ? end - ip : MAX_BLOCK;
    const last: u32 = ip + length === end ? 1 : 0;
    const written = encodeBlock(source, ip, length, op + 3, sequences, literals, huffman, tables);
    // kind 0: as it is, 1: one byte over and over, 2: compressed
    let head: u32 = last | ((<u32>length) << 3);
    if (written === 0) copy(op + 3, ip, length);
    else if (written === 1) {
      store<u8>(op + 3, load<u8>(ip));
      head |= 2;
    } else head = last | 4 | ((<u32>written) << 3);
    store<u16>(op, <u16>head);
    store<u8>(op, <u8>(head >> 16), 2);
    op += 3 + (written === 0 ? length : written);
    ip += length;
  } while (ip < end);
  return <i32>(op - target);
}

function putHeader(op: usize, length: usize): usize {
  store<u32>(op, 0xfd2fb528);
  const single = length <= (<usize>1) << (<usize>windowLog);
  const size: u32 = single && length < 256 ? 0 : length >= 256 && length < 65792 ? 1 : 2;
  store<u8>(op, <u8>((size << 6) | (single ? 32 : 0)), 4);
  op += 5;
  if (!single) store<u8>(op++, <u8>((windowLog - 10) << 3));
  if (size === 0) {
    store<u8>(op, <u8>length);
    return op + 1;
  }
  if (size === 1) {
    store<u16>(op, <u16>(length - 256));
    return op + 2;
  }
  store<u32>(op, <u32>length);
  return op + 4;
}

/** @returns the length of a compressed block; 0: it isn't shorter; 1: all bytes are the same */
function encodeBlock(
  source: usize,
  ip: usize,
  length: usize,
  target: usize,
  sequences: usize,
  literals: usize,
  huffman: usize,
  tables: usize,
): usize {
  if (length < 8) return 0;
  if (load<u64>(ip) === rotl<u64>(load<u64>(ip), 8) && sameFrom(ip, length)) {
    return 1;
  }
  findMatches(ip, length, ip === source);
  // worth it only where it saves something
  const limit = length - (length >> 7) - 2;
  const first = encodeLiterals(literals, literalsEnd() - literals, target, limit, huffman);
  if (first === 0) return forget();
  const second = encodeSequences(sequences, sequencesEnd(), target + first, limit - first, tables);
  if (second === 0) return forget();
  return first + second;
}

/** Fills the sequences and literals of one block; those before it have been searched. */
function findMatches(block: usize, length: usize, isFirst: bool): void {
  beginBlock();
  const end = block + length;
  const start = isFirst ? block + FIRST_START : block;
  let anchor = block;
  if (length > LAST_START + FIRST_START) {
    if (strategy === FAST) anchor = fast(start, block, end, acceleration);
    else if (strategy === DOUBLE_FAST) anchor = doubleFast(start, block, end);
    else anchor = lazy(start, block, end, strategy - GREEDY);
  }
  endBlock(anchor, end);
}

function sameFrom(at: usize, length: usize): bool {
  const stop = at + length - 8;
  const word = load<u64>(at);
  for (let i = at; i < stop; i += 8) if (load<u64>(i) !== word) return false;
  return load<u64>(stop) === word;
}
