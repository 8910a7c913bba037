/**
 * Owns memory that is used again: what one task computed in, or a block that nobody needs any more,
 * becomes the memory of the next. Fresh memory costs a page fault for every 4 KiB, about as much as a
 * kernel does; and shared memory that is let go of comes back late (`garbage.ts`). Knows no blocks.
 */
import { GarbageMeter } from "./garbage.js";

/** What a pool keeps at most, where nobody says otherwise. */
export const POOLED_BYTES: number = 64 * 2 ** 20;

/** Bytes of buffers let go of after which they are collected: as many as may be kept, within these. */
const LEAST_GARBAGE = 16 * 2 ** 20;
const MOST_GARBAGE = 256 * 2 ** 20;

/** Buffers that nobody uses now. */
export class BufferPool {
  readonly #limit: number;
  readonly #shared: boolean;
  readonly #free = new Map<number, ArrayBufferLike[]>();
  readonly #garbage: GarbageMeter;
  #kept = 0;

  /**
   * @param limit bytes to keep at most while nobody uses them
   * @param shared for SharedArrayBuffers
   */
  constructor(limit: number = POOLED_BYTES, shared = false) {
    this.#limit = limit;
    this.#shared = shared;
    this.#garbage = new GarbageMeter("major", Math.min(MOST_GARBAGE, Math.max(LEAST_GARBAGE, limit)));
  }

  /** Bytes that nobody uses, but that are memory still: kept, or let go of and not collected yet. */
  get spare(): number {
    return this.#kept + this.#garbage.bytes;
  }

  /** Bytes that wait to be used again. */
  get kept(): number {
    return this.#kept;
  }

  /** A buffer of `bytes`, at most half as large again; what stands in it is left over from before. */
  take(bytes: number): ArrayBufferLike {
    let best = this.#free.has(bytes) ? bytes : Infinity;
    if (best !== bytes)
      for (const size of this.#free.keys())
        if (size > bytes && size <= 1.5 * bytes && size < best) best = size;
    const list = this.#free.get(best);
    const buffer = list?.pop();
    if (!list || !buffer) return this.#shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    if (list.length === 0) this.#free.delete(best);
    this.#kept -= best;
    return buffer;
  }

  /** Takes a buffer back that nobody reads or writes any more. */
  give(buffer: ArrayBufferLike): void {
    const size = buffer.byteLength;
    const list = this.#free.get(size);
    if (list) list.push(buffer);
    else this.#free.set(size, [buffer]);
    this.#kept += size;
    while (this.#kept > this.#limit) this.#dropOldest();
  }

  /** Lets go of all, and has it collected. */
  clear(): void {
    while (this.#kept > 0) this.#dropOldest();
    this.#garbage.collect();
  }

  /** Drops a buffer of the size that was given back first: sizes of earlier work go before those of now. */
  #dropOldest(): void {
    for (const [size, list] of this.#free) {
      list.pop();
      if (list.length === 0) this.#free.delete(size);
      this.#kept -= size;
      if (this.#shared) this.#garbage.add(size);
      return;
    }
    this.#kept = 0;
  }
}
