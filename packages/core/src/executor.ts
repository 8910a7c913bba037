/** Owns the contract between plans and those who run them: here, on threads, on a cluster. */
import type { Block } from "./block.js";
import type { Plan } from "./plan.js";

/** A finished block of result `output`; `index` is its linear number in the grid of that result. */
export interface OutputBlock {
  readonly output: number;
  readonly index: number;
  readonly block: Block;
}

/** What happens while a plan runs; for progress bars and reports. Counts are of tasks. */
export type RunEvent =
  | {
      readonly kind: "started";
      readonly tasks: number;
      /** Names of the stages, and how many tasks each has. */
      readonly stages: readonly string[];
      readonly stageTasks?: readonly number[];
    }
  | {
      readonly kind: "finished";
      readonly task: number;
      readonly stage: number;
      readonly done: number;
      readonly tasks: number;
    };

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly on?: (event: RunEvent) => void;
  /** The caller is done with a block when it asks for the next: an executor may use its memory again from then on. */
  readonly transient?: boolean;
  /** On a cluster: runs of a higher one go before others; 0 where not given. */
  readonly priority?: number;
}

/**
 * Runs plans. Every executor yields the same blocks for a plan, in any order.
 * Leaving the iteration early cancels what is left.
 */
export interface Executor {
  readonly name: string;
  run(plan: Plan, options?: RunOptions): AsyncIterable<OutputBlock>;
}
