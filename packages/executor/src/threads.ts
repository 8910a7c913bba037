/**
 * Owns the executor that runs a plan on the threads of this process. Stages that read or write an
 * object of this very thread (a `process` store) run in this thread, the others beside them.
 */
import { availableParallelism } from "node:os";
import type { Executor, OutputBlock, RunOptions } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { REMOTE_WIDTH, readsRemotely } from "./inline.js";
import { MemoryBudget, defaultMemory, reservationOf } from "./memory-budget.js";
import { type GraphOptions, runGraph } from "./run-graph.js";
import { runTask } from "./run-task.js";
import type { SpillOptions } from "./spill-directory.js";
import { BufferPool } from "./buffer-pool.js";
import { isPortableStage, taskStagesOf } from "./task-stage.js";
import type { ThreadPool, ThreadPoolOptions } from "./thread-pool.js";

export interface ThreadsOptions extends Pick<ThreadPoolOptions, "threads" | "entry"> {
  /** Bytes that a run may hold: blocks that are kept, and what running tasks promise to need. */
  readonly memory?: number;
  /** Where blocks go that memory has no room for; null for nowhere. Default: the directory for temporary files. */
  readonly spill?: SpillOptions | null;
}

/** An executor that holds threads. They end by themselves a while after the last run; `close` ends them now. */
export interface ThreadsExecutor extends Executor {
  close(): Promise<void>;
}

/** Least number of tasks of one thread whose requests overlap, where sources are a network away. */
const REMOTE_SLOTS = 4;

/** A thread has a second task at hand where no task needs more bytes than this: it never waits for one. */
const LIGHT = 16 * 2 ** 20;

/** Milliseconds after which a thread without work ends. */
const IDLE = 10_000;

let runs = 0;

/** @param options.threads threads at most; as many as the machine runs at once where not given */
export function threadsExecutor(options: ThreadsOptions = {}): ThreadsExecutor {
  const { memory, threads = availableParallelism(), entry, spill = {} } = options;
  let closed = false;
  let loading: Promise<ThreadPool> | undefined;
  // who never has a plan for threads doesn't wait for the code that speaks to them
  const load = async (): Promise<ThreadPool> => {
    const pools = await import("./thread-pool.js");
    const pool = new pools.ThreadPool({
      threads,
      slots: remoteSlots(threads),
      idle: IDLE,
      ...(memory === undefined ? {} : { kept: Math.floor(memory / 2), keptByThread: Infinity }),
      ...(entry ? { entry } : {}),
    });
    if (closed) await pool.close();
    return pool;
  };
  return {
    name: "threads",
    run(plan, runOptions = {}) {
      return runOnPool(plan, (loading ??= load()), memory ?? null, { ...runOptions, spill });
    },
    async close() {
      closed = true;
      await (await loading)?.close();
    },
  };
}

async function* runOnPool(
  plan: Plan,
  loading: Promise<ThreadPool>,
  memory: number | null,
  options: RunOptions & Pick<GraphOptions, "spill">,
): AsyncGenerator<OutputBlock, void, undefined> {
  const pool = await loading;
  const stages = taskStagesOf(plan);
  const portable = stages.map(isPortableStage);
  const read = new Set(plan.stages.flatMap(({ inputs }) => inputs.map((input) => input.stage)));
  const programId = `run ${++runs}`;
  const scratch = new BufferPool();
  // what was asked for counts to the last buffer; what is left over where nobody asked has room for all that is kept
  const budget =
    memory === null
      ? new MemoryBudget(defaultMemory(pool.threads))
      : new MemoryBudget(memory, { threads: pool.threads, kept: Infinity, spare: pool.buffers });
  pool.define(programId, stages);
  try {
    yield* runGraph(
      plan,
      ({ stage, block, inputs, into }, signal) => {
        // a result that later tasks read too is shared with them, any other leaves the run
        const moved = into === null && !read.has(stage);
        if (!portable[stage])
          return runTask(stages[stage], block, inputs, { signal, shared: !moved, into: into ?? [], scratch });
        return pool.run({ programId, stage, block, inputs, into: into ?? [], moved }, { signal });
      },
      {
        ...options,
        width: pool.threads * slotsFor(plan, pool.threads),
        budget,
        buffers: pool.buffers,
        rest: () => pool.rest(),
      },
    );
  } finally {
    pool.forget(programId);
  }
}

/** Tasks that a thread has under way at once. */
function slotsFor(plan: Plan, threads: number): number {
  if (readsRemotely(plan)) return remoteSlots(threads);
  return plan.stages.every(({ cost }) => reservationOf(cost) <= LIGHT) ? 2 : 1;
}

function remoteSlots(threads: number): number {
  return Math.max(REMOTE_SLOTS, Math.ceil(REMOTE_WIDTH / threads));
}
