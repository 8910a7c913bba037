/**
 * Owns the scratch memory of a task: buffers that it decodes into and computes in, given back as
 * soon as no value stands in them. Knows no steps.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type BlockData, type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { BufferPool } from "./buffer-pool.js";
import type { Value } from "./strided.js";

/** Smaller blocks are left to the garbage collector. Bytes. */
const SMALLEST = 32 * 1024;

/**
 * The scratch memory of one task. A buffer goes back to the pool when no retained value stands in it;
 * what a task hands out must be copied out of it ({@link TaskScratch.owns}).
 */
export class TaskScratch {
  readonly #pool: BufferPool;
  readonly #uses = new Map<ArrayBufferLike, number>();

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  /** A block whose elements are undefined: the caller writes all of them. */
  allocate(dtype: Dtype, shape: Shape): Block {
    const length = sizeOf(shape);
    const bytes = length * itemSize(dtype);
    if (dtype === "string" || bytes < SMALLEST) return allocateBlock(dtype, shape);
    const buffer = this.#pool.take(bytes);
    this.#uses.set(buffer, 0);
    return { dtype, shape: [...shape], data: viewOf(dtype, buffer, 0, length) };
  }

  owns(data: BlockData): boolean {
    return !Array.isArray(data) && this.#uses.has(data.buffer);
  }

  retain(value: Value): void {
    for (const { data } of value) {
      if (Array.isArray(data)) continue;
      const uses = this.#uses.get(data.buffer);
      if (uses !== undefined) this.#uses.set(data.buffer, uses + 1);
    }
  }

  release(value: Value): void {
    for (const { data } of value) {
      if (Array.isArray(data)) continue;
      const uses = this.#uses.get(data.buffer);
      if (uses === undefined) continue;
      if (uses > 1) this.#uses.set(data.buffer, uses - 1);
      else this.#giveBack(data.buffer);
    }
  }

  /** Gives everything back; nobody may still read or write any of it. */
  releaseAll(): void {
    for (const buffer of this.#uses.keys()) this.#giveBack(buffer);
  }

  #giveBack(buffer: ArrayBufferLike): void {
    this.#uses.delete(buffer);
    this.#pool.give(buffer);
  }
}
