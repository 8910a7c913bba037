/** Owns the comparison of workers for one task: where it starts soonest, by a rough count. Pure. */
import { type SchedulerWorker, freeBytes } from "./state.js";

/** Bytes that are fetched in a millisecond, roughly. */
const BYTES_PER_MS = 2 ** 20;
/** What asking for one block costs, in bytes that could be fetched meanwhile. */
const PER_FETCH = 2 ** 14;
/** How long a task is taken to run where nothing is known, in milliseconds. */
const TASK_MS = 16;

export interface Candidate {
  readonly worker: SchedulerWorker;
  /** In bytes that could be fetched in that time. */
  readonly cost: number;
}

/** What it costs to run a task at a worker: to fetch, and to wait behind the tasks that it has. */
export function costAt(worker: SchedulerWorker, fetch: number, fetches: number): number {
  const taskMs = worker.pace > 0 ? Math.min(TASK_MS, worker.threads / worker.pace) : TASK_MS;
  const behind = Math.max(0, worker.assigned + 1 - worker.threads) / worker.threads;
  return fetch + fetches * PER_FETCH + behind * taskMs * BYTES_PER_MS;
}

/** The cheaper one; of equal ones that with less to do, with more room, the older one. */
export function isBefore(a: Candidate, b: Candidate): boolean {
  const [left, right] = [a.worker, b.worker];
  const order =
    a.cost - b.cost ||
    left.assigned / left.threads - right.assigned / right.threads ||
    freeBytes(right) - freeBytes(left) ||
    left.id - right.id;
  return order < 0;
}
