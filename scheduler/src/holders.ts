/**
 * Owns the books of who holds which block. Of the workers that hold a block one is named in the job's
 * array `at`; the others have copies, in maps, because they are few. Knows no status but "in memory".
 */
import type { SchedulerInstruction } from "./events.js";
import {
  NOWHERE,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  STATUS,
  keyOf,
  workerAt,
} from "./state.js";

type Out = SchedulerInstruction[];

/** The block was made at `worker` (or a fetched copy saved): its first holder. */
export function setHolder(job: SchedulerJob, task: number, worker: SchedulerWorker, bytes: number): void {
  removeIncoming(job, task, worker);
  job.at[task] = worker.slot;
  job.size[task] = bytes;
  worker.stored += bytes;
}

/** Writes down that a worker holds a block that it fetched from another. */
export function addCopy(job: SchedulerJob, task: number, worker: SchedulerWorker, bytes: number): void {
  const key = keyOf(job.id, task);
  if (job.at[task] === worker.slot || worker.copies.has(key)) return;
  worker.copies.set(key, bytes);
  worker.stored += bytes;
  addTo(job.copies, task, worker.id);
}

/** Strikes a copy off the books. False where it was not there. */
export function removeCopy(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  const key = keyOf(job.id, task);
  const bytes = worker.copies.get(key);
  if (bytes === undefined) return false;
  worker.copies.delete(key);
  worker.stored -= bytes;
  removeFrom(job.copies, task, worker.id);
  return true;
}

/**
 * Strikes a block off a worker's books; where it was the first holder, a copy takes its place.
 * True where nobody else holds it: the caller must reopen it.
 */
export function removeHolder(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
): boolean {
  if (job.status[task] !== STATUS.memory) return false;
  if (job.at[task] !== worker.slot) {
    removeCopy(job, task, worker);
    return false;
  }
  worker.stored -= job.size[task];
  for (const id of job.copies.get(task) ?? []) {
    const other = state.workers.get(id);
    const bytes = other?.copies.get(keyOf(job.id, task));
    if (!other || bytes === undefined) continue;
    removeCopy(job, task, other);
    other.stored += bytes;
    job.at[task] = other.slot;
    job.size[task] = bytes;
    return false;
  }
  job.at[task] = NOWHERE;
  return true;
}

/** A worker was told to fetch a block. */
export function addIncoming(job: SchedulerJob, task: number, worker: SchedulerWorker, bytes: number): void {
  worker.incoming.set(keyOf(job.id, task), bytes);
  worker.reserved += bytes;
  addTo(job.incomingAt, task, worker.id);
}

/** Strikes a fetch off a worker's books. False where it was not there. */
export function removeIncoming(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  if (worker.incoming.size === 0) return false;
  const key = keyOf(job.id, task);
  const bytes = worker.incoming.get(key);
  if (bytes === undefined) return false;
  worker.incoming.delete(key);
  worker.reserved -= bytes;
  removeFrom(job.incomingAt, task, worker.id);
  return true;
}

/** The block goes at all workers that hold it, or fetch it. */
export function releaseEverywhere(state: SchedulerState, out: Out, job: SchedulerJob, task: number): void {
  state.dirty = true;
  const first = workerAt(state, job, task);
  if (first) {
    first.stored -= job.size[task];
    job.at[task] = NOWHERE;
    releaseAt(out, first.id, job.id, task);
  }
  for (const id of job.copies.get(task)?.slice() ?? []) {
    const worker = state.workers.get(id);
    if (worker && removeCopy(job, task, worker)) releaseAt(out, id, job.id, task);
  }
  if (job.incomingAt.size === 0) return;
  for (const id of job.incomingAt.get(task)?.slice() ?? []) {
    const worker = state.workers.get(id);
    if (worker && removeIncoming(job, task, worker)) releaseAt(out, id, job.id, task);
  }
}

/** Tells a worker to let a block go; neighbouring instructions become one. */
export function releaseAt(out: Out, worker: number, job: number, block: number): void {
  for (let i = out.length - 1; i >= Math.max(0, out.length - 8); i--) {
    const last = out[i];
    if (last.kind === "ReleaseBlocks" && last.worker === worker && last.job === job) {
      last.blocks.push(block);
      return;
    }
  }
  out.push({ kind: "ReleaseBlocks", worker, job, blocks: [block] });
}

function addTo(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

function removeFrom(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  const at = list ? list.indexOf(item) : -1;
  if (!list || at === -1) return;
  list.splice(at, 1);
  if (list.length === 0) lists.delete(key);
}
