/**
 * Owns the scratch memory of a task: what it decodes into and computes in, given back as
 * soon as no value stands in it. It lies in the thread's arena, or where that has no room in buffers. Knows no steps.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type BlockData, type Dtype, itemSize, viewOf } from "@hyperslab/core/dtype";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import type { ReadMemory } from "@hyperslab/storage/source";
import type { BufferPool } from "./buffer-pool.js";
import type { Value } from "./strided.js";
import type { Region, ThreadArena } from "./thread-arena.js";

/** Smaller blocks are left to the garbage collector. Bytes. */
const SMALLEST = 32 * 1024;

interface Lent {
  readonly region: Region;
  readonly from: ThreadArena | BufferPool;
  uses: number;
}

/**
 * The scratch memory of one task. A region goes back when no retained value stands in it;
 * what a task hands out must be copied out of it ({@link TaskScratch.owns}).
 */
export class TaskScratch implements ReadMemory {
  readonly #pool: BufferPool;
  readonly #arena: () => ThreadArena | null;
  readonly #lent = new Map<ArrayBufferLike, Lent[]>();

  /** @param arena is asked for on first use */
  constructor(pool: BufferPool, arena: () => ThreadArena | null = () => null) {
    this.#pool = pool;
    this.#arena = arena;
  }

  /** A block whose elements are undefined: the caller writes all of them. */
  allocate(dtype: Dtype, shape: Shape): Block {
    const length = sizeOf(shape);
    const bytes = length * itemSize(dtype);
    if (dtype === "string" || bytes < SMALLEST) return allocateBlock(dtype, shape);
    const { buffer, byteOffset } = this.#inArena(bytes) ?? this.#inPool(bytes);
    return { dtype, shape: [...shape], data: viewOf(dtype, buffer, byteOffset, length) };
  }

  /** Bytes of the arena, until {@link releaseAll}; null where there is none, or no room. */
  inArena(bytes: number): Uint8Array | null {
    const region = this.#inArena(bytes);
    return region && new Uint8Array(region.buffer, region.byteOffset, bytes);
  }

  /** So many bytes for as long as something is read; see {@link ReadMemory}. */
  take(length: number, attached: boolean): Uint8Array {
    if (length < SMALLEST) return new Uint8Array(length);
    const { buffer, byteOffset } = (attached && this.#inArena(length)) || this.#inPool(length);
    return new Uint8Array(buffer, byteOffset, length);
  }

  /** Takes back what {@link take} gave. */
  give(bytes: Uint8Array): void {
    const lent = this.#under(bytes);
    if (lent) this.#giveBack(lent);
  }

  #inArena(bytes: number): Region | null {
    const arena = this.#arena();
    const region = arena?.take(bytes) ?? null;
    if (arena && region) this.#lend(region, arena);
    return region;
  }

  #inPool(bytes: number): Region {
    const buffer = this.#pool.take(bytes);
    const region = { buffer, byteOffset: 0, byteLength: buffer.byteLength };
    this.#lend(region, this.#pool);
    return region;
  }

  #lend(region: Region, from: ThreadArena | BufferPool): void {
    const lent = this.#lent.get(region.buffer);
    if (lent) lent.push({ region, from, uses: 0 });
    else this.#lent.set(region.buffer, [{ region, from, uses: 0 }]);
  }

  owns(data: BlockData): boolean {
    return this.#under(data) !== undefined;
  }

  retain(value: Value): void {
    for (const { data } of value) {
      const lent = this.#under(data);
      if (lent) lent.uses++;
    }
  }

  release(value: Value): void {
    for (const { data } of value) {
      const lent = this.#under(data);
      if (lent && --lent.uses <= 0) this.#giveBack(lent);
    }
  }

  /** Gives everything back; nobody may still read or write any of it. */
  releaseAll(): void {
    for (const lent of [...this.#lent.values()].flat()) this.#giveBack(lent);
  }

  /** The region that elements stand in. */
  #under(data: BlockData): Lent | undefined {
    if (Array.isArray(data)) return undefined;
    const at = data.byteOffset;
    return this.#lent
      .get(data.buffer)
      ?.find(({ region }) => at >= region.byteOffset && at < region.byteOffset + region.byteLength);
  }

  #giveBack(lent: Lent): void {
    const { region, from } = lent;
    const beside = this.#lent.get(region.buffer) ?? [];
    if (beside.length > 1) beside.splice(beside.indexOf(lent), 1);
    else this.#lent.delete(region.buffer);
    if ("memory" in from) from.give(region);
    else from.give(region.buffer);
  }
}
