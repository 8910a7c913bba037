/**
 * Owns the bytes that a local run may hold, and the decision whether a task fits. Pure arithmetic
 * over the costs that a plan promises.
 */
import { totalmem } from "node:os";
import { MemoryError } from "@hyperslab/core/errors";
import type { StageCost } from "@hyperslab/core/plan";

/** The part of the memory of the machine (or of the container) that a run may hold. */
const SHARE = 0.7;

/** Bytes that a run may hold where nobody says. */
export function defaultMemory(): number {
  const total = totalmem();
  // 0 or a huge number where nothing constrains the process
  const constrained = process.constrainedMemory();
  return Math.floor(SHARE * (constrained > 0 && constrained < total ? constrained : total));
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

  /** The error for a task that can't run though nothing else does. @param inputs bytes of the blocks that it reads */
  refuse(what: string, bytes: number, inputs: number): MemoryError {
    const alone = bytes + inputs;
    return new MemoryError({
      what,
      needed: alone > this.limit ? alone : bytes,
      available: alone > this.limit ? this.limit : Math.max(0, this.available),
      hint:
        alone > this.limit
          ? "cut the arrays into smaller chunks, or give the run more memory"
          : `${this.held} of ${this.limit} bytes hold blocks that later tasks need; give the run more memory, or run it on a cluster that spills`,
    });
  }
}
