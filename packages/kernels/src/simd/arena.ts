/**
 * Owns the WebAssembly memory in which a thread's kernels run: their scratch, and any block that lies
 * in the same memory and is used in place. One arena a thread.
 */
import { type Dtype, viewOf, type TypedArray } from "@hyperslab/core/dtype";
import { MemoryError } from "@hyperslab/core/errors";

/** A memory and the stretch of it that kernels may overwrite. Bytes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** Scratch that every kernel can do with: tiles of its operands, and the state of a reduction. */
export const SCRATCH_BYTES: number = 6 * 2 ** 20;
/** Loads of the last elements may read this far behind them. */
export const SLACK = 128;

const PAGE = 65536;
let current: Arena | null = null;
let compiled: Map<string, CallableFunction> = new Map();

/** This thread's arena; made on first use unless {@link useArena} gave one. */
export function currentArena(): Arena {
  current ??= {
    memory: new WebAssembly.Memory({ initial: SCRATCH_BYTES / PAGE + 1 }),
    scratch: PAGE,
    scratchBytes: SCRATCH_BYTES,
  };
  return current;
}

/**
 * Lets this thread's kernels run in `arena`, so that blocks within its memory are read and written
 * in place. Growing a memory that is not shared detaches the blocks within: let it have its size.
 * @throws MemoryError for too little scratch
 */
export function useArena(arena: Arena): void {
  if (arena.scratchBytes < SCRATCH_BYTES)
    throw new MemoryError({
      what: "the scratch of a kernel arena",
      needed: SCRATCH_BYTES,
      available: arena.scratchBytes,
    });
  current = arena;
  compiled = new Map();
}

/** Kernels instantiated for this thread's arena, by their key. */
export function kernelsOfArena(): Map<string, CallableFunction> {
  return compiled;
}

/** Where data stands in the arena's memory, in bytes; -1 if it doesn't, or too near its end. */
export function placeInArena(arena: Arena, data: TypedArray): number {
  const { buffer } = arena.memory;
  if (data.buffer !== buffer) return -1;
  return data.byteOffset + data.byteLength + SLACK <= buffer.byteLength ? data.byteOffset : -1;
}

/** A typed array over the arena's memory. */
export function arenaView(
  arena: Arena,
  dtype: Exclude<Dtype, "string">,
  byteOffset: number,
  length: number,
): TypedArray {
  return viewOf(dtype, arena.memory.buffer, byteOffset, length);
}
