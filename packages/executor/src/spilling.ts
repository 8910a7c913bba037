/**
 * Owns the choice of blocks that go to the disk when memory runs short: those whose next reader comes last. One round
 * of writing is under way at a time; a round that fails is not tried again.
 */
import type { TaskGraph } from "@hyperslab/core/task-graph";
import type { BlockStore } from "./block-store.js";

/** A round gives back at least this part of the memory: rounds of single blocks would look for them too often. */
const ROUND = 1 / 8;

/** Blocks written at once. */
const AT_ONCE = 4;

export class Spilling {
  readonly #graph: TaskGraph;
  readonly #blocks: BlockStore;
  readonly #done: Uint8Array;
  #round: Promise<void> | null = null;
  #failure: unknown;

  constructor(graph: TaskGraph, blocks: BlockStore) {
    this.#graph = graph;
    this.#blocks = blocks;
    this.#done = new Uint8Array(graph.taskCount);
  }

  /** A round is under way: memory may be had when it ends. */
  get busy(): boolean {
    return this.#round !== null;
  }

  /** Why nothing is spilled any more. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The task has run: its inputs are not read by it again. */
  finish(task: number): void {
    this.#done[task] = 1;
  }

  /**
   * Begins to spill `bytes` or more, if there is anything to spill.
   * @param limit of the run's memory
   * @param wanted tasks whose blocks are about to be read
   * @param wake is called when the round has ended
   */
  makeRoom(bytes: number, limit: number, wanted: readonly number[], wake: () => void): void {
    if (this.#round || this.#failure !== undefined || !this.#blocks.canSpill) return;
    const chosen = this.#choose(Math.max(bytes, ROUND * limit), new Set(wanted));
    if (chosen.length === 0) return;
    const next = async (): Promise<void> => {
      for (let task = chosen.shift(); task !== undefined; task = chosen.shift())
        if (this.#failure === undefined) await this.#blocks.spill(task);
    };
    const writers = Array.from({ length: AT_ONCE }, () =>
      next().catch((error: unknown) => this.#fail(error)),
    );
    this.#round = Promise.all(writers).then(() => {
      this.#round = null;
      wake();
    });
  }

  /** Ends with the round that is under way. */
  async settled(): Promise<void> {
    await this.#round;
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    process.emitWarning(error instanceof Error ? error.message : String(error), "HyperslabWarning");
  }

  #choose(bytes: number, wanted: ReadonlySet<number>): number[] {
    const found = [...this.#blocks.spillable()]
      .filter(({ task }) => !wanted.has(task))
      .map((one) => ({ ...one, next: this.#nextReader(one.task) }))
      .sort((a, b) => b.next - a.next);
    let sum = 0;
    const chosen: number[] = [];
    for (const { task, bytes: size } of found) {
      if (sum >= bytes) break;
      sum += size;
      chosen.push(task);
    }
    return chosen;
  }

  /** Rank of the first task that has still to read the block. */
  #nextReader(task: number): number {
    const { dependentStart, dependents, priority } = this.#graph;
    let next = Infinity;
    for (let e = dependentStart[task]; e < dependentStart[task + 1]; e++)
      if (!this.#done[dependents[e]]) next = Math.min(next, priority[dependents[e]]);
    return next;
  }
}
