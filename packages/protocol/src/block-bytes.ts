/**
 * Owns the bytes of blocks on their way: the fields one after another, each padded with zeros to a multiple
 * of 8. Numbers lie there as in memory (little-endian, C order); strings as a length of 8 bytes and a
 * msgpack list. Dtypes and shapes are not said: both sides know the plan.
 */
import { crc32 } from "node:zlib";
import { type Block, blockBytes, fromParts, toParts } from "@hyperslab/core/block";
import { type ChunkGrid, blockBox } from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { ProtocolError } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { coordsOfBlock } from "@hyperslab/core/task-graph";
import { pack, unpack } from "./frames.js";

/** A block that is larger is not sent. */
export const MAX_BLOCK: number = 2 ** 31 - 2 ** 20;
/** Larger blocks are cut into pieces of this size. */
export const PIECE: number = 2 ** 24;

/** Bytes that the fields of a block occupy in memory. */
export function fieldBytes(fields: readonly Block[]): number {
  let bytes = 0;
  for (const field of fields) bytes += blockBytes(field);
  return bytes;
}

/** The next multiple of 8. */
export function padded(bytes: number): number {
  return (bytes + 7) & ~7;
}

const ZEROS = new Uint8Array(8);

/** The bytes of a block: views of its numbers where it has any, with padding between them. */
export function blockToBytes(fields: readonly Block[]): Uint8Array[] {
  const bytes: Uint8Array[] = [];
  const add = (part: Uint8Array): void => {
    if (part.length > 0) bytes.push(part);
    if (part.length % 8 > 0) bytes.push(ZEROS.subarray(0, 8 - (part.length % 8)));
  };
  for (const field of fields) {
    if (!Array.isArray(field.data)) {
      add(toParts(field).bytes);
      continue;
    }
    const list = pack(field.data);
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(list.length), true);
    add(length);
    add(list);
  }
  return bytes;
}

/** A block and where the next one begins. */
export interface ReadBlock {
  readonly fields: Block[];
  readonly end: number;
}

/**
 * Reads a block that begins at byte `at`.
 * @param copy fresh memory for numbers: shared by all threads, or plain; without it they are views, where they lie well
 * @throws ProtocolError where the bytes are too few
 */
export function blockFromBytes(
  dtypes: readonly Dtype[],
  shape: Shape,
  bytes: Uint8Array,
  at = 0,
  copy: "shared" | "plain" | null = null,
): ReadBlock {
  let from = at;
  const fields = dtypes.map((dtype): Block => {
    if (dtype === "string") {
      const { block, end } = stringsFrom(shape, bytes, from);
      from = end;
      return block;
    }
    const length = sizeOf(shape) * itemSize(dtype);
    if (from + length > bytes.length) return tooFew(dtype, shape, bytes.length - from);
    const part = bytes.subarray(from, from + length);
    from += padded(length);
    if (copy === null) return fromParts({ dtype, shape: [...shape] }, part);
    const buffer = copy === "shared" ? new SharedArrayBuffer(length) : new ArrayBuffer(length);
    new Uint8Array(buffer).set(part);
    return { dtype, shape, data: viewOf(dtype, buffer) };
  });
  return { fields, end: from };
}

function tooFew(dtype: Dtype, shape: Shape, found: number): never {
  throw new ProtocolError({
    asked: `read a block of ${dtype} (${shape.join(", ")})`,
    found: `${found} bytes`,
  });
}

function stringsFrom(shape: Shape, bytes: Uint8Array, at: number): { block: Block; end: number } {
  if (at + 8 > bytes.length) return tooFew("string", shape, bytes.length - at);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true));
  if (length > bytes.length - at - 8) return tooFew("string", shape, bytes.length - at);
  const data = unpack(bytes.subarray(at + 8, at + 8 + length));
  if (
    !Array.isArray(data) ||
    !data.every((text) => typeof text === "string") ||
    data.length !== sizeOf(shape)
  )
    throw new ProtocolError({ asked: "read a block of strings", found: "something else" });
  return { block: { dtype: "string", shape, data }, end: at + 8 + padded(length) };
}

/** The shape of block number `block` of a stage. */
export function blockShape(grid: ChunkGrid, block: number): Shape {
  return blockBox(grid, coordsOfBlock(grid, block)).shape;
}

/** A piece of a block's bytes, as parts that are not copied. */
export interface BytesPiece {
  readonly at: number;
  readonly parts: Uint8Array[];
}

/** Cuts bytes into pieces. @param from bytes that are left out at the start */
export function* cutBytes(
  bytes: readonly Uint8Array[],
  from = 0,
  size: number = PIECE,
): Generator<BytesPiece> {
  let at = from;
  let skip = from;
  let parts: Uint8Array[] = [];
  let length = 0;
  for (const part of bytes) {
    let rest = part.subarray(Math.min(skip, part.length));
    skip -= part.length - rest.length;
    while (rest.length > 0) {
      const taken = rest.subarray(0, size - length);
      parts.push(taken);
      length += taken.length;
      rest = rest.subarray(taken.length);
      if (length < size) continue;
      yield { at, parts };
      at += length;
      parts = [];
      length = 0;
    }
  }
  if (length > 0 || at === 0) yield { at, parts };
}

/** Bytes of all parts. */
export function totalOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** The CRC-32 of bytes that are cut into parts. */
export function crcOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0);
}

/** @throws ProtocolError where a piece is not what was sent */
export function checkPiece(block: number, crc: number, parts: readonly Uint8Array[]): void {
  const found = crcOf(parts);
  if (found !== crc)
    throw new ProtocolError({
      asked: `read a piece of block ${block}`,
      found: `bytes of CRC-32 ${found.toString(16)}, where ${crc.toString(16)} was announced`,
      hint: "they were damaged on their way; check memory and network of both machines",
    });
}

/** Blocks that come in pieces, until they are whole. */
export class Assembly {
  readonly #partial = new Map<number, { bytes: Uint8Array; have: number }>();
  readonly #memory: (bytes: number) => ArrayBufferLike;

  /** @param memory what blocks are put together in; plain memory if not said */
  constructor(memory: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes)) {
    this.#memory = memory;
  }

  /** Bytes of a block that are here; 0 for one of which none is. */
  have(block: number): number {
    return this.#partial.get(block)?.have ?? 0;
  }

  /** Takes a piece. Gives the block's bytes once they are complete. @throws ProtocolError for a piece out of place */
  add(block: number, at: number, total: number, parts: readonly Uint8Array[]): Uint8Array | null {
    const length = totalOf(parts);
    // a block in one piece is not copied
    if (at === 0 && length === total && parts.length <= 1) {
      this.#partial.delete(block);
      return parts[0] ?? new Uint8Array();
    }
    const into = this.reserve(block, at, total, length);
    let to = 0;
    for (const part of parts) {
      into.set(part, to);
      to += part.length;
    }
    return this.commit(block, length);
  }

  /** Where a piece is to be written, before {@link commit}. @throws ProtocolError for a piece out of place */
  reserve(block: number, at: number, total: number, length: number): Uint8Array {
    if (!(total >= 0 && total <= MAX_BLOCK + 2 ** 16 && length >= 0) || at + length > total)
      throw new ProtocolError({
        asked: "read a piece of a block",
        found: `bytes ${at} to ${at + length} of ${total}`,
      });
    let partial = this.#partial.get(block);
    // another holder may start from the beginning
    if (at === 0 || !partial) {
      partial = { bytes: new Uint8Array(this.#memory(total)), have: 0 };
      this.#partial.set(block, partial);
    }
    if (partial.have !== at || partial.bytes.length !== total)
      throw new ProtocolError({ asked: `byte ${partial.have} of a block`, found: `a piece from ${at} on` });
    return partial.bytes.subarray(at, at + length);
  }

  /** The piece stands where it belongs. Gives the block's bytes once they are complete. */
  commit(block: number, length: number): Uint8Array | null {
    const partial = this.#partial.get(block);
    if (!partial) return null;
    partial.have += length;
    if (partial.have < partial.bytes.length) return null;
    this.#partial.delete(block);
    return partial.bytes;
  }
}
