/**
 * Owns what a worker knows: its jobs, the tasks it was given, the blocks it holds and fetches, and
 * the bytes of all of these. Plain data; of a small task some bytes in the arrays of its job. Who changes it:
 * `reactor.ts`, `runs.ts`, `fetches.ts` and `blocks.ts`.
 */
import { blockTotal, chunkCount } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import { type InputWalk, inputWalk } from "@hyperslab/core/input-blocks";
import type { PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { coordsOfBlock, stageOfTask } from "@hyperslab/core/task-graph";
import { blockShape, padded } from "@hyperslab/protocol/block-bytes";
import type { PeerAddress } from "@hyperslab/protocol/messages";
import type { Payload } from "./events.js";
import { SMALL_BYTES, type SmallPlaces, newPlaces } from "./small-places.js";

/** What becomes of a task here; one byte each. README.md draws the ways between. */
interface TaskStatuses {
  /** It was never given, was given back, or has ended. */
  readonly none: 0;
  /** It waits for blocks that are fetched. */
  readonly fetching: 1;
  /** It waits for a thread. */
  readonly ready: 2;
  readonly running: 3;
}
export const TASK: TaskStatuses = { none: 0, fetching: 1, ready: 2, running: 3 };
/** In `WorkerJob.places`: the block has memory of its own (`large`), or none. */
export const NO_PLACE = -1;

/** A stage, as the tasks of a job need it. */
export interface WorkerStage {
  readonly outline: StageOutline;
  readonly first: number;
  /** Bytes that a running task takes: output and working memory. */
  readonly own: number;
  /** The part of a thread that a task takes: less than 1 where it mostly waits for a network. */
  readonly share: number;
  /** Its blocks are small: they have places in common memory. */
  readonly placed: boolean;
  /** So are those that it reads, and it touches no storage: its tasks run in batches. */
  readonly small: boolean;
  /** Shape and bytes of all its blocks where they are equal. */
  readonly uniform: BlockSize | null;
  /** One for each input. */
  readonly walks: readonly InputWalk[];
  /** Milliseconds that a task takes, lately; 0 while nothing is known. */
  pace: number;
}

export interface BlockSize {
  readonly shape: Shape;
  /** In memory, and with the padding between fields. */
  readonly bytes: number;
  readonly padded: number;
}

export interface WorkerJob {
  readonly id: number;
  readonly outline: PlanOutline;
  /** Number of the first task of each stage, and of all tasks at the end. */
  readonly firstTask: Int32Array;
  /** By stage; undefined until its program is here. */
  readonly stages: (WorkerStage | undefined)[];
  /** {@link TASK}, by task. */
  readonly status: Uint8Array;
  /** By task: 1 where its result is to be sent as soon as it is made. */
  readonly sends: Uint8Array;
  /** By task: the place of a small block; {@link NO_PLACE}. */
  readonly places: Int32Array;
  /** Blocks with memory of their own. */
  readonly large: Map<number, HeldBlock>;
  /** Blocks that are fetched. */
  readonly fetches: Map<number, WorkerFetch>;
  /** How many blocks a task still waits for; tasks that wait for a block. */
  readonly missing: Map<number, number>;
  readonly waiters: Map<number, number[]>;
  /** Tasks given and not ended. */
  tasks: number;
}

export interface WorkerFetch {
  readonly block: number;
  /** Who else to ask, where this one fails. */
  readonly others: number[];
  peer: number;
}

export interface HeldBlock {
  readonly bytes: number;
  readonly payload: Payload;
}

/** Ready tasks of one stage, in the order in which they came. */
export interface Queue {
  readonly job: number;
  readonly stage: number;
  readonly tasks: number[];
  head: number;
}

/** Tasks that a thread has. */
export interface WorkerRun {
  readonly id: number;
  readonly job: number;
  readonly stage: number;
  readonly tasks: readonly number[];
  /** Where the results of a batch go; null for a task whose block has memory of its own. */
  readonly places: readonly number[] | null;
  /** How many units each of the places has. */
  readonly units: readonly number[];
  readonly share: number;
  readonly bytes: number;
  /** False once its job was forgotten: it runs on for a moment, and its output goes nowhere. */
  wanted: boolean;
}

export interface WorkerState {
  readonly threads: number;
  /** Bytes for blocks and running tasks. */
  readonly memory: number;
  readonly jobs: Map<number, WorkerJob>;
  /** Ready tasks: the queue that came first is first. */
  readonly queues: Queue[];
  readonly runs: Map<number, WorkerRun>;
  nextRun: number;
  readonly places: SmallPlaces;
  readonly peers: Map<number, PeerAddress>;
  /** Bytes of all blocks. */
  stored: number;
  /** Small blocks held, and places that running tasks have. */
  smalls: number;
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
    queues: [],
    runs: new Map(),
    nextRun: 1,
    places: newPlaces(),
    peers: new Map(),
    stored: 0,
    smalls: 0,
    runningBytes: 0,
    running: 0,
    busy: 0,
  };
}

export function newJob(id: number, outline: PlanOutline): WorkerJob {
  const firstTask = new Int32Array(outline.stages.length + 1);
  outline.stages.forEach(({ grid }, s) => (firstTask[s + 1] = firstTask[s] + blockTotal(grid)));
  const count = firstTask[outline.stages.length];
  return {
    id,
    outline,
    firstTask,
    stages: outline.stages.map(() => undefined),
    status: new Uint8Array(count),
    sends: new Uint8Array(count),
    places: new Int32Array(count).fill(NO_PLACE),
    large: new Map(),
    fetches: new Map(),
    missing: new Map(),
    waiters: new Map(),
    tasks: 0,
  };
}

/** A stage whose program has come. @param share see {@link WorkerStage} @param reads its program touches storage */
export function newStage(job: WorkerJob, stage: number, share: number, reads: boolean): WorkerStage {
  const { stages } = job.outline;
  const outline = stages[stage];
  return {
    outline,
    first: job.firstTask[stage],
    own: outline.cost.output + outline.cost.working,
    share,
    placed: isSmall(outline),
    small: !reads && [stage, ...outline.inputs.map((input) => input.stage)].every((s) => isSmall(stages[s])),
    uniform: isUniform(outline) ? sizeOfBlock(outline, 0) : null,
    walks: outline.inputs.map((input) => inputWalk(outline.grid, input, stages[input.stage].grid)),
    pace: 0,
  };
}

/** True for a stage whose blocks are of numbers, and few of them. */
export function isSmall({ fields, cost }: StageOutline): boolean {
  return cost.output + 8 * fields.length <= SMALL_BYTES && !fields.includes("string");
}

function isUniform({ grid }: StageOutline): boolean {
  return grid.every(
    (axis) => chunkCount(axis) === 1 || (axis.kind === "regular" && axis.length % axis.chunk === 0),
  );
}

function sizeOfBlock({ grid, fields }: StageOutline, block: number): BlockSize {
  const shape = blockShape(grid, block);
  const elements = sizeOf(shape);
  let bytes = 0;
  let all = 0;
  for (const dtype of fields) {
    bytes += elements * itemSize(dtype);
    all += padded(elements * itemSize(dtype));
  }
  return { shape, bytes, padded: all };
}

/** The size of a task's block. */
export function sizeOfTask(job: WorkerJob, task: number): BlockSize {
  const stage = stageOfTask(job, task);
  return job.stages[stage]?.uniform ?? sizeOfBlock(job.outline.stages[stage], task - job.firstTask[stage]);
}

/** Units of 8 bytes that a small block takes; one at least. */
export function unitsOf(size: BlockSize): number {
  return Math.max(1, size.padded / 8);
}

/** True where the block is here. */
export function isHere(job: WorkerJob, block: number): boolean {
  return job.places[block] !== NO_PLACE || job.large.has(block);
}

/** Calls `visit` with every task whose block the task reads: the input of its stage, and the block's number there. */
export function eachInput(
  job: WorkerJob,
  stage: WorkerStage,
  task: number,
  visit: (dependency: number, input: number, block: number) => void,
): void {
  const { inputs, grid } = stage.outline;
  if (inputs.length === 0) return;
  const coords = Int32Array.from(coordsOfBlock(grid, task - stage.first));
  stage.walks.forEach((walk, i) => {
    const first = job.firstTask[inputs[i].stage];
    walk.visit(coords, (block) => visit(first + block, i, block));
  });
}
