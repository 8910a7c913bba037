/**
 * Owns memories for large arrays that threads compute on where they lie: shared WebAssembly memories, into which
 * arrays are put one behind the other. Each holds scratch for the kernels of a few threads. A memory goes when
 * all of its arrays have gone; none is ever used again, for nobody knows which views of it there are. Knows no tasks.
 */
import { threadId } from "node:worker_threads";
import type { Block } from "@hyperslab/core/block";
import type { TypedArray } from "@hyperslab/core/dtype";
import { SCRATCH_BYTES, attachArena, isAttached } from "@hyperslab/kernels/simd/arena";
import { kernelsAvailable } from "@hyperslab/kernels/simd/kernel";

const PAGE = 65536;
/** Threads that compute in one memory; further ones work on copies. */
const SLOTS = 32;
/** The first page tells who has which scratch; that follows, and then come the arrays. */
const SLOT_BYTES: number = Math.ceil(SCRATCH_BYTES / PAGE) * PAGE;
const FIRST: number = PAGE + SLOTS * SLOT_BYTES;
/** Between arrays: kernels load a little more than there is. */
const GAP = 128;
/** Address space of a memory: only what is touched becomes memory. Where there is less, less has to do. */
const SIZES: readonly number[] = [2 ** 32 - PAGE, 2 ** 31, 2 ** 30, 2 ** 29];
/** Smaller arrays have buffers of their own: copies of them cost nothing. Bytes. */
const SMALL = 65536;

/** Memories by their buffers, of this thread and of those that it was sent. */
const memories: WeakMap<ArrayBufferLike, WebAssembly.Memory> = new WeakMap();
/** Those that this thread made, as long as there are any arrays in them. */
const made: Set<WeakRef<WebAssembly.Memory>> = new Set();
/** The one that has room, unless all its arrays have gone. */
let newest: WeakRef<WebAssembly.Memory> | null = null;
/** Where its next array comes to stand. */
let next = 0;

/** What makes typed arrays over shared memory. */
export interface SharedArrayType<A extends TypedArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: SharedArrayBuffer, byteOffset: number, length: number): A;
}

/**
 * An array of `length` zeros that all threads compute on without a copy: `sharedArray(Float32Array, 1e8)`. It can be used as
 * any other. Where there is no WebAssembly, or too little address space, it is an array over a SharedArrayBuffer.
 */
export function sharedArray<A extends TypedArray>(type: SharedArrayType<A>, length: number): A {
  const bytes = length * type.BYTES_PER_ELEMENT;
  const place = bytes < SMALL || !kernelsAvailable() ? null : placeFor(bytes);
  return place
    ? new type(place.memory.buffer as unknown as SharedArrayBuffer, place.start, length)
    : new type(new SharedArrayBuffer(bytes), 0, length);
}

function placeFor(bytes: number): { memory: WebAssembly.Memory; start: number } | null {
  const size = Math.ceil(bytes / GAP) * GAP + GAP;
  let memory = newest?.deref();
  if (!memory || next + size > memory.buffer.byteLength) {
    memory = reserve(FIRST + size) ?? undefined;
    if (!memory) return null;
    newest = new WeakRef(memory);
    next = FIRST;
    memories.set(memory.buffer, memory);
    made.add(newest);
  }
  const start = next;
  next += size;
  return { memory, start };
}

function reserve(least: number): WebAssembly.Memory | null {
  for (const size of SIZES) {
    if (size < least) return null;
    const pages = size / PAGE;
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    } catch {
      // address space is limited: less may do
    }
  }
  return null;
}

/** The memories in which the given blocks lie: threads have to be sent them together with the blocks. */
export function memoriesUnder(blocks: readonly Block[]): WebAssembly.Memory[] {
  const found = new Set<WebAssembly.Memory>();
  for (const { data } of blocks) {
    const memory = Array.isArray(data) ? undefined : memories.get(data.buffer);
    if (memory) found.add(memory);
  }
  return [...found];
}

/** Lets the kernels of this thread compute where the arrays of a memory lie. */
export function computeIn(memory: WebAssembly.Memory): void {
  if (isAttached(memory)) return;
  memories.set(memory.buffer, memory);
  const slot = claim(new Int32Array(memory.buffer, 0, SLOTS));
  if (slot === null) return;
  attachArena({ memory, scratch: PAGE + slot * SLOT_BYTES, scratchBytes: SCRATCH_BYTES });
}

/** A place in the table of a memory: the one that this thread has already, or a free one. */
function claim(owners: Int32Array): number | null {
  const me = threadId + 1;
  const mine = owners.indexOf(me);
  if (mine >= 0) return mine;
  for (let slot = 0; slot < SLOTS; slot++)
    if (Atomics.compareExchange(owners, slot, 0, me) === 0) return slot;
  return null;
}

/** Gives back the scratch that a thread had which has ended; to be called in the thread that started it. */
export function releaseScratchOf(thread: number): void {
  for (const one of made) {
    const memory = one.deref();
    if (!memory) made.delete(one);
    else {
      const owners = new Int32Array(memory.buffer, 0, SLOTS);
      for (let slot = 0; slot < SLOTS; slot++) Atomics.compareExchange(owners, slot, thread + 1, 0);
    }
  }
}
