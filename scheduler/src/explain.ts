/** Owns the answer to "why is this task not running?", as data and as a sentence. Changes nothing. */
import {
  STATUS,
  STATUS_NAMES,
  type SchedulerJob,
  type SchedulerState,
  dependenciesOf,
  freeBytes,
  holds,
  keyOf,
  ownBytes,
  taskName,
  workerAt,
} from "./state.js";
import { blockBytes } from "./need.js";
import { slotsOf } from "./pace.js";
import { storyOf } from "./story.js";

export interface Explanation {
  readonly task: string;
  readonly status: (typeof STATUS_NAMES)[number];
  readonly because: string;
  /** Inputs that are not in memory, at most ten. */
  readonly missing: readonly { readonly task: string; readonly status: string }[];
  /** For a ready task: what stands in its way, worker by worker. */
  readonly workers: readonly {
    readonly name: string;
    readonly freeSlots: number;
    readonly freeBytes: number;
    readonly neededBytes: number;
  }[];
}

/** Why a task is where it is. @throws RangeError for a task that the job does not have */
export function explain(state: SchedulerState, job: SchedulerJob, task: number): Explanation {
  if (!(task >= 0 && task < job.graph.taskCount)) throw new RangeError(`job ${job.id} has no task ${task}`);
  const status = job.status[task];
  const missing = [...dependenciesOf(job, task)].filter((input) => job.status[input] !== STATUS.memory);
  const workers = [...state.workers.values()].map((worker) => {
    let neededBytes = ownBytes(job, task);
    for (const input of dependenciesOf(job, task)) {
      if (holds(job, input, worker) || worker.incoming.has(keyOf(job.id, input))) continue;
      neededBytes += blockBytes(job, input);
    }
    return {
      name: worker.name,
      freeSlots: slotsOf(worker) - worker.assigned,
      freeBytes: freeBytes(worker),
      neededBytes,
    };
  });
  return {
    task: taskName(job, task),
    status: STATUS_NAMES[status],
    because: because(state, job, task, missing.length, workers),
    missing: missing
      .slice(0, 10)
      .map((input) => ({ task: taskName(job, input), status: STATUS_NAMES[job.status[input]] })),
    workers: status === STATUS.ready ? workers : [],
  };
}

function because(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  missing: number,
  workers: Explanation["workers"],
): string {
  const worker = workerAt(state, job, task)?.name ?? "a worker";
  switch (STATUS_NAMES[job.status[task]]) {
    case "waiting":
      return `it waits for ${missing} of ${dependenciesOf(job, task).length} inputs`;
    case "ready":
      if (job.paused) return "its job is paused";
      if (workers.length === 0) return "there is no worker";
      if (workers.every((one) => one.freeSlots <= 0)) return "every worker has as many tasks as it takes";
      if (workers.every((one) => one.freeSlots <= 0 || one.freeBytes < one.neededBytes))
        return "no worker with a free slot has enough free memory";
      return "it is placed at the next tick, or waits for its turn";
    case "assigned":
      return `${worker} has it, and fetches its inputs or runs others first`;
    case "executing":
      return `${worker} runs it`;
    case "memory":
      return `it is done; its block has ${job.frontier.needed[task]} uses left`;
    case "released":
      return "nobody needs its block any more";
  }
}

/** How a task got where it is, as lines for people; only the last steps of all jobs are remembered. */
export function story(state: SchedulerState, job: SchedulerJob, task: number): string[] {
  return storyOf(state.story, job.id, task).map(({ time, from, to, worker, why }) => {
    const on = worker < 0 ? "" : ` (${state.workers.get(worker)?.name ?? `worker ${worker}`})`;
    const after = ((time - job.submitted) / 1000).toFixed(3);
    return `+${after} s: ${STATUS_NAMES[from]} → ${STATUS_NAMES[to]}${on}: ${why}`;
  });
}
