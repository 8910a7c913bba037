/** Owns the writing of zstd's literals: as they are, one byte over and over, or with a Huffman tree. */
import { addBits, beginBits, endBits, flushBits } from "./bit-writer";
import { copy } from "./copy";
import {
  buildEncoder,
  firstState,
  FSE_TABLE_BYTES,
  logFor,
  nextState,
  share,
  writeShares,
} from "./fse-encode";
import { counts } from "./zstd-tables";

const MAX_BITS: u32 = 11;
/** Fewer literals aren't worth a tree. */
const LEAST: usize = 64;
/** More have four streams. */
const ONE_STREAM: usize = 256;

/** Offsets in the memory that the caller lends. */
const COUNTS: usize = 0; // 4 × 256 × 4: histograms of every fourth literal
const CODES: usize = 4096; // 256 × 4: code (16 bits), its length (8)
const SORTED: usize = 5120; // 256 × 4: count and symbol
const NODES: usize = 6144; // 512 × 8: count, parent
const WEIGHTS: usize = 10240; // 256
const SCRATCH: usize = 10496; // 64
const TABLE: usize = 10560;
export const HUFFMAN_BYTES: usize = TABLE + FSE_TABLE_BYTES;

let work: usize = 0;

/**
 * Writes the literals section of a block.
 * @returns its length; 0 where it exceeds `limit`
 */
export function encodeLiterals(from: usize, count: usize, op: usize, limit: usize, memory: usize): usize {
  work = memory;
  if (count >= LEAST) {
    const largest = countLiterals(from, count);
    if (<usize>largest === count) {
      const head = putHead(op, 1, count);
      store<u8>(op + head, load<u8>(from));
      return head + 1;
    }
    if (<usize>largest > (count >> 7) + 4) {
      const written = compress(from, count, op, limit);
      if (written > 0) return written;
    }
  }
  if (count + 3 > limit) return 0;
  const head = putHead(op, 0, count);
  copy(op + head, from, count);
  return head + count;
}

/** The head of literals that aren't compressed. @returns its length */
function putHead(op: usize, kind: u32, count: usize): usize {
  if (count < 32) {
    store<u8>(op, <u8>(kind | ((<u32>count) << 3)));
    return 1;
  }
  if (count < 4096) {
    store<u16>(op, <u16>(kind | 4 | ((<u32>count) << 4)));
    return 2;
  }
  store<u32>(op, kind | 12 | ((<u32>count) << 4));
  return 3;
}

/** @returns how often the most frequent literal occurs */
function countLiterals(from: usize, count: usize): u32 {
  const table = work + COUNTS;
  memory.fill(table, 0, 4096);
  const end = from + count;
  for (; from + 4 <= end; from += 4) {
    const word = load<u32>(from);
    // four tables: the same literal again doesn't wait for its own count
    let at = table + ((<usize>(word & 255)) << 2);
    store<u32>(at, load<u32>(at) + 1);
    at = table + ((<usize>((word >> 8) & 255)) << 2);
    store<u32>(at, load<u32>(at, 1024) + 1, 1024);
    at = table + ((<usize>((word >> 16) & 255)) << 2);
    store<u32>(at, load<u32>(at, 2048) + 1, 2048);
    at = table + ((<usize>(word >> 24)) << 2);
    store<u32>(at, load<u32>(at, 3072) + 1, 3072);
  }
  for (; from < end; from++) {
    const at = table + ((<usize>load<u8>(from)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let largest: u32 = 0;
  for (let at = table; at < table + 1024; at += 4) {
    const sum = load<u32>(at) + load<u32>(at, 1024) + load<u32>(at, 2048) + load<u32>(at, 3072);
    store<u32>(at, sum);
    if (sum > largest) largest = sum;
  }
  return largest;
}

/** @returns the section's length; 0 where it isn't shorter than the literals */
function compress(from: usize, count: usize, op: usize, limit: usize): usize {
  const last = makeCodes();
  if (last === 0) return 0;
  let bits: usize = 0;
  for (let symbol: usize = 0; symbol <= <usize>last; symbol++)
    bits +=
      <usize>load<u32>(work + COUNTS + (symbol << 2)) * <usize>load<u8>(work + CODES + (symbol << 2), 2);
  const most = count - (count >> 6) - 2 < limit ? count - (count >> 6) - 2 : limit;
  // with the streams' padding and the jump table
  if ((bits >> 3) + 20 > most) return 0;
  const head: usize = count < 1024 ? 3 : count < 16384 ? 4 : 5;
  let at = op + head;
  const tree = writeTree(at, last);
  if (tree === 0) return 0;
  at += tree;
  if (head + tree + (bits >> 3) + 20 > most) return 0;
  if (count < ONE_STREAM) at = writeStream(from, count, at);
  else {
    const jumps = at;
    const quarter = (count + 3) >> 2;
    at += 6;
    for (let i: usize = 0; i < 4; i++) {
      const start = at;
      at = writeStream(from + i * quarter, i < 3 ? quarter : count - 3 * quarter, at);
      if (i < 3) store<u16>(jumps + (i << 1), <u16>(at - start));
    }
  }
  const stored = <u64>(at - op - head);
  const format: u64 = count < ONE_STREAM ? 0 : count < 1024 ? 1 : count < 16384 ? 2 : 3;
  const width: u64 = format < 2 ? 10 : format === 2 ? 14 : 18;
  const value = 2 | (format << 2) | ((<u64>count) << 4) | (stored << (4 + width));
  store<u16>(op, <u16>value);
  store<u8>(op, <u8>(value >> 16), 2);
  if (head > 3) store<u8>(op, <u8>(value >> 24), 3);
  if (head > 4) store<u8>(op, <u8>(value >> 32), 4);
  return at - op;
}

/** Codes from the last symbol to the first, with a 1 at the end. @returns the end */
function writeStream(from: usize, count: usize, op: usize): usize {
  const codes = work + CODES;
  let word: u64 = 0;
  let used: u64 = 0;
  let at = from + count;
  // five codes have at most 55 bits
  while (at >= from + 5) {
    at -= 5;
    let code = load<u32>(codes + ((<usize>load<u8>(at, 4)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
    code = load<u32>(codes + ((<usize>load<u8>(at, 3)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
    code = load<u32>(codes + ((<usize>load<u8>(at, 2)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
    code = load<u32>(codes + ((<usize>load<u8>(at, 1)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
    code = load<u32>(codes + ((<usize>load<u8>(at)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
    store<u64>(op, word);
    op += <usize>(used >> 3);
    word >>= used & 56;
    used &= 7;
  }
  while (at > from) {
    const code = load<u32>(codes + ((<usize>load<u8>(--at)) << 2));
    word |= (<u64>(code & 0xffff)) << used;
    used += <u64>(code >> 16);
  }
  word |= (<u64>1) << used;
  store<u64>(op, word);
  return op + <usize>((used + 8) >> 3);
}

/** Lengths of codes from the counts, and the codes. @returns the last symbol; 0 where that isn't to be had */
function makeCodes(): u32 {
  const total = sortCounts();
  const sorted = work + SORTED;
  const nodes = work + NODES;
  // leaves first, rarest first; then the nodes that join the two rarest that are left
  for (let i: usize = 0; i < total; i++) store<u32>(nodes + (i << 3), load<u32>(sorted + (i << 2)) >> 8);
  let leaf: usize = 0;
  let inner = total;
  for (let node = total; node < 2 * total - 1; node++) {
    let sum: u32 = 0;
    for (let k = 0; k < 2; k++) {
      const useLeaf =
        leaf < total && (inner >= node || load<u32>(nodes + (leaf << 3)) <= load<u32>(nodes + (inner << 3)));
      const child = useLeaf ? leaf++ : inner++;
      sum += load<u32>(nodes + (child << 3));
      store<u32>(nodes + (child << 3), <u32>node, 4);
    }
    store<u32>(nodes + (node << 3), sum);
  }
  // depths from the root on take the place of counts
  const root = nodes + ((2 * total - 2) << 3);
  store<u32>(root, 0);
  for (let at = root - 8; at >= nodes; at -= 8)
    store<u32>(at, load<u32>(nodes + ((<usize>load<u32>(at, 4)) << 3)) + 1);
  if (!limitDepths(total)) return 0;

  const codes = work + CODES;
  memory.fill(codes, 0, 1024);
  let longest: u32 = 0;
  let last: u32 = 0;
  for (let i: usize = 0; i < total; i++) {
    const symbol = load<u32>(sorted + (i << 2)) & 255;
    const bits = load<u32>(nodes + (i << 3));
    store<u8>(codes + ((<usize>symbol) << 2), <u8>bits, 2);
    if (bits > longest) longest = bits;
    if (symbol > last) last = symbol;
  }
  // the longest codes are the lowest, equal ones in the order of their symbols
  let next: u32 = 0;
  for (let bits = longest; bits > 0; bits--) {
    for (let symbol: usize = 0; symbol <= <usize>last; symbol++) {
      const entry = codes + (symbol << 2);
      if (<u32>load<u8>(entry, 2) !== bits) continue;
      store<u16>(entry, <u16>next);
      next++;
    }
    next >>= 1;
  }
  for (let symbol: usize = 0; symbol <= <usize>last; symbol++) {
    const bits: u32 = load<u8>(codes + (symbol << 2), 2);
    store<u8>(work + WEIGHTS + symbol, <u8>(bits === 0 ? 0 : longest + 1 - bits));
  }
  return last;
}

/** Symbols that occur, rarest first: `count << 8 | symbol`. @returns how many */
function sortCounts(): usize {
  const sorted = work + SORTED;
  let total: usize = 0;
  for (let symbol: u32 = 0; symbol < 256; symbol++) {
    const count = load<u32>(work + COUNTS + ((<usize>symbol) << 2));
    if (count === 0) continue;
    store<u32>(sorted + (total << 2), (count << 8) | symbol);
    total++;
  }
  for (let gap: usize = 121; gap > 0; gap = gap / 3) {
    for (let i = gap; i < total; i++) {
      const value = load<u32>(sorted + (i << 2));
      let at = i;
      while (at >= gap && load<u32>(sorted + ((at - gap) << 2)) > value) {
        store<u32>(sorted + (at << 2), load<u32>(sorted + ((at - gap) << 2)));
        at -= gap;
      }
      store<u32>(sorted + (at << 2), value);
    }
  }
  return total;
}

/** Shortens codes of more than eleven bits, at the cost of others. @returns false where no full tree came out */
function limitDepths(total: usize): bool {
  const nodes = work + NODES;
  const full: i32 = 1 << MAX_BITS;
  let sum: i32 = 0;
  for (let i: usize = 0; i < total; i++) {
    const at = nodes + (i << 3);
    if (load<u32>(at) > MAX_BITS) store<u32>(at, MAX_BITS);
    sum += full >> load<u32>(at);
  }
  for (let i: usize = 0; i < total && sum > full; i++) {
    const at = nodes + (i << 3);
    while (load<u32>(at) < MAX_BITS && sum > full) {
      store<u32>(at, load<u32>(at) + 1);
      sum -= full >> load<u32>(at);
    }
  }
  for (let i = total; i > 0 && sum < full; i--) {
    const at = nodes + ((i - 1) << 3);
    while (load<u32>(at) > 1 && sum + (full >> load<u32>(at)) <= full) {
      sum += full >> load<u32>(at);
      store<u32>(at, load<u32>(at) - 1);
    }
  }
  return sum === full;
}

/** Writes the weights of all symbols but the last. @returns bytes; 0 where they can't be told */
function writeTree(op: usize, last: u32): usize {
  const packed = packWeights(op + 1, last);
  const plain = (<usize>last + 1) >> 1;
  if (packed > 0 && packed < 128 && (last > 128 || packed < plain)) {
    store<u8>(op, <u8>packed);
    return packed + 1;
  }
  if (last > 128) return 0;
  store<u8>(op, <u8>(last + 127));
  store<u8>(work + WEIGHTS + <usize>last, 0);
  for (let i: usize = 0; i < plain; i++) {
    const at = work + WEIGHTS + (i << 1);
    store<u8>(op + 1 + i, (load<u8>(at) << 4) | load<u8>(at, 1));
  }
  return plain + 1;
}

/** The weights as two FSE streams that take turns. @returns bytes; 0 where there is nothing to gain */
function packWeights(op: usize, last: u32): usize {
  const weights = work + WEIGHTS;
  memory.fill(counts(), 0, 32);
  let most: u32 = 0;
  let symbols: u32 = 0;
  for (let i: usize = 0; i < <usize>last; i++) {
    const weight: u32 = load<u8>(weights + i);
    const at = counts() + ((<usize>weight) << 1);
    const count: u32 = <u32>load<u16>(at) + 1;
    store<u16>(at, <u16>count);
    if (count > most) most = count;
    if (weight >= symbols) symbols = weight + 1;
  }
  if (most === last || most === 1 || last < 2) return 0;
  const log = logFor(last, symbols, 6);
  share(symbols, last, log, 1);
  const body = writeShares(op, symbols, log);
  const table = work + TABLE;
  buildEncoder(table, symbols, log, work + SCRATCH);
  beginBits(body);
  let i = <usize>last;
  // the symbols at even places are the first stream's
  let one: u32;
  let two: u32;
  if (i & 1) {
    one = firstState(table, <usize>load<u8>(weights + --i));
    two = firstState(table, <usize>load<u8>(weights + --i));
  } else {
    two = firstState(table, <usize>load<u8>(weights + --i));
    one = firstState(table, <usize>load<u8>(weights + --i));
  }
  while (i > 0) {
    i--;
    const weight = <usize>load<u8>(weights + i);
    if (i & 1) two = nextState(table, two, weight);
    else one = nextState(table, one, weight);
    flushBits();
  }
  addBits(<u64>(two & ((1 << log) - 1)), log);
  addBits(<u64>(one & ((1 << log) - 1)), log);
  return endBits() - op;
}
