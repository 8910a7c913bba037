/**
 * Owns the bytes that a local run may hold, and the decision whether a task fits. Pure arithmetic
 * over the costs that a plan promises.
 */
import { totalmem } from "node:os";
import { MemoryError } from "@hyperslab/core/errors";
import type { StageCost } from "@hyperslab/core/plan";
import { POOLED_BYTES } from "./buffer-pool.js";
import { KEPT_BYTES } from "./thread-arena.js";

/** What a thread keeps at most while it has no task: of its arena, and of other buffers. */
export const RESTING_BYTES: number = KEPT_BYTES + POOLED_BYTES;

/** The part of the memory of the machine (or of the container) that a run may hold. */
const SHARE = 0.7;

/**
 * Bytes that a run may hold where nobody says.
 * @param threads that keep some memory between tasks: it is set aside, up to half of all
 */
export function defaultMemory(threads = 0): number {
  const most = Math.floor(SHARE * (memoryHere ??= machineMemory()));
  return Math.max(Math.floor(most / 2), most - threads * RESTING_BYTES);
}

/** Read once: it takes longer than a small plan. */
let memoryHere: number | undefined;

function machineMemory(): number {
  const total = totalmem();
  // 0 or a huge number where nothing constrains the process
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < total ? constrained : total;
}

/** Bytes that a task takes while it runs, the blocks it reads from other stages left aside. */
export function reservationOf(cost: StageCost): number {
  return cost.working + cost.output;
}

/** What is held and reserved of a number of bytes. */
export class MemoryBudget {
  readonly limit: number;
  /** Finished blocks that somebody still needs. */
  held = 0;
  /** Promised to running tasks. */
  reserved = 0;

  /** @param limit in bytes */
  constructor(limit: number = defaultMemory()) {
    this.limit = limit;
  }

  get available(): number {
    return this.limit - this.held - this.reserved;
  }

  fits(bytes: number): boolean {
    return bytes <= this.available;
  }

  /**
   * The error for a task that can't run though nothing else does.
   * @param inputs bytes of the blocks that it reads
   * @param cause why blocks could not be spilled
   */
  refuse(what: string, bytes: number, inputs: number, cause?: unknown): MemoryError {
    const alone = bytes + inputs;
    return new MemoryError({
      what,
      needed: alone > this.limit ? alone : bytes,
      available: alone > this.limit ? this.limit : Math.max(0, this.available),
      hint:
        alone > this.limit
          ? "cut the arrays into smaller chunks, or give the run more memory"
          : `${this.held} of ${this.limit} bytes hold blocks that later tasks need; give the run more memory, or a directory to spill to (HYPERSLAB_SPILL)`,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
