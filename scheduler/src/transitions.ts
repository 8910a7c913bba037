/**
 * Owns the ways of a task from status to status, and what each of them does to the counts of its
 * neighbours and the books of its worker. Knows no event, no placing and no client.
 *
 * Three sums hold after every function here (`check.ts` verifies them):
 * `waiting[t]` = dependencies not in memory, for tasks not done;
 * `needed[t]` = dependents not done, and one more for a result not delivered;
 * a worker's `stored`, `reserved`, `assigned` and `executing` = the sums over its tasks and blocks.
 */
import { pushReady } from "@hyperslab/core/frontier";
import type { SchedulerInstruction } from "./events.js";
import { addIncoming, releaseEverywhere, setHolder } from "./holders.js";
import { startPace } from "./pace.js";
import {
  MARK,
  NOWHERE,
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  type TaskStatus,
  dependenciesOf,
  hasTask,
  isDone,
  isOut,
  ownBytes,
  stageOf,
  workerAt,
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

/** Gives a ready task to a worker. */
export function assignTask(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
): void {
  setStatus(state, job, task, STATUS.assigned, worker.id, "placed");
  if (worker.assigned++ === 0) startPace(worker, state.now);
  worker.reserved += ownBytes(job, task);
  job.at[task] = worker.slot;
  // a worker died under it: it runs alone, so that the next death is surely its own doing
  if (job.deaths.size > 0 && job.deaths.has(task)) worker.alone = true;
}

/** A worker has to fetch a block for a task that it was given. */
export function fetchBlock(job: SchedulerJob, block: number, worker: SchedulerWorker): void {
  addIncoming(job, block, worker, job.size[block]);
}

/** The worker says that it runs the task. */
export function startTask(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
): void {
  if (job.status[task] !== STATUS.assigned || job.at[task] !== worker.slot) return;
  setStatus(state, job, task, STATUS.executing, worker.id, "started");
  worker.executing++;
}

/** Takes a task off its worker's books; its status is for the caller to set. */
function unassign(state: SchedulerState, job: SchedulerJob, task: number): void {
  const status = job.status[task];
  if (!isOut(status)) return;
  const worker = workerAt(state, job, task);
  job.at[task] = NOWHERE;
  dropRequest(job, task);
  if (!worker) return;
  worker.reserved -= ownBytes(job, task);
  if (--worker.assigned === 0) worker.alone = false;
  if (status === STATUS.executing) worker.executing--;
}

/** The result is not on its way any more, or has arrived. */
export function dropRequest(job: SchedulerJob, task: number): void {
  if ((job.marks[task] & MARK.asked) === 0) return;
  job.marks[task] &= ~MARK.asked;
  job.asked -= askedBytes(job, task);
}

/** A result will come without further asking: its bytes count as being in flight. */
export function addRequest(job: SchedulerJob, task: number): void {
  job.marks[task] |= MARK.asked;
  job.asked += askedBytes(job, task);
}

/** What a result that was asked for counts: its size once it is known. */
function askedBytes(job: SchedulerJob, task: number): number {
  return job.status[task] === STATUS.memory ? job.size[task] : stageOf(job, task).cost.output;
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
  // its result may be on its way already
  const asked = (job.marks[task] & MARK.asked) !== 0 && hasTask(job, task, worker);
  unassign(state, job, task);
  setStatus(state, job, task, STATUS.memory, worker.id, why);
  setHolder(job, task, worker, bytes);
  if (asked) addRequest(job, task);
  const { graph, frontier, status } = job;
  const { waiting, needed } = frontier;
  const { dependents, dependentStart, dependencies, dependencyStart } = graph;
  for (let e = dependentStart[task]; e < dependentStart[task + 1]; e++) {
    const dependent = dependents[e];
    if (isDone(status[dependent])) continue;
    if (--waiting[dependent] === 0 && status[dependent] === STATUS.waiting)
      makeReady(state, job, dependent, "inputs in memory");
  }
  for (let e = dependencyStart[task]; e < dependencyStart[task + 1]; e++)
    if (--needed[dependencies[e]] === 0) letGo(state, out, job, dependencies[e]);
  if (needed[task] === 0) letGo(state, out, job, task);
}

/** Nobody needs the block of `task` any more: what is in memory is released, what was not begun is given up. */
export function letGo(state: SchedulerState, out: Out, job: SchedulerJob, first: number): void {
  const status = job.status[first];
  if (status === STATUS.memory) {
    dropRequest(job, first);
    setStatus(state, job, first, STATUS.released, -1, "nobody needs it");
    releaseEverywhere(state, out, job, first);
  } else if (!isOut(status) && !isDone(status)) giveUp(state, out, job, first);
  // one that a worker has finishes, and is released then
}

/** A task that nobody needs was not begun: it won't be, nor what only it needs. */
function giveUp(state: SchedulerState, out: Out, job: SchedulerJob, first: number): void {
  const { needed } = job.frontier;
  const stack = [first];
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const status = job.status[task];
    if (status === STATUS.memory) letGo(state, out, job, task);
    else if (status === STATUS.waiting || status === STATUS.ready) {
      setStatus(state, job, task, STATUS.released, -1, "nobody needs it; not run");
      for (const dependency of dependenciesOf(job, task))
        if (--needed[dependency] === 0) stack.push(dependency);
    }
  }
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
  for (const task of lost) {
    dropRequest(job, task);
    setStatus(state, job, task, STATUS.waiting, -1, "its block was lost");
  }
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    reopened.push(task);
    if (job.marks[task] & MARK.seen) state.totals.tasksRecomputed++;
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
  const { dependents, dependentStart } = job.graph;
  for (const task of lost)
    for (let e = dependentStart[task]; e < dependentStart[task + 1]; e++) {
      const dependent = dependents[e];
      if (isDone(job.status[dependent]) || again.has(dependent)) continue;
      waiting[dependent]++;
      if (job.status[dependent] === STATUS.ready)
        setStatus(state, job, dependent, STATUS.waiting, -1, "an input was lost");
    }
  for (const task of reopened) if (waiting[task] === 0) makeReady(state, job, task, "to be made again");
}
