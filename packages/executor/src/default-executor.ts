/**
 * Owns the choice of who runs a plan where nobody says: small plans run in this thread, which is
 * done before a thread would have started; larger ones on threads that all runs of the process share.
 */
import { blockTotal } from "@hyperslab/core/chunk-grid";
import type { Executor } from "@hyperslab/core/executor";
import type { Plan } from "@hyperslab/core/plan";
import { inlineExecutor } from "./inline.js";
import { isPortableStage } from "./task-stage.js";
import { type ThreadsExecutor, threadsExecutor } from "./threads.js";

/** A plan is small with fewer bytes read and yielded than this ... */
const SMALL_BYTES = 4 * 2 ** 20;
/** ... and fewer tasks. */
const SMALL_TASKS = 8;

let shared: ThreadsExecutor | null = null;

/** The executor of whoever names none. */
export function defaultExecutor(): Executor {
  return {
    name: "default",
    run: (plan, options) => (isSmall(plan) ? inlineExecutor() : sharedThreads()).run(plan, options),
  };
}

/** Ends the threads that {@link defaultExecutor} started; the next large plan starts new ones. */
export async function closeDefaultExecutor(): Promise<void> {
  const closing = shared;
  shared = null;
  await closing?.close();
}

/** True for a plan that is best run in this thread. */
export function isSmall(plan: Plan): boolean {
  if (!plan.stages.some((stage) => isPortableStage(stage))) return true;
  let tasks = 0;
  let bytes = 0;
  for (const { grid, cost } of plan.stages) {
    const blocks = blockTotal(grid);
    tasks += blocks;
    bytes += cost.read + cost.output * blocks;
  }
  return tasks < SMALL_TASKS && bytes < SMALL_BYTES;
}

function sharedThreads(): ThreadsExecutor {
  shared ??= threadsExecutor();
  return shared;
}
