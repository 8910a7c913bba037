/**
 * Owns the WebAssembly memories in which a thread's kernels run: their scratch, and any block that lies
 * in the same memory and is used in place. A thread has one arena, and may have others where large arrays lie.
 */
import { type Dtype, itemSize, type TypedArray, viewOf } from "@hyperslab/core/dtype";
import { MemoryError } from "@hyperslab/core/errors";
import type { Operand } from "../operand.js";

/** A memory and the stretch of it that kernels may overwrite. Bytes. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** What kernels can do with: tiles of operands, and the state of a reduction. */
export const WORK_BYTES: number = 6 * 2 ** 20;
/** Tables of functions; they stand behind that, and are written once. */
const TABLE_BYTES = 65536;
/** Scratch that every kernel can do with. */
export const SCRATCH_BYTES: number = WORK_BYTES + TABLE_BYTES;
/** Loads of the last elements may read this far behind them. */
const SLACK = 128;

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
  // a new one: whoever used its memory in between may have overwritten the tables
  current = { ...arena };
  compiled = new Map();
}

interface Attached {
  readonly arena: Arena;
  readonly compiled: Map<string, CallableFunction>;
}

/** Other arenas, by the buffers of their memories. */
const attached: WeakMap<ArrayBufferLike, Attached> = new WeakMap();

/** Lets kernels run in a further arena, for as long as anybody has its memory: where most of their operands lie there. */
export function attachArena(arena: Arena): void {
  attached.set(arena.memory.buffer, { arena, compiled: new Map() });
}

export function isAttached(memory: WebAssembly.Memory): boolean {
  return attached.has(memory.buffer);
}

/** Runs `work`, which uses {@link currentArena}, in the arena in which most of the operands lie. */
export function inArenaOf<T>(operands: readonly Operand[], work: () => T): T {
  const other = arenaOf(operands);
  if (!other) return work();
  const [before, beforeCompiled] = [current, compiled];
  ({ arena: current, compiled } = other);
  try {
    return work();
  } finally {
    [current, compiled] = [before, beforeCompiled];
  }
}

/** The attached arena in which more of the operands' bytes lie than in any other memory; undefined where none does. */
function arenaOf(operands: readonly Operand[]): Attached | undefined {
  let best: Attached | undefined;
  let most = 0;
  for (const { data } of operands) {
    if (Array.isArray(data)) continue;
    const here = attached.get(data.buffer);
    if (!here && data.buffer !== current?.memory.buffer) continue;
    let bytes = 0;
    for (const other of operands)
      if (!Array.isArray(other.data) && other.data.buffer === data.buffer && !isSplat(other))
        bytes += itemSize(other.dtype);
    if (bytes > most || (bytes === most && !here)) [best, most] = [here, bytes];
  }
  return best;
}

function isSplat({ strides }: Operand): boolean {
  return strides.every((stride) => stride === 0);
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
