/**
 * Owns memory for the cases that call kernels and codecs themselves: one WebAssembly memory with a
 * workspace for each, in which blocks are used in place, as compute threads use them.
 */
import { attachMemory } from "@hyperslab/codecs/wasm-memory";
import { type Dtype, itemSize, type TypedArray, viewOf } from "@hyperslab/core/dtype";
import { SCRATCH_BYTES, useArena } from "@hyperslab/kernels/simd/arena";

const PAGE = 65536;
const CODEC_BYTES = 2 ** 24;
const FIRST = PAGE + SCRATCH_BYTES + CODEC_BYTES;
/** Between blocks: loads of the last elements run over. */
const GAP = 256;

export class KernelMemory {
  readonly #memory: WebAssembly.Memory;
  #next = FIRST;

  /** @param bytes of all the blocks that will be allocated */
  constructor(bytes: number) {
    const pages = Math.ceil((FIRST + bytes + 64 * GAP) / PAGE);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    useArena({ memory: this.#memory, scratch: PAGE, scratchBytes: SCRATCH_BYTES });
    attachMemory(this.#memory, PAGE + SCRATCH_BYTES, CODEC_BYTES);
  }

  allocate(dtype: Exclude<Dtype, "string">, length: number): TypedArray {
    const at = this.#next;
    this.#next = Math.ceil((at + length * itemSize(dtype) + GAP) / 64) * 64;
    return viewOf(dtype, this.#memory.buffer, at, length);
  }
}
