/**
 * Owns the one WebAssembly memory of this thread: codecs decode into it, kernels compute in it, and blocks lie in it
 * from the read to the result, so that nothing is copied on the way. Regions are handed out from the low end, so
 * that what was ever touched is little more than what was ever held at once. Knows no tasks.
 */
import { WORKSPACE_BYTES, attachMemory, detachMemory } from "@hyperslab/codecs/wasm-memory";
import { SCRATCH_BYTES, useArena } from "@hyperslab/kernels/simd/arena";
import { kernelsAvailable } from "@hyperslab/kernels/simd/kernel";
import { GarbageMeter } from "./garbage.js";

/** A stretch of the memory. Bytes. */
export interface Region {
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
}

const PAGE = 65536;
/** Where scratch of the kernels begins, and where that of the codecs: Blosc's blocks, a stored chunk. */
const KERNELS = PAGE;
const CODECS: number = KERNELS + Math.ceil(SCRATCH_BYTES / PAGE) * PAGE;
const CODEC_BYTES: number = WORKSPACE_BYTES + 64 * 2 ** 20;
/** Where regions begin. */
const REGIONS: number = CODECS + CODEC_BYTES;
/** Address space for regions: only what is touched becomes memory. Where there is less, less has to do. */
const SIZES: readonly number[] = [2 ** 30, 2 ** 28, 2 ** 26];
/** Fast copies and loads go so far beyond a region; it begins at a multiple of this. */
const MARGIN = 128;
/** Memory that was touched beyond this is given back when a task has ended and nothing lies in it. */
export const KEPT_BYTES: number = 192 * 2 ** 20;

const garbage = new GarbageMeter("major", 64 * 2 ** 20);

/** A memory, and the regions of it that are taken. */
export class ThreadArena {
  readonly memory: WebAssembly.Memory;
  readonly #buffer: ArrayBufferLike;
  readonly #end: number;
  /** Taken regions with their margins, by address. */
  readonly #taken: { start: number; end: number }[] = [];
  #touched = REGIONS;
  #held = 0;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#buffer = memory.buffer;
    this.#end = memory.buffer.byteLength - MARGIN;
    useArena({ memory, scratch: KERNELS, scratchBytes: SCRATCH_BYTES });
    attachMemory(memory, CODECS, CODEC_BYTES);
  }

  /** Bytes of regions that are taken now. */
  get held(): number {
    return this.#held;
  }

  /** Bytes between the first region and the end of the last one that there ever was. */
  get highWater(): number {
    return this.#touched - REGIONS;
  }

  /** A region of so many bytes, aligned to 128; null where there is no room. What stands in it is left over from before. */
  take(bytes: number): Region | null {
    const size = Math.ceil(bytes / MARGIN) * MARGIN + MARGIN;
    let start = REGIONS;
    let i = 0;
    while (i < this.#taken.length && this.#taken[i].start - start < size) start = this.#taken[i++].end;
    if (start + size > this.#end) return null;
    this.#taken.splice(i, 0, { start, end: start + size });
    this.#touched = Math.max(this.#touched, start + size);
    this.#held += bytes;
    return { buffer: this.#buffer, byteOffset: start, byteLength: bytes };
  }

  /** Takes a region back that nobody reads or writes any more. */
  give({ byteOffset, byteLength }: Region): void {
    const i = this.#taken.findIndex((one) => one.start === byteOffset);
    if (i === -1) return;
    this.#taken.splice(i, 1);
    this.#held -= byteLength;
  }
}

let current: ThreadArena | null | undefined;

/** This thread's arena; null where there is no WebAssembly, or no address space for it. */
export function threadArena(): ThreadArena | null {
  if (current === undefined) current = kernelsAvailable() ? reserve() : null;
  return current;
}

let kept = KEPT_BYTES;

/** How much of its arena this thread keeps between tasks. */
export function keepInArena(bytes: number): void {
  kept = bytes;
}

/** Gives back what the arena of this thread keeps beyond `most` bytes, unless something lies in it. */
export function trimArena(most: number = kept): void {
  if (current && current.held === 0 && current.highWater > most) letGo(current);
}

function reserve(): ThreadArena | null {
  for (const size of SIZES)
    try {
      const initial = Math.ceil((REGIONS + size) / PAGE);
      return new ThreadArena(new WebAssembly.Memory({ initial, maximum: initial, shared: true }));
    } catch {
      // address space is limited: less may do
    }
  return null;
}

/** Memory never shrinks: what grew large for one task is given back by starting anew. */
function letGo(arena: ThreadArena): void {
  if (arena !== current) return;
  detachMemory(arena.memory);
  current = undefined;
  // whoever lets go of it still has views of it in hand: they are gone in a moment
  const bytes = arena.highWater;
  setImmediate(() => garbage.add(bytes));
}
