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

/** Memory that nobody uses now and nobody else has: pooled buffers, and those that are not collected yet. */
export interface SpareMemory {
  /** Bytes. */
  readonly spare: number;
  /** Gives them back to the system. */
  clear(): void;
}

export interface BudgetOptions {
  /** Threads whose own memory counts: what they grew to for one task they keep until they are ended. 0: it does not count. */
  readonly threads?: number;
  /** Bytes that a thread keeps at most. */
  readonly kept?: number;
  /** Counts too. */
  readonly spare?: SpareMemory;
}

/** What is held and reserved of a number of bytes. */
export class MemoryBudget {
  readonly limit: number;
  /** Finished blocks that somebody still needs. */
  held = 0;
  /** Promised to running tasks, but for what they work in: their outputs, and inputs on their way from the disk. */
  reserved = 0;
  /** What running tasks work in, one entry each. */
  readonly #working: number[] = [];
  readonly #threads: number;
  readonly #kept: number;
  readonly #spare: SpareMemory | null;
  /** Threads that have run tasks, and what each of them may have kept. */
  #grown = 0;
  #resting = 0;

  /** @param limit in bytes */
  constructor(
    limit: number = defaultMemory(),
    { threads = 0, kept = RESTING_BYTES, spare }: BudgetOptions = {},
  ) {
    this.limit = limit;
    this.#threads = threads;
    this.#kept = kept;
    this.#spare = spare ?? null;
  }

  /** Bytes that threads may have kept beyond what they work in now. */
  get resting(): number {
    const used = this.#working.reduce((sum, bytes) => sum + Math.min(bytes, this.#resting), 0);
    return Math.max(0, this.#grown * this.#resting - used);
  }

  get available(): number {
    const working = this.#working.reduce((sum, bytes) => sum + bytes, 0);
    return this.limit - this.held - this.reserved - working - this.resting - (this.#spare?.spare ?? 0);
  }

  /**
   * True where a task has room. Memory that is merely spare is given back if that makes room.
   * @param working bytes that it works in
   */
  fits(bytes: number, working = 0): boolean {
    // it works in what a thread has kept, where one has
    const needed = bytes + working - Math.min(working, this.#resting, this.resting);
    if (needed <= this.available) return true;
    const spare = this.#spare?.spare ?? 0;
    if (spare === 0 || needed > this.available + spare) return false;
    this.#spare?.clear();
    return needed <= this.available;
  }

  /** A task begins to work in so many bytes. */
  begin(working: number): void {
    this.#working.push(working);
    if (this.#threads === 0) return;
    this.#grown = Math.min(this.#threads, Math.max(this.#grown, this.#working.length));
    const each = this.#working.reduce((sum, bytes) => sum + bytes, 0) / this.#threads;
    this.#resting = Math.max(this.#resting, Math.min(this.#kept, Math.max(working, each)));
  }

  /** It has ended. */
  end(working: number): void {
    this.#working.splice(this.#working.indexOf(working), 1);
  }

  /** The threads have been ended, and what they kept has gone. No task runs. */
  rested(): void {
    this.#grown = 0;
    this.#resting = 0;
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
