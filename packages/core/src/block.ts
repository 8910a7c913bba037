/** Owns blocks: C-ordered pieces of an array, in memory. Knows no grid and no operator. */
import { type BlockData, type Dtype, allocate, itemSize, viewOf } from "./dtype.js";
import { sizeOf, type Shape } from "./shape.js";

/** A C-ordered, contiguous, N-dimensional piece of data. */
export interface Block {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly data: BlockData;
}

export function allocateBlock(dtype: Dtype, shape: Shape, shared = false): Block {
  return { dtype, shape: [...shape], data: allocate(dtype, sizeOf(shape), shared) };
}

/** Bytes that the elements occupy. */
export function blockBytes(block: Block): number {
  return block.data.length * itemSize(block.dtype);
}

/** JSON head and raw bytes of a block, for a message: strings travel in the head. */
export interface BlockHead {
  dtype: Dtype;
  shape: number[];
  strings?: string[];
}

/** The two parts of a block on the wire; the bytes are a view, not a copy. */
export function toParts(block: Block): { head: BlockHead; bytes: Uint8Array } {
  const head: BlockHead = { dtype: block.dtype, shape: [...block.shape] };
  if (Array.isArray(block.data)) return { head: { ...head, strings: block.data }, bytes: new Uint8Array(0) };
  const { buffer, byteOffset, byteLength } = block.data;
  return { head, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

/** The block of two parts; copies the bytes only where their offset is not aligned to the dtype. */
export function fromParts(head: BlockHead, bytes: Uint8Array): Block {
  const { dtype, shape } = head;
  if (dtype === "string") return { dtype, shape, data: head.strings ?? [] };
  const length = sizeOf(shape);
  const aligned = bytes.byteOffset % itemSize(dtype) === 0 ? bytes : bytes.slice();
  return { dtype, shape, data: viewOf(dtype, aligned.buffer, aligned.byteOffset, length) };
}
