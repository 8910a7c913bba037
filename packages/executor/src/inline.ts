/**
 * Owns the executor that runs a plan in this very thread. Nothing to start, nothing to send: the
 * best choice for small plans, and the one that can read objects of this process.
 */
import { setImmediate } from "node:timers/promises";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { isRemote } from "@hyperslab/core/source-ref";
import { MemoryBudget } from "./memory-budget.js";
import { runGraph } from "./run-graph.js";
import { type TaskOptions, runTask } from "./run-task.js";
import type { SpillOptions } from "./spill-directory.js";
import { BufferPool, POOLED_BYTES } from "./buffer-pool.js";
import { taskStagesOf } from "./task-stage.js";
import { trimArena } from "./thread-arena.js";

export interface InlineOptions extends Pick<TaskOptions, "openSource" | "writeTarget"> {
  /** Bytes that a run may hold. */
  readonly memory?: number;
  /** Where blocks go that memory has no room for; null for nowhere. Default: the directory for temporary files. */
  readonly spill?: SpillOptions | null;
}

/** Milliseconds of computing after which timers, signals and sockets get their turn. */
const TURN = 12;

/** Tasks under way at once where answers come from far: their requests overlap. */
export const REMOTE_WIDTH = 32;

export function inlineExecutor(options: InlineOptions = {}): Executor {
  const { memory, spill = {}, ...io } = options;
  return {
    name: "inline",
    run(plan, runOptions = {}) {
      const stages = taskStagesOf(plan);
      const buffers = new BufferPool(memory === undefined ? undefined : Math.min(POOLED_BYTES, memory / 4));
      let turn = performance.now();
      return runGraph(
        plan,
        async ({ stage, block, inputs, into }, signal) => {
          if (performance.now() - turn > TURN) {
            await setImmediate();
            turn = performance.now();
          }
          return runTask(stages[stage], block, inputs, { ...io, signal, scratch: buffers, into: into ?? [] });
        },
        {
          ...runOptions,
          width: readsRemotely(plan) ? REMOTE_WIDTH : 1,
          budget:
            memory === undefined
              ? new MemoryBudget()
              : new MemoryBudget(memory, { threads: 1, spare: buffers }),
          buffers,
          rest: async () => trimArena(0),
          spill,
        },
      );
    },
  };
}

/** True for a plan some of whose sources are a network away. */
export function readsRemotely(plan: Plan): boolean {
  return plan.stages.some(({ program }) => program.sources.some(({ store }) => isRemote(store)));
}
