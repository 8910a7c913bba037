/**
 * Owns scratch memory: buffers that a task decodes into and computes in, used again by the next one.
 * Fresh memory costs a page fault for every 4 KiB, about as much as a kernel does; memory that was
 * used before costs nothing. Knows no steps.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type BlockData, type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { Value } from "./strided.js";

/** Smaller blocks are left to the garbage collector. Bytes. */
const SMALLEST = 32 * 1024;

/** Buffers that no task uses now. One pool serves any number of tasks of one thread. */
export class ScratchPool {
  readonly #free: ArrayBuffer[] = [];
  readonly #limit: number;
  #kept = 0;

  /** @param limit how many bytes to keep while no task uses them */
  constructor(limit: number = 64 * 2 ** 20) {
    this.#limit = limit;
  }

  /** Bytes that wait for the next task. */
  get kept(): number {
    return this.#kept;
  }

  /** A buffer of `bytes` or somewhat more; what stands in it is left over from before. */
  take(bytes: number): ArrayBuffer {
    let best = -1;
    this.#free.forEach((buffer, i) => {
      const fits = buffer.byteLength >= bytes && buffer.byteLength <= 2 * bytes;
      if (fits && (best === -1 || buffer.byteLength < this.#free[best].byteLength)) best = i;
    });
    if (best === -1) return new ArrayBuffer(bytes);
    const [buffer] = this.#free.splice(best, 1);
    this.#kept -= buffer.byteLength;
    return buffer;
  }

  give(buffer: ArrayBuffer): void {
    this.#free.push(buffer);
    this.#kept += buffer.byteLength;
    while (this.#kept > this.#limit) this.#kept -= this.#free.shift()?.byteLength ?? 0;
  }
}

/**
 * The scratch memory of one task. A buffer goes back to the pool when no retained value stands in it;
 * what a task hands out must be copied out of it ({@link TaskScratch.owns}).
 */
export class TaskScratch {
  readonly #pool: ScratchPool;
  readonly #uses = new Map<ArrayBufferLike, number>();

  constructor(pool: ScratchPool) {
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
    if (buffer instanceof ArrayBuffer) this.#pool.give(buffer);
  }
}
