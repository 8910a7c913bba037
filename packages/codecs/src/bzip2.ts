/** Owns the bz2 codec, reading only: streams of blocks, each a Burrows–Wheeler transform coded with Huffman trees. */
import type { Codec, CodecSpec } from "./codec.js";
import { damaged, deliver, MAX_UNTOLD_SIZE, readOnly, sizeError } from "./output.js";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP = 50;
const MAX_CODE = 20;

export function bzip2Codec(spec: CodecSpec): Codec {
  const name = spec.name;
  return {
    name,
    decode: (bytes, size, out) => deliver(name, bzip2Decode(name, bytes, size), size, out),
    encode: readOnly(name),
  };
}

/** Bits, most significant first. Past the end it throws. */
class Bits {
  at = 0;
  readonly #codec: string;
  readonly #bytes: Uint8Array;
  constructor(codec: string, bytes: Uint8Array) {
    this.#codec = codec;
    this.#bytes = bytes;
  }
  /** `width` of at most 24 bits. */
  take(width: number): number {
    const value = this.peek(width);
    this.at += width;
    if (this.at > this.#bytes.length * 8) throw damaged(this.#codec, "ends too early");
    return value;
  }
  /** The same without moving; zeros past the end. */
  peek(width: number): number {
    const byte = this.at >>> 3;
    const bytes = this.#bytes;
    const word = (bytes[byte] << 24) | (bytes[byte + 1] << 16) | (bytes[byte + 2] << 8) | bytes[byte + 3];
    return width === 0 ? 0 : ((word << (this.at & 7)) >>> 0) >>> (32 - width);
  }
  take48(): number {
    return this.take(24) * 2 ** 24 + this.take(24);
  }
  take32(): number {
    return this.take(16) * 65536 + this.take(16);
  }
  alignToByte(): void {
    this.at = (this.at + 7) & ~7;
  }
  get left(): number {
    return this.#bytes.length * 8 - this.at;
  }
}

/** Bytes that grow as they are written, to a limit. */
class Sink {
  bytes: Uint8Array;
  length = 0;
  readonly #codec: string;
  readonly #limit: number;
  readonly #size: number | null;
  constructor(codec: string, size: number | null) {
    this.#codec = codec;
    this.#size = size;
    this.#limit = size ?? MAX_UNTOLD_SIZE;
    this.bytes = new Uint8Array(size ?? 65536);
  }
  add(byte: number, count: number): void {
    const end = this.length + count;
    if (end > this.bytes.length) {
      if (end > this.#limit) throw sizeError(this.#codec, end, this.#size ?? this.#limit);
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(end, this.bytes.length * 2)));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    if (count === 1) this.bytes[this.length] = byte;
    else this.bytes.fill(byte, this.length, end);
    this.length = end;
  }
}

function bzip2Decode(codec: string, bytes: Uint8Array, size: number | null): Uint8Array {
  const bits = new Bits(codec, bytes);
  const sink = new Sink(codec, size);
  do {
    if (bits.take(24) !== 0x425a68) throw damaged(codec, "doesn't start as bzip2 does");
    const level = bits.take(8) - 48;
    if (level < 1 || level > 9) throw damaged(codec, `block size "${level}"`);
    const block = new Uint32Array(level * 100_000);
    let combined = 0;
    for (;;) {
      const magic = bits.take48();
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw damaged(codec, "a block doesn't start as blocks do");
      const stored = bits.take32();
      const found = decodeBlock(codec, bits, block, sink);
      if (found !== stored) throw damaged(codec, "a block doesn't match its checksum");
      combined = (((combined << 1) | (combined >>> 31)) ^ found) >>> 0;
    }
    if (bits.take32() !== combined) throw damaged(codec, "doesn't match its checksum");
    bits.alignToByte();
  } while (bits.left > 0);
  return sink.bytes.subarray(0, sink.length);
}

/** @returns the block's checksum */
function decodeBlock(codec: string, bits: Bits, block: Uint32Array, sink: Sink): number {
  if (bits.take(1)) throw damaged(codec, "is of a version that randomised blocks");
  const origin = bits.take(24);
  const symbols: number[] = [];
  const map = bits.take(16);
  for (let i = 0; i < 16; i++) {
    if (!((map >> (15 - i)) & 1)) continue;
    const row = bits.take(16);
    for (let k = 0; k < 16; k++) if ((row >> (15 - k)) & 1) symbols.push(16 * i + k);
  }
  const treeCount = bits.take(3);
  const selectorCount = bits.take(15);
  if (symbols.length === 0 || treeCount < 2 || treeCount > 6 || selectorCount === 0)
    throw damaged(codec, "the trees of a block aren't well-formed");
  const order = [0, 1, 2, 3, 4, 5];
  const selectors = new Uint8Array(selectorCount);
  for (let i = 0; i < selectorCount; i++) {
    let rank = 0;
    while (bits.take(1)) if (++rank >= treeCount) throw damaged(codec, "a tree is chosen that isn't there");
    selectors[i] = order[rank];
    order.splice(rank, 1);
    order.unshift(selectors[i]);
  }
  const trees = Array.from({ length: treeCount }, () => readTree(codec, bits, symbols.length + 2));

  const counts = new Uint32Array(256);
  const end = symbols.length + 1;
  let length = 0;
  let run = 0;
  let place = 1;
  for (let group = 0, left = 0, tree = trees[0]; ; left--) {
    if (left === 0) {
      if (group === selectorCount) throw damaged(codec, "a block has more symbols than trees for them");
      tree = trees[selectors[group++]];
      left = GROUP;
    }
    const symbol = takeSymbol(codec, bits, tree);
    if (symbol < 2) {
      // runs are written in a base of two digits that are worth 1 and 2
      run += place << symbol;
      place *= 2;
      if (run > block.length) throw damaged(codec, "a run is longer than its block");
      continue;
    }
    if (run > 0) {
      if (length + run > block.length) throw damaged(codec, "a block is longer than it may be");
      counts[symbols[0]] += run;
      block.fill(symbols[0], length, length + run);
      length += run;
      run = 0;
      place = 1;
    }
    if (symbol === end) break;
    if (length === block.length) throw damaged(codec, "a block is longer than it may be");
    const [byte] = symbols.splice(symbol - 1, 1);
    symbols.unshift(byte);
    counts[byte]++;
    block[length++] = byte;
  }
  if (origin >= length) throw damaged(codec, "a block starts behind its end");
  return unsort(block, length, origin, counts, sink);
}

/** Canonical codes: those of n bits, left-justified, are below `limits[n]`, and `symbols` has them in order. */
interface Tree {
  readonly limits: Uint32Array;
  /** For each length: what to add to a code to get its place in `symbols`. */
  readonly offsets: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
}

function readTree(codec: string, bits: Bits, size: number): Tree {
  const lengths = new Uint8Array(size);
  let length = bits.take(5);
  for (let i = 0; i < size; i++) {
    while (length >= 1 && length <= MAX_CODE && bits.take(1)) length += bits.take(1) ? -1 : 1;
    if (length < 1 || length > MAX_CODE) throw damaged(codec, `a code of ${length} bits`);
    lengths[i] = length;
  }
  const limits = new Uint32Array(MAX_CODE + 1);
  const offsets = new Int32Array(MAX_CODE + 1);
  const symbols = new Uint16Array(size);
  let code = 0;
  let place = 0;
  for (let width = 1; width <= MAX_CODE; width++) {
    offsets[width] = place - (code >>> (MAX_CODE - width));
    for (let symbol = 0; symbol < size; symbol++) {
      if (lengths[symbol] !== width) continue;
      symbols[place++] = symbol;
      code += 1 << (MAX_CODE - width);
    }
    limits[width] = code;
  }
  if (code > 1 << MAX_CODE) throw damaged(codec, "a tree has too many codes");
  return { limits, offsets, symbols, shortest: Math.min(...lengths) };
}

function takeSymbol(codec: string, bits: Bits, tree: Tree): number {
  const code = bits.peek(MAX_CODE);
  let width = tree.shortest;
  while (width <= MAX_CODE && code >= tree.limits[width]) width++;
  if (width > MAX_CODE) throw damaged(codec, "a code belongs to no symbol");
  bits.take(width);
  return tree.symbols[(code >>> (MAX_CODE - width)) + tree.offsets[width]];
}

/** Undoes the transform and the run lengths of four; @returns the checksum of what was written. */
function unsort(block: Uint32Array, length: number, origin: number, counts: Uint32Array, sink: Sink): number {
  let sum = 0;
  for (let i = 0; i < 256; i++) {
    const count = counts[i];
    counts[i] = sum;
    sum += count;
  }
  for (let i = 0; i < length; i++) block[counts[block[i] & 255]++] |= i << 8;
  const start = sink.length;
  let next = block[origin] >>> 8;
  let before = -1;
  let same = 0;
  for (let i = 0; i < length; i++) {
    const entry = block[next];
    next = entry >>> 8;
    const byte = entry & 255;
    if (same === 4) {
      if (byte > 0) sink.add(before, byte);
      same = 0;
      before = -1;
      continue;
    }
    same = byte === before ? same + 1 : 1;
    before = byte;
    sink.add(byte, 1);
  }
  return crcOf(sink.bytes, start, sink.length);
}

let table: Uint32Array | undefined;

/** bzip2's CRC-32: the polynomial of Ethernet, most significant bit first. */
function crcOf(bytes: Uint8Array, start: number, stop: number): number {
  table ??= Uint32Array.from({ length: 256 }, (_, i) => {
    let crc = i << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    return crc >>> 0;
  });
  let crc = 0xffffffff;
  for (let i = start; i < stop; i++) crc = (crc << 8) ^ table[(crc >>> 24) ^ bytes[i]];
  return ~crc >>> 0;
}
