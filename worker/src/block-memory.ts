/**
 * Owns the memory of large blocks: that of a block which was let go becomes that of the next, once nobody sends it
 * any more. Fresh memory costs a page fault for every 4 KiB, more than computing what stands in it.
 */
import { itemSize } from "@hyperslab/core/dtype";
import type { StageOutline } from "@hyperslab/core/plan";
import { sizeOf } from "@hyperslab/core/shape";
import type { BufferPool } from "@hyperslab/executor/buffer-pool";
import { blockShape } from "@hyperslab/protocol/block-bytes";
import type { Payload } from "./events.js";

/** Smaller fields are not worth a place in the pool. Bytes. */
const SMALLEST = 2 ** 14;

export class BlockMemory {
  readonly #buffers: BufferPool;
  /** Sends under way, by block; a block that was let go meanwhile is marked. */
  readonly #held = new Map<Payload, { sends: number; free: boolean }>();

  constructor(buffers: BufferPool) {
    this.#buffers = buffers;
  }

  /** Memory for the fields of a block; null for those that get their own. */
  take({ grid, fields }: StageOutline, block: number): (ArrayBufferLike | null)[] {
    const elements = sizeOf(blockShape(grid, block));
    return fields.map((dtype) => {
      const bytes = elements * itemSize(dtype);
      return dtype === "string" || bytes < SMALLEST ? null : this.#buffers.take(bytes);
    });
  }

  /** A block is being sent. */
  hold(payload: Payload): void {
    const held = this.#held.get(payload);
    if (held) held.sends++;
    else this.#held.set(payload, { sends: 1, free: false });
  }

  /** A send has ended. */
  release(payload: Payload): void {
    const held = this.#held.get(payload);
    if (!held || --held.sends > 0) return;
    this.#held.delete(payload);
    if (held.free) this.#give(payload);
  }

  /** Nobody here needs the block any more. */
  free(payload: Payload): void {
    const held = this.#held.get(payload);
    if (held) held.free = true;
    else this.#give(payload);
  }

  #give(payload: Payload): void {
    const buffers = new Set<SharedArrayBuffer>();
    for (const { data } of payload)
      if (!Array.isArray(data) && data.byteLength >= SMALLEST && data.buffer instanceof SharedArrayBuffer)
        buffers.add(data.buffer);
    for (const buffer of buffers) this.#buffers.give(buffer);
  }
}
