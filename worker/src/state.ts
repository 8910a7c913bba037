/**
 * Owns what a worker knows: its jobs, the tasks it was given, the blocks it holds and fetches, and
 * the bytes of all of these. Plain data. Who changes it: `reactor.ts`.
 */
import { blockTotal } from "@hyperslab/core/chunk-grid";
import type { PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { inputBlocks } from "@hyperslab/core/input-blocks";
import { coordsOfBlock } from "@hyperslab/core/task-graph";
import type { PeerAddress } from "@hyperslab/protocol/messages";
import type { Payload } from "./events.js";

export interface WorkerJob {
  readonly id: number;
  readonly outline: PlanOutline;
  /** Number of the first task of each stage, and of all tasks at the end. */
  readonly firstTask: readonly number[];
  /** Stages whose program is here, with the part of a thread that a task of theirs takes. */
  readonly shares: Map<number, number>;
}

export interface WorkerTask {
  readonly job: number;
  readonly task: number;
  readonly stage: number;
  /** Blocks it reads, by input of its stage: their numbers in that stage. */
  readonly inputs: readonly (readonly number[])[];
  /** Output and working memory. */
  readonly bytes: number;
  /** The part of a thread that it takes: less than 1 where it mostly waits for a network. */
  readonly share: number;
  /** Blocks that are still being fetched. */
  readonly missing: Set<number>;
  /** `fetching` while any are missing; `running` from StartRun to RunFinished or RunFailed. */
  status: "fetching" | "ready" | "running";
  /** False once its job was forgotten: it runs on for a moment, and its output goes nowhere. */
  wanted: boolean;
}

export interface WorkerFetch {
  readonly job: number;
  readonly block: number;
  /** Who else to ask, where this one fails. */
  readonly others: number[];
  peer: number;
}

export interface HeldBlock {
  readonly bytes: number;
  readonly payload: Payload;
}

export interface WorkerState {
  readonly threads: number;
  /** Bytes for blocks and running tasks. */
  readonly memory: number;
  readonly jobs: Map<number, WorkerJob>;
  /** By key, in the order in which they came. */
  readonly tasks: Map<number, WorkerTask>;
  readonly blocks: Map<number, HeldBlock>;
  readonly fetches: Map<number, WorkerFetch>;
  readonly peers: Map<number, PeerAddress>;
  /** Sum over `blocks`. */
  stored: number;
  /** Of running tasks: their bytes, their number, and the threads that they take. */
  runningBytes: number;
  running: number;
  busy: number;
}

export function newState(threads: number, memory: number): WorkerState {
  return {
    threads,
    memory,
    jobs: new Map(),
    tasks: new Map(),
    blocks: new Map(),
    fetches: new Map(),
    peers: new Map(),
    stored: 0,
    runningBytes: 0,
    running: 0,
    busy: 0,
  };
}

/** A task or block of a job as one number. */
export function keyOf(job: number, task: number): number {
  return job * 2 ** 31 + task;
}

export function newJob(id: number, outline: PlanOutline): WorkerJob {
  const firstTask = [0];
  for (const { grid } of outline.stages) firstTask.push(firstTask[firstTask.length - 1] + blockTotal(grid));
  return { id, outline, firstTask, shares: new Map() };
}

/** The stage of a task; -1 for a number that is no task. */
export function stageNumber(job: WorkerJob, task: number): number {
  return task < 0 ? -1 : job.firstTask.findIndex((first) => first > task) - 1;
}

/** For each input of the stage, the numbers of the blocks that the task reads. */
export function inputsOf(job: WorkerJob, stage: StageOutline, block: number): number[][] {
  const coords = coordsOfBlock(stage.grid, block);
  return stage.inputs.map((input) =>
    inputBlocks(stage.grid, coords, input, job.outline.stages[input.stage].grid),
  );
}

/** The tasks whose blocks a task reads, without repeats. */
export function dependenciesOf(job: WorkerJob, task: Pick<WorkerTask, "stage" | "inputs">): number[] {
  const stage = job.outline.stages[task.stage];
  const all = task.inputs.flatMap((blocks, i) =>
    blocks.map((block) => job.firstTask[stage.inputs[i].stage] + block),
  );
  return [...new Set(all)];
}
