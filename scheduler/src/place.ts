/**
 * Owns placing: which ready task goes to which worker now. A separate, pure step that runs after a
 * burst of events. Never hands out what does not fit the worker's memory.
 *
 * Jobs take turns. Within a job the order is the task graph's (depth first); a task that must wait for
 * memory is not overtaken, except by tasks that give back as much as they take: so large tasks don't starve
 * and memory is not filled with blocks whose consumers then don't fit.
 */
import { MemoryError, toWire } from "@hyperslab/core/errors";
import { pushReady, takeReady } from "@hyperslab/core/frontier";
import { stageOfTask } from "@hyperslab/core/task-graph";
import type { TaskOrder } from "@hyperslab/protocol/messages";
import type { SchedulerInstruction } from "./events.js";
import { failJob } from "./jobs.js";
import {
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  dependenciesOf,
  freeBytes,
  jobOfKey,
  keyOf,
  slotsOf,
  stageOf,
  taskOfKey,
} from "./state.js";
import { assignTask, releaseAt, removeHolder } from "./transitions.js";

type Out = SchedulerInstruction[];
/** By worker, then by job. */
type Orders = Map<number, Map<number, TaskOrder[]>>;

/** Bytes that are fetched in a millisecond, roughly. */
const BYTES_PER_MS = 2 ** 20;
/** How long a task is taken to run where nothing is known, in milliseconds. */
const TASK_MS = 16;
/** Tasks that are looked at behind one that must wait for memory. */
const LOOK_BEHIND = 32;

/** Hands ready tasks out. */
export function place(state: SchedulerState): SchedulerInstruction[] {
  const out: Out = [];
  state.dirty = false;
  if (state.workers.size === 0 || state.jobs.size === 0) return out;
  const orders: Orders = new Map();
  let free = [...state.workers.values()].filter(hasSlot);
  const jobs = [...state.jobs.values()];
  const first = state.turn++ % jobs.length;
  let active = [...jobs.slice(first), ...jobs.slice(0, first)];
  while (free.length > 0 && active.length > 0) {
    active = active.filter((job) => free.some(hasSlot) && placeNext(state, out, orders, job, free));
    free = free.filter(hasSlot);
  }
  if (!isMoving(state)) unstick(state, out, orders);
  sendOrders(state, out, orders);
  return out;
}

function hasSlot(worker: SchedulerWorker): boolean {
  return worker.assigned.size < slotsOf(worker);
}

/** Places one task of the job. False where none can be placed now. */
function placeNext(
  state: SchedulerState,
  out: Out,
  orders: Orders,
  job: SchedulerJob,
  workers: readonly SchedulerWorker[],
): boolean {
  const skipped: number[] = [];
  let placed = false;
  while (!placed && skipped.length < LOOK_BEHIND) {
    const task = takeReady(job.frontier);
    if (task === undefined) break;
    if (job.status[task] !== STATUS.ready) continue;
    const overtakes = skipped.length > 0;
    if (!overtakes || givesBack(state, job, task)) placed = placeTask(state, out, orders, job, task, workers);
    if (placed) break;
    skipped.push(task);
    if (!overtakes && refuseTooLarge(state, out, job, task)) return false;
  }
  for (const task of skipped) pushReady(job.frontier, task);
  return placed;
}

/** True where the blocks that the task frees are at least as large as what it makes. */
function givesBack(state: SchedulerState, job: SchedulerJob, task: number): boolean {
  let freed = 0;
  for (const dependency of dependenciesOf(job, task))
    if (job.frontier.needed[dependency] === 1) freed += blockBytes(state, job, dependency);
  return freed >= stageOf(job, task).cost.output;
}

/** Bytes of a block in memory. */
function blockBytes(state: SchedulerState, job: SchedulerJob, task: number): number {
  const holder = state.workers.get(job.holders.get(task)?.[0] ?? -1);
  return holder?.held.get(keyOf(job.id, task)) ?? 0;
}

/** What a task needs, wherever it runs. */
interface Need {
  /** Output and working memory. */
  readonly own: number;
  readonly inputs: number;
  /** Bytes of inputs that a worker holds or will hold; workers without any are left out. */
  readonly local: Map<number, number>;
}

function needOf(state: SchedulerState, job: SchedulerJob, task: number): Need {
  const { cost } = stageOf(job, task);
  const local = new Map<number, number>();
  let inputs = 0;
  for (const dependency of dependenciesOf(job, task)) {
    const bytes = blockBytes(state, job, dependency);
    inputs += bytes;
    for (const id of job.holders.get(dependency) ?? []) local.set(id, (local.get(id) ?? 0) + bytes);
    for (const id of job.incomingAt.get(dependency) ?? []) local.set(id, (local.get(id) ?? 0) + bytes);
  }
  return { own: cost.output + cost.working, inputs, local };
}

/** Gives the task to the worker where it starts soonest, by a rough count. False where it fits nowhere now. */
function placeTask(
  state: SchedulerState,
  out: Out,
  orders: Orders,
  job: SchedulerJob,
  task: number,
  workers: readonly SchedulerWorker[],
): boolean {
  const need = needOf(state, job, task);
  const ranked = workers
    .filter(hasSlot)
    .map((worker) => {
      const fetch = need.inputs - (need.local.get(worker.id) ?? 0);
      // to wait behind tasks costs as much as the bytes that could be fetched meanwhile
      const taskMs = worker.pace > 0 ? Math.min(TASK_MS, worker.threads / worker.pace) : TASK_MS;
      const behind = Math.max(0, worker.assigned.size + 1 - worker.threads) / worker.threads;
      return {
        worker,
        fetch,
        cost: fetch + behind * taskMs * BYTES_PER_MS,
        load: worker.assigned.size / worker.threads,
      };
    })
    .sort(
      (a, b) =>
        a.cost - b.cost ||
        a.load - b.load ||
        freeBytes(b.worker) - freeBytes(a.worker) ||
        a.worker.id - b.worker.id,
    );
  const fitting =
    ranked.find(({ worker, fetch }) => freeBytes(worker) >= need.own + fetch) ??
    ranked.find(({ worker, fetch }) => makeRoom(state, out, job, task, worker, need.own + fetch));
  if (!fitting) return false;
  const { worker } = fitting;
  const fetch: [number, number][] = [];
  const order: number[][] = [];
  for (const dependency of dependenciesOf(job, task)) {
    const key = keyOf(job.id, dependency);
    if (worker.held.has(key) || worker.incoming.has(key)) continue;
    fetch.push([dependency, blockBytes(state, job, dependency)]);
    order.push([dependency, ...(job.holders.get(dependency) ?? [])]);
  }
  assignTask(state, job, task, worker, need.own, fetch);
  const byJob = orders.get(worker.id) ?? new Map<number, TaskOrder[]>();
  orders.set(worker.id, byJob);
  const ofJob = byJob.get(job.id);
  if (ofJob) ofJob.push({ task, fetch: order });
  else byJob.set(job.id, [{ task, fetch: order }]);
  return true;
}

/** Lets copies go that another worker holds too, and no task here reads, until `bytes` are free. */
function makeRoom(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
  bytes: number,
): boolean {
  let free = freeBytes(worker);
  if (worker.copies.size === 0) return false;
  const copies: [SchedulerJob, number][] = [];
  const pinned = pinnedAt(state, worker);
  for (const dependency of dependenciesOf(job, task)) pinned.add(keyOf(job.id, dependency));
  for (const key of worker.copies) {
    if (free >= bytes) break;
    const one = state.jobs.get(jobOfKey(key));
    if (!one || pinned.has(key) || (one.holders.get(taskOfKey(key))?.length ?? 0) < 2) continue;
    copies.push([one, taskOfKey(key)]);
    free += worker.held.get(key) ?? 0;
  }
  if (free < bytes) return false;
  for (const [one, block] of copies) {
    removeHolder(one, block, worker);
    releaseAt(out, worker.id, one.id, block);
  }
  return true;
}

/** Keys of the blocks that tasks at the worker read. */
function pinnedAt(state: SchedulerState, worker: SchedulerWorker): Set<number> {
  const pinned = new Set<number>();
  for (const key of worker.assigned.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (job) for (const input of dependenciesOf(job, taskOfKey(key))) pinned.add(keyOf(job.id, input));
  }
  return pinned;
}

/** Fails the job where the task would not even fit an empty worker. */
function refuseTooLarge(state: SchedulerState, out: Out, job: SchedulerJob, task: number): boolean {
  const { own, inputs } = needOf(state, job, task);
  const largest = Math.max(...[...state.workers.values()].map((worker) => worker.memory));
  if (own + inputs <= largest) return false;
  const error = new MemoryError({
    what: `a task of ${stageOf(job, task).name}`,
    needed: own + inputs,
    available: largest,
    hint: "start workers with more memory, or cut the array into smaller chunks",
  });
  failJob(state, out, job, toWire(error));
  return true;
}

/** True while something is under way that will free memory, or may. */
function isMoving(state: SchedulerState): boolean {
  for (const worker of state.workers.values()) if (worker.assigned.size > 0) return true;
  for (const job of state.jobs.values()) if (job.delivering.size > 0 || job.inFlight > 0) return true;
  return false;
}

/** Nothing runs and the next task of no job fits: any task may go now. Where none fits, a job has to end. */
function unstick(state: SchedulerState, out: Out, orders: Orders): void {
  const workers = [...state.workers.values()];
  for (const job of state.jobs.values()) {
    const waiting: number[] = [];
    let placed = false;
    for (;;) {
      const task = takeReady(job.frontier);
      if (task === undefined) break;
      if (job.status[task] !== STATUS.ready) continue;
      waiting.push(task);
      placed = placeTask(state, out, orders, job, task, workers);
      if (placed) break;
    }
    for (const task of waiting) if (job.status[task] === STATUS.ready) pushReady(job.frontier, task);
    if (placed) return;
    if (waiting.length === 0) continue;
    const { own, inputs } = needOf(state, job, waiting[0]);
    const error = new MemoryError({
      what: `a task of ${stageOf(job, waiting[0]).name}, beside the blocks that are kept for later tasks,`,
      needed: own + inputs,
      available: Math.max(...workers.map(freeBytes)),
      hint: "start more workers or workers with more memory, or cut the array into smaller chunks",
    });
    failJob(state, out, job, toWire(error));
    return;
  }
}

/** Turns orders into instructions; a worker gets an outline and programs before the first task that needs them. */
function sendOrders(state: SchedulerState, out: Out, orders: Orders): void {
  for (const [id, byJob] of orders)
    for (const [jobId, tasks] of byJob) {
      const worker = state.workers.get(id);
      const job = state.jobs.get(jobId);
      if (!worker || !job) continue;
      let known = worker.programs.get(jobId);
      if (!known) {
        known = new Set();
        worker.programs.set(jobId, known);
        out.push({ kind: "SendJob", worker: id, job: jobId });
      }
      const stages = new Set(tasks.map(({ task }) => stageOfTask(job.graph, task)));
      const unknown = [...stages].filter((stage) => !known.has(stage));
      for (const stage of unknown) known.add(stage);
      if (unknown.length > 0) out.push({ kind: "SendPrograms", worker: id, job: jobId, stages: unknown });
      out.push({ kind: "SendTasks", worker: id, job: jobId, tasks });
    }
}
