/**
 * Owns what a scheduler knows: workers, clients, jobs, and the status of every task. Plain data
 * and small questions about it. Who changes it: `transitions.ts` and `place.ts`, nobody else.
 */
import type { Frontier } from "@hyperslab/core/frontier";
import type { StageOutline } from "@hyperslab/core/plan";
import { type TaskGraph, blockOfTask, stageOfTask } from "@hyperslab/core/task-graph";
import type { ClusterTotals, JobStatus } from "@hyperslab/protocol/status";
import { type Story, newStory } from "./story.js";

/** What becomes of a task; one byte each. README.md draws the ways between. */
interface TaskStatuses {
  /** Some of its inputs are not in memory. */
  readonly waiting: 0;
  /** All inputs are in memory; no worker has it. */
  readonly ready: 1;
  /** A worker has it, and has not said that it runs. */
  readonly assigned: 2;
  readonly executing: 3;
  /** Its block is held by at least one worker. */
  readonly memory: 4;
  /** Nobody needs its block, now: it was let go, or never made. */
  readonly released: 5;
}
export const STATUS: TaskStatuses = {
  waiting: 0,
  ready: 1,
  assigned: 2,
  executing: 3,
  memory: 4,
  released: 5,
};
export type TaskStatus = TaskStatuses[keyof TaskStatuses];
export const STATUS_NAMES: readonly (keyof TaskStatuses)[] = [
  "waiting",
  "ready",
  "assigned",
  "executing",
  "memory",
  "released",
];

/** A task of a job as one number, for maps over several jobs. */
export function keyOf(job: number, task: number): number {
  return job * 2 ** 31 + task;
}
export function jobOfKey(key: number): number {
  return Math.floor(key / 2 ** 31);
}
export function taskOfKey(key: number): number {
  return key % 2 ** 31;
}

export interface SchedulerWorker {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly pid: number;
  readonly threads: number;
  /** Bytes it promised: `stored + reserved` never passes it. */
  readonly memory: number;
  readonly joined: number;
  /** Tasks it was given, by key: the bytes reserved for each (output and working memory). */
  readonly assigned: Map<number, number>;
  /** Blocks it was told to fetch, by key: the bytes reserved for each. */
  readonly incoming: Map<number, number>;
  /** Blocks it holds, by key, with their bytes. */
  readonly held: Map<number, number>;
  /** Those of them that it fetched from another worker: they may go where room is needed. */
  readonly copies: Set<number>;
  /** Sum over `held`. */
  stored: number;
  /** Sum over `assigned` and `incoming`. */
  reserved: number;
  /** Tasks that it said it runs. */
  executing: number;
  finished: number;
  /** Tasks that it finishes in a millisecond, lately; 0 while nothing is known. */
  pace: number;
  /** Tasks finished since, not yet in `pace`. */
  paceStart: number;
  paceCount: number;
  rss: number;
  /** By job: the stages whose programs it has. */
  readonly programs: Map<number, Set<number>>;
}

export interface SchedulerClient {
  readonly id: number;
  readonly name: string;
  /** The client's number of a run to ours. */
  readonly jobs: Map<number, number>;
}

export interface SchedulerJob {
  readonly id: number;
  readonly client: number;
  readonly ref: number;
  readonly name: string;
  readonly submitted: number;
  readonly progress: boolean;
  readonly frontier: Frontier;
  readonly graph: TaskGraph;
  /** {@link STATUS}, by task. */
  readonly status: Uint8Array;
  /** How many tasks have each status. */
  readonly counts: number[];
  /** By task: 1 once it has finished for the first time. */
  readonly seen: Uint8Array;
  /** Tasks that finished at least once, and those of each stage. */
  done: number;
  readonly stageDone: number[];
  /** By stage: 1 where its blocks are results. */
  readonly isOutput: Uint8Array;
  /** By task: 1 once its block was given to the client. */
  readonly delivered: Uint8Array;
  /** Results not yet given to the client. */
  resultsLeft: number;
  /** Results in memory that wait for room in the window; may hold ones that were lost since. */
  readonly deliverable: number[];
  deliverableHead: number;
  /** Results asked of a worker: which, and the bytes counted for them. */
  readonly delivering: Map<number, { readonly worker: number; readonly bytes: number }>;
  /** Bytes asked for or given to the client, and not taken by it. */
  inFlight: number;
  readonly window: number;
  /** Workers that hold the block of a task. */
  readonly holders: Map<number, number[]>;
  /** Workers that were told to fetch a block. */
  readonly incomingAt: Map<number, number[]>;
  /** The worker that has a task. */
  readonly workerOf: Map<number, number>;
  /** Workers that died while they ran a task; only for tasks with any. */
  readonly deaths: Map<number, number>;
  /** How often a task was given back for want of inputs; only for tasks with any. */
  readonly returns: Map<number, number>;
}

export interface SchedulerState {
  readonly started: number;
  /** Of the last event. */
  now: number;
  nextJob: number;
  readonly workers: Map<number, SchedulerWorker>;
  readonly clients: Map<number, SchedulerClient>;
  readonly jobs: Map<number, SchedulerJob>;
  /** Jobs take turns: the one that goes first at the next placing. */
  turn: number;
  /** Something changed that may let a task be placed. */
  dirty: boolean;
  readonly story: Story;
  /** Jobs that ended lately, newest first. */
  readonly ended: JobStatus[];
  readonly errors: { time: number; message: string }[];
  readonly totals: { -readonly [K in keyof ClusterTotals]: ClusterTotals[K] };
}

export function newState(time: number, storyLength?: number): SchedulerState {
  return {
    started: time,
    now: time,
    nextJob: 1,
    workers: new Map(),
    clients: new Map(),
    jobs: new Map(),
    turn: 0,
    dirty: false,
    story: newStory(storyLength),
    ended: [],
    errors: [],
    totals: {
      jobs: 0,
      tasksFinished: 0,
      tasksFailed: 0,
      tasksRecomputed: 0,
      workersJoined: 0,
      workersLost: 0,
      resultBytes: 0,
    },
  };
}

/** Milliseconds of work that a worker should have in its queue: as long as asking for more may take. */
const AHEAD = 20;
const MAX_AHEAD = 64;

/**
 * Tasks that a worker may have at one time: its threads, as many again with two more to bridge the way,
 * and more where its tasks are so small that it would run out of them meanwhile.
 */
export function slotsOf(worker: SchedulerWorker): number {
  return 2 * worker.threads + 2 + Math.min(MAX_AHEAD, Math.floor(worker.pace * AHEAD));
}

/** The most that {@link slotsOf} ever says. */
export function maxSlotsOf(worker: SchedulerWorker): number {
  return 2 * worker.threads + 2 + MAX_AHEAD;
}

/** Learns how fast a worker is: it has finished `count` tasks now. */
export function measurePace(worker: SchedulerWorker, count: number, now: number): void {
  worker.paceCount += count;
  const since = now - worker.paceStart;
  if (since < AHEAD) return;
  worker.pace = (worker.pace + worker.paceCount / since) / 2;
  worker.paceStart = now;
  worker.paceCount = 0;
}

/** Bytes that may still be promised. */
export function freeBytes(worker: SchedulerWorker): number {
  return worker.memory - worker.stored - worker.reserved;
}

export function stageOf(job: SchedulerJob, task: number): StageOutline {
  return job.graph.plan.stages[stageOfTask(job.graph, task)];
}

/** True for a finished task, whether or not its block is still there. */
export function isDone(status: number): boolean {
  return status >= STATUS.memory;
}

/** The tasks that `task` needs; a view. */
export function dependenciesOf({ graph }: SchedulerJob, task: number): Int32Array {
  return graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]);
}

/** The tasks that need `task`; a view. */
export function dependentsOf({ graph }: SchedulerJob, task: number): Int32Array {
  return graph.dependents.subarray(graph.dependentStart[task], graph.dependentStart[task + 1]);
}

/** For people: `mean(time)[3]`. */
export function taskName(job: SchedulerJob, task: number): string {
  return `${stageOf(job, task).name}[${blockOfTask(job.graph, task)}]`;
}
