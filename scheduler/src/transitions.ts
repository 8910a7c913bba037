/**
 * Owns the ways of a task from status to status, and what each of them does to the counts of its
 * neighbours and the books of its worker. Knows no event, no placing and no client.
 *
 * Three sums hold after every function here (`check.ts` verifies them):
 * `waiting[t]` = dependencies not in memory, for tasks not done;
 * `needed[t]` = dependents not done, and one more for a result not delivered;
 * a worker's `stored` and `reserved` = the sums over its books.
 */
import { pushReady } from "@hyperslab/core/frontier";
import type { SchedulerInstruction } from "./events.js";
import {
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  type TaskStatus,
  dependenciesOf,
  dependentsOf,
  isDone,
  keyOf,
} from "./state.js";
import { tell } from "./story.js";

type Out = SchedulerInstruction[];

function setStatus(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  to: TaskStatus,
  worker: number,
  why: string,
): void {
  const from = job.status[task];
  job.status[task] = to;
  job.counts[from]--;
  job.counts[to]++;
  tell(state.story, state.now, job.id, task, from, to, worker, why);
}

/** Gives a ready task to a worker; `fetch` are blocks that it has to fetch for it. */
export function assignTask(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
  bytes: number,
  fetch: readonly (readonly [block: number, bytes: number])[],
): void {
  setStatus(state, job, task, STATUS.assigned, worker.id, "placed");
  worker.assigned.set(keyOf(job.id, task), bytes);
  worker.reserved += bytes;
  job.workerOf.set(task, worker.id);
  for (const [block, size] of fetch) {
    worker.incoming.set(keyOf(job.id, block), size);
    worker.reserved += size;
    const at = job.incomingAt.get(block);
    if (at) at.push(worker.id);
    else job.incomingAt.set(block, [worker.id]);
  }
}

/** The worker says that it runs the task. */
export function startTask(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
): void {
  if (job.workerOf.get(task) !== worker.id || job.status[task] !== STATUS.assigned) return;
  setStatus(state, job, task, STATUS.executing, worker.id, "started");
  worker.executing++;
}

/** Takes a task off its worker's books; its status is for the caller to set. */
function unassign(state: SchedulerState, job: SchedulerJob, task: number): void {
  const worker = state.workers.get(job.workerOf.get(task) ?? -1);
  job.workerOf.delete(task);
  if (!worker) return;
  const key = keyOf(job.id, task);
  worker.reserved -= worker.assigned.get(key) ?? 0;
  worker.assigned.delete(key);
  if (job.status[task] === STATUS.executing) worker.executing--;
}

/** Takes a task back from its worker: it runs again, where anybody still needs it. */
export function takeBack(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  task: number,
  why: string,
): void {
  unassign(state, job, task);
  if (job.frontier.waiting[task] > 0) setStatus(state, job, task, STATUS.waiting, -1, why);
  else makeReady(state, job, task, why);
  if (job.frontier.needed[task] === 0) letGo(state, out, job, task);
}

function makeReady(state: SchedulerState, job: SchedulerJob, task: number, why: string): void {
  setStatus(state, job, task, STATUS.ready, -1, why);
  pushReady(job.frontier, task);
  state.dirty = true;
}

/** A task's block is in memory at `worker`: neighbours learn of it, and blocks that nobody needs any more go. */
export function finishTask(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
  bytes: number,
  why: string,
): void {
  unassign(state, job, task);
  setStatus(state, job, task, STATUS.memory, worker.id, why);
  addHolder(job, task, worker, bytes);
  const { waiting, needed } = job.frontier;
  for (const dependent of dependentsOf(job, task)) {
    if (isDone(job.status[dependent])) continue;
    if (--waiting[dependent] === 0 && job.status[dependent] === STATUS.waiting)
      makeReady(state, job, dependent, "inputs in memory");
  }
  for (const dependency of dependenciesOf(job, task))
    if (--needed[dependency] === 0) letGo(state, out, job, dependency);
  if (needed[task] === 0) letGo(state, out, job, task);
}

/** Nobody needs the block of `task` any more: what is in memory is released, what was not begun is given up. */
export function letGo(state: SchedulerState, out: Out, job: SchedulerJob, first: number): void {
  const { needed } = job.frontier;
  const stack = [first];
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const status = job.status[task];
    if (status === STATUS.memory) {
      setStatus(state, job, task, STATUS.released, -1, "nobody needs it");
      releaseEverywhere(state, out, job, task);
    } else if (status === STATUS.waiting || status === STATUS.ready) {
      setStatus(state, job, task, STATUS.released, -1, "nobody needs it; not run");
      for (const dependency of dependenciesOf(job, task))
        if (--needed[dependency] === 0) stack.push(dependency);
    }
    // one that a worker has finishes, and is released then
  }
}

function releaseEverywhere(state: SchedulerState, out: Out, job: SchedulerJob, task: number): void {
  state.dirty = true;
  const key = keyOf(job.id, task);
  for (const id of job.holders.get(task) ?? []) {
    const worker = state.workers.get(id);
    if (!worker) continue;
    worker.stored -= worker.held.get(key) ?? 0;
    worker.held.delete(key);
    worker.copies.delete(key);
    releaseAt(out, id, job.id, task);
  }
  job.holders.delete(task);
  for (const id of job.incomingAt.get(task) ?? []) {
    const worker = state.workers.get(id);
    if (!worker) continue;
    worker.reserved -= worker.incoming.get(key) ?? 0;
    worker.incoming.delete(key);
    releaseAt(out, id, job.id, task);
  }
  job.incomingAt.delete(task);
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

/** Writes down that a worker holds a block. */
function addHolder(job: SchedulerJob, task: number, worker: SchedulerWorker, bytes: number): void {
  const key = keyOf(job.id, task);
  removeIncoming(job, task, worker);
  if (worker.held.has(key)) return;
  worker.held.set(key, bytes);
  worker.stored += bytes;
  const holders = job.holders.get(task);
  if (holders) holders.push(worker.id);
  else job.holders.set(task, [worker.id]);
}

/** Writes down that a worker holds a block that it fetched from another. */
export function addCopy(job: SchedulerJob, task: number, worker: SchedulerWorker, bytes: number): void {
  addHolder(job, task, worker, bytes);
  worker.copies.add(keyOf(job.id, task));
}

/** Strikes a fetch off a worker's books. False where it was not there. */
export function removeIncoming(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  const key = keyOf(job.id, task);
  const bytes = worker.incoming.get(key);
  if (bytes === undefined) return false;
  worker.incoming.delete(key);
  worker.reserved -= bytes;
  removeFrom(job.incomingAt, task, worker.id);
  return true;
}

/** Strikes a block off a worker's books. True where nobody else holds it: the caller must reopen it. */
export function removeHolder(job: SchedulerJob, task: number, worker: SchedulerWorker): boolean {
  const key = keyOf(job.id, task);
  const bytes = worker.held.get(key);
  if (bytes === undefined) return false;
  worker.held.delete(key);
  worker.copies.delete(key);
  worker.stored -= bytes;
  return removeFrom(job.holders, task, worker.id);
}

/** True where the list became empty; it is gone then. */
export function removeFrom(lists: Map<number, number[]>, key: number, item: number): boolean {
  const list = lists.get(key);
  const at = list ? list.indexOf(item) : -1;
  if (!list || at === -1) return false;
  list.splice(at, 1);
  if (list.length > 0) return false;
  lists.delete(key);
  return true;
}

/**
 * The blocks of `lost` (all in memory until now) are held nowhere any more. They must be made again, and
 * with them whatever they were made from and was let go since: that, and nothing else.
 */
export function reopenTasks(state: SchedulerState, job: SchedulerJob, lost: readonly number[]): void {
  if (lost.length === 0) return;
  const { waiting, needed } = job.frontier;
  const reopened: number[] = [];
  const stack = [...lost];
  for (const task of lost) setStatus(state, job, task, STATUS.waiting, -1, "its block was lost");
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    reopened.push(task);
    if (job.seen[task]) state.totals.tasksRecomputed++;
    for (const dependency of dependenciesOf(job, task)) {
      needed[dependency]++;
      if (job.status[dependency] !== STATUS.released) continue;
      setStatus(state, job, dependency, STATUS.waiting, -1, "needed again");
      stack.push(dependency);
    }
  }
  const again = new Set(reopened);
  for (const task of reopened) {
    waiting[task] = 0;
    for (const dependency of dependenciesOf(job, task))
      if (job.status[dependency] !== STATUS.memory) waiting[task]++;
  }
  for (const task of lost)
    for (const dependent of dependentsOf(job, task)) {
      if (isDone(job.status[dependent]) || again.has(dependent)) continue;
      waiting[dependent]++;
      if (job.status[dependent] === STATUS.ready)
        setStatus(state, job, dependent, STATUS.waiting, -1, "an input was lost");
    }
  for (const task of reopened) if (waiting[task] === 0) makeReady(state, job, task, "to be made again");
}
