/**
 * Owns the programs of a pool: their stages as threads are sent them, with small literals in memory that all
 * threads share, and large ones apart. Knows no threads.
 */
import type { Block } from "@hyperslab/core/block";
import { blockTotal } from "@hyperslab/core/chunk-grid";
import { viewOf } from "@hyperslab/core/dtype";
import type { BufferPool } from "./buffer-pool.js";
import { absent, literalsInParts } from "./literal-parts.js";
import type { TaskStage } from "./task-stage.js";

export interface Defined {
  readonly stages: readonly TaskStage[];
  /** Memory that {@link ThreadPrograms.define} took for literals. */
  readonly literals: readonly ArrayBufferLike[];
  /** For each stage, the literals that its tasks are handed part by part. */
  readonly large: readonly ReadonlyMap<number, Block>[];
}

export class ThreadPrograms {
  readonly #buffers: BufferPool;
  readonly #whole: boolean;
  readonly #programs = new Map<string, Defined>();

  /** @param whole large literals are shared like small ones: batches of tasks need them so */
  constructor(buffers: BufferPool, whole: boolean) {
    this.#buffers = buffers;
    this.#whole = whole;
  }

  get(programId: string): Defined | undefined {
    return this.#programs.get(programId);
  }

  /** Makes a program known under a name. */
  define(programId: string, stages: readonly TaskStage[]): void {
    const taken: ArrayBufferLike[] = [];
    const large = stages.map(({ program, grid }) => {
      const numbers = this.#whole ? [] : literalsInParts(program, blockTotal(grid));
      return new Map(numbers.map((number) => [number, program.literals[number]]));
    });
    const sent = stages.map((stage, s) => {
      const literals = stage.program.literals.map((block, number) =>
        large[s].has(number) ? absent(block) : this.#toShared(block, taken),
      );
      return { ...stage, program: { ...stage.program, literals } };
    });
    this.#programs.set(programId, { stages: sent, literals: taken, large });
  }

  forget(programId: string): void {
    for (const buffer of this.#programs.get(programId)?.literals ?? []) this.#buffers.give(buffer);
    this.#programs.delete(programId);
  }

  #toShared(block: Block, taken: ArrayBufferLike[]): Block {
    if (Array.isArray(block.data) || block.dtype === "string") return block;
    const { buffer, byteOffset, byteLength, length } = block.data;
    if (buffer instanceof SharedArrayBuffer) return block;
    const shared = this.#buffers.take(byteLength);
    taken.push(shared);
    new Uint8Array(shared).set(new Uint8Array(buffer, byteOffset, byteLength));
    return { ...block, data: viewOf(block.dtype, shared, 0, length) };
  }
}
