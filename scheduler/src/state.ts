/**
 * Owns what a scheduler knows: workers, clients, jobs, and the status of every task. Plain data
 * and small questions about it. Of a task there is no object: some bytes in the arrays of its job.
 * Who changes them: `transitions.ts`, `holders.ts` and `jobs.ts`, nobody else.
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

/** Bits of `SchedulerJob.marks`. */
interface Marks {
  /** It has finished at least once. */
  readonly seen: 1;
  /** Its block was given to the client. */
  readonly delivered: 2;
  /** Its block is a result that the worker at `at` was asked for, or its client told of. */
  readonly asked: 4;
}
export const MARK: Marks = { seen: 1, delivered: 2, asked: 4 };

/** In `SchedulerJob.at`: no worker. */
export const NOWHERE = 0xffff;

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
  /** Its place in `SchedulerState.slots`. */
  readonly slot: number;
  readonly name: string;
  readonly address: string;
  readonly pid: number;
  readonly threads: number;
  /** Bytes it promised: `stored + reserved` never passes it. */
  readonly memory: number;
  readonly joined: number;
  /** How many tasks it was given and has not ended; `SchedulerJob.at` says which. */
  assigned: number;
  /** Blocks it was told to fetch, by key: the bytes reserved for each. */
  readonly incoming: Map<number, number>;
  /**
   * Blocks that it fetched and that another worker is said to hold, by key, with their bytes: they may go
   * where room is needed. Blocks of which `SchedulerJob.at` names this worker are not among them.
   */
  readonly copies: Map<number, number>;
  /** Bytes of all blocks that it holds. */
  stored: number;
  /** Bytes of its tasks (output and working memory), and over `incoming`. */
  reserved: number;
  /** Tasks that it said it runs. */
  executing: number;
  finished: number;
  /** Tasks that it finishes in a millisecond, lately; 0 while nothing is known. */
  pace: number;
  /** Tasks finished since, not yet in `pace`. */
  paceStart: number;
  paceCount: number;
  /** It has a task under which a worker died: until that has ended it gets no other. */
  alone: boolean;
  rss: number;
  /** By job: the stages whose programs it has. */
  readonly programs: Map<number, Set<number>>;
}

export interface SchedulerClient {
  readonly id: number;
  readonly name: string;
  /** Fetches large results from workers; otherwise all come through here. */
  readonly dials: boolean;
  /** Workers that it could not reach: their results come through here. */
  readonly unreachable: Set<number>;
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
  /** Jobs of a higher one go first. */
  priority: number;
  /** Nothing of it is handed out while it is paused. */
  paused: boolean;
  readonly frontier: Frontier;
  readonly graph: TaskGraph;
  /** {@link STATUS}, by task. */
  readonly status: Uint8Array;
  /** {@link MARK}s, by task. */
  readonly marks: Uint8Array;
  /** Slot of the worker that has the task, or holds its block; {@link NOWHERE} otherwise. */
  readonly at: Uint16Array;
  /** Bytes of a block in memory. */
  readonly size: Uint32Array;
  /** Bytes that a task of a stage takes while a worker has it. */
  readonly own: Float64Array;
  /** How many tasks have each status. */
  readonly counts: number[];
  /** Tasks that finished at least once, and those of each stage. */
  done: number;
  readonly stageDone: number[];
  /** By stage: milliseconds that threads were busy with it, and bytes of all blocks made, those made again too. */
  readonly stageTime: number[];
  readonly stageBytes: number[];
  /** When its client was last told what it costs. */
  toldSpent: number;
  /** By stage: 1 where its blocks are results. */
  readonly isOutput: Uint8Array;
  /** Results not yet given to the client. */
  resultsLeft: number;
  /** Results in memory that wait for room in the window; may hold ones that were lost since. */
  readonly deliverable: number[];
  deliverableHead: number;
  /** Bytes of results asked for and not arrived: of blocks in memory their size, else the stage's output. */
  asked: number;
  /** Bytes given to the client, and not taken by it. */
  untaken: number;
  readonly window: number;
  /** Workers that hold a copy of a block, beside the one at `at`; only for blocks with any. */
  readonly copies: Map<number, number[]>;
  /** Workers that were told to fetch a block; only for blocks with any. */
  readonly incomingAt: Map<number, number[]>;
  /** Workers that died while they ran a task; only for tasks with any. */
  readonly deaths: Map<number, number>;
  /** How often a task was given back for want of inputs; only for tasks with any. */
  readonly returns: Map<number, number>;
  /** The stage that was asked for last: tasks come in runs. */
  stageHint: number;
}

export interface SchedulerState {
  readonly started: number;
  /** Of the last event. */
  now: number;
  nextJob: number;
  readonly workers: Map<number, SchedulerWorker>;
  /** The same workers by slot; undefined where one left. */
  readonly slots: (SchedulerWorker | undefined)[];
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
    slots: [],
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

/** The lowest slot that no worker has. */
export function freeSlot({ slots }: SchedulerState): number {
  const free = slots.indexOf(undefined);
  return free === -1 ? slots.length : free;
}

/** Bytes that may still be promised. */
export function freeBytes(worker: SchedulerWorker): number {
  return worker.memory - worker.stored - worker.reserved;
}

/** Number of the stage of a task. */
export function stageNumber(job: SchedulerJob, task: number): number {
  const { firstTask } = job.graph;
  const hint = job.stageHint;
  if (firstTask[hint] <= task && task < firstTask[hint + 1]) return hint;
  return (job.stageHint = stageOfTask(job.graph, task));
}

export function stageOf(job: SchedulerJob, task: number): StageOutline {
  return job.graph.plan.stages[stageNumber(job, task)];
}

/** Bytes that a task takes while a worker has it: output and working memory. */
export function ownBytes(job: SchedulerJob, task: number): number {
  return job.own[stageNumber(job, task)];
}

/** True where the task's block is a result that the client does not have. */
export function isWanted(job: SchedulerJob, task: number): boolean {
  return job.isOutput[stageNumber(job, task)] === 1 && (job.marks[task] & MARK.delivered) === 0;
}

/** Bytes of results asked for or given to the client, and not taken by it. */
export function inFlight(job: SchedulerJob): number {
  return job.asked + job.untaken;
}

/** True for a finished task, whether or not its block is still there. */
export function isDone(status: number): boolean {
  return status >= STATUS.memory;
}

/** True for a task that a worker has. */
export function isOut(status: number): boolean {
  return status === STATUS.assigned || status === STATUS.executing;
}

/** The worker that has the task, or that holds its block. */
export function workerAt(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
): SchedulerWorker | undefined {
  return state.slots[job.at[task]];
}

/** True where `worker` has the task. */
export function hasTask(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  return job.at[task] === worker.slot && isOut(job.status[task]);
}

/** Ids of the workers that hold the block of a task. */
export function holdersOf(state: SchedulerState, job: SchedulerJob, task: number): number[] {
  const first = job.status[task] === STATUS.memory ? workerAt(state, job, task) : undefined;
  return first ? [first.id, ...(job.copies.get(task) ?? [])] : [];
}

/** True where the worker holds the block, itself or as a copy. */
export function holds(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  if (job.status[task] !== STATUS.memory) return false;
  return job.at[task] === worker.slot || worker.copies.has(keyOf(job.id, task));
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
