/**
 * Owns the tick: which ready task goes to which worker now. A separate, pure step that runs once after a
 * burst of events. Never hands out what does not fit the worker's memory.
 *
 * Jobs of one priority share the free slots evenly. Within a job the order is the task graph's (depth
 * first); a task that must wait for memory is not overtaken, except by tasks that give back as much as they take:
 * so large tasks don't starve and memory is not filled with blocks whose consumers then don't fit.
 */
import { MemoryError, toWire } from "@hyperslab/core/errors";
import { pushReady, takeReady } from "@hyperslab/core/frontier";
import { type Candidate, costAt, isBefore } from "./candidate.js";
import type { SchedulerInstruction } from "./events.js";
import { releaseAt, removeHolder } from "./holders.js";
import { failJob } from "./jobs.js";
import { Need, blockBytes, needAt } from "./need.js";
import { Orders } from "./orders.js";
import { allowsSending } from "./results.js";
import { Spread, hasSlot } from "./spread.js";
import {
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  dependenciesOf,
  freeBytes,
  hasTask,
  holds,
  holdersOf,
  inFlight,
  jobOfKey,
  keyOf,
  ownBytes,
  stageOf,
  taskOfKey,
} from "./state.js";
import { addRequest, assignTask, fetchBlock } from "./transitions.js";

type Out = SchedulerInstruction[];

/** Tasks that are looked at behind one that must wait for memory. */
const LOOK_BEHIND = 32;

/** Hands ready tasks out. */
export function place(state: SchedulerState): SchedulerInstruction[] {
  const out: Out = [];
  state.dirty = false;
  if (state.workers.size === 0 || state.jobs.size === 0) return out;
  const orders = new Orders();
  const spread = new Spread(state.workers.values());
  for (const jobs of byPriority(state)) {
    if (spread.slots === 0) break;
    placeJobs(state, out, orders, spread, jobs);
  }
  if (!isMoving(state)) unstick(state, out, orders);
  orders.send(state, out);
  return out;
}

/** Jobs that have something to hand out: those of the highest priority first, and within one by turns. */
function byPriority(state: SchedulerState): SchedulerJob[][] {
  const jobs = [...state.jobs.values()].filter((job) => !job.paused && job.frontier.ready.size > 0);
  const levels = new Map<number, SchedulerJob[]>();
  for (const job of jobs) {
    const level = levels.get(job.priority);
    if (level) level.push(job);
    else levels.set(job.priority, [job]);
  }
  const turn = state.turn++;
  return [...levels.keys()]
    .sort((a, b) => b - a)
    .map((priority) => {
      const level = levels.get(priority) ?? [];
      const first = turn % level.length;
      return [...level.slice(first), ...level.slice(0, first)];
    });
}

/** Shares the free slots among jobs; what one can't use goes to the others. */
function placeJobs(
  state: SchedulerState,
  out: Out,
  orders: Orders,
  spread: Spread,
  jobs: readonly SchedulerJob[],
): void {
  let active = jobs;
  while (active.length > 0 && spread.slots > 0) {
    const share = Math.ceil(spread.slots / active.length);
    active = active.filter((job) => {
      const count = Math.min(share, spread.slots);
      spread.level(Math.min(count, job.frontier.ready.size));
      for (let i = 0; i < count; i++) if (!placeNext(state, out, orders, job, spread)) return false;
      return true;
    });
  }
}

/** Places one task of the job. False where none can be placed now. */
function placeNext(
  state: SchedulerState,
  out: Out,
  orders: Orders,
  job: SchedulerJob,
  spread: Spread,
): boolean {
  let skipped: number[] | null = null;
  let placed = false;
  while (!placed && (skipped === null || skipped.length < LOOK_BEHIND)) {
    const task = takeReady(job.frontier);
    if (task === undefined) break;
    if (job.status[task] !== STATUS.ready) continue;
    if (skipped === null || givesBack(job, task)) placed = placeTask(state, out, orders, job, task, spread);
    if (placed) break;
    if (skipped === null && refuseTooLarge(state, out, job, task)) return false;
    (skipped ??= []).push(task);
  }
  for (const task of skipped ?? []) pushReady(job.frontier, task);
  return placed;
}

/** True where the blocks that the task frees are at least as large as what it makes. */
function givesBack(job: SchedulerJob, task: number): boolean {
  let freed = 0;
  for (const dependency of dependenciesOf(job, task))
    if (job.frontier.needed[dependency] === 1) freed += blockBytes(job, dependency);
  return freed >= stageOf(job, task).cost.output;
}

/** Gives the task to the worker where it starts soonest, by a rough count. False where it fits nowhere now. */
function placeTask(
  state: SchedulerState,
  out: Out,
  orders: Orders,
  job: SchedulerJob,
  task: number,
  spread: Spread,
): boolean {
  const alone = job.deaths.size > 0 && job.deaths.has(task);
  const next = spread.next();
  if (!next) return false;
  const { graph } = job;
  const independent = graph.dependencyStart[task] === graph.dependencyStart[task + 1];
  if (independent && !alone && freeBytes(next) >= needAt(job, task)) {
    hand(state, orders, job, task, next);
    spread.took();
    return true;
  }
  const home = alone || independent ? null : homeOf(state, job, task, next);
  if (home) {
    hand(state, orders, job, task, home);
    spread.took();
    return true;
  }
  const need = new Need(state, job, task);
  let best: Candidate | null = null;
  const consider = (worker: SchedulerWorker, room: boolean): void => {
    if (!hasSlot(worker) || (alone && worker.assigned > 0)) return;
    const fetch = need.fetchAt(worker);
    const bytes = need.own + fetch;
    const candidate = { worker, cost: costAt(worker, fetch, need.fetchesAt(worker)) };
    if (best && !isBefore(candidate, best)) return;
    if (freeBytes(worker) >= bytes || (room && makeRoom(state, out, job, task, worker, bytes)))
      best = candidate;
  };
  // who holds some of it, and who has least to do; others only where these have no room
  for (const worker of need.holders()) consider(worker, false);
  consider(next, false);
  if (!best) for (const worker of spread.workers) consider(worker, false);
  if (!best) for (const worker of spread.workers) if (!best) consider(worker, true);
  const found = best as Candidate | null;
  if (!found) return false;
  hand(state, orders, job, task, found.worker);
  spread.took();
  return true;
}

/** The worker that holds all inputs, where it has room and starts the task sooner than `next` would; most have one. */
function homeOf(
  state: SchedulerState,
  job: SchedulerJob,
  task: number,
  next: SchedulerWorker,
): SchedulerWorker | null {
  const { dependencies, dependencyStart } = job.graph;
  const from = dependencyStart[task];
  const to = dependencyStart[task + 1];
  const slot = job.at[dependencies[from]];
  let bytes = job.size[dependencies[from]];
  for (let e = from + 1; e < to; e++) {
    if (job.at[dependencies[e]] !== slot) return null;
    bytes += job.size[dependencies[e]];
  }
  const worker = state.slots[slot];
  if (!worker || !hasSlot(worker) || freeBytes(worker) < ownBytes(job, task)) return null;
  return worker === next || costAt(worker, 0, 0) <= costAt(next, bytes, to - from) ? worker : null;
}

/** Gives a task to a worker: books, the blocks that it has to fetch, and the order. */
function hand(
  state: SchedulerState,
  orders: Orders,
  job: SchedulerJob,
  task: number,
  worker: SchedulerWorker,
): void {
  assignTask(state, job, task, worker);
  const send = allowsSending(job, task);
  if (send) addRequest(job, task);
  orders.add(worker.id, job.id, task, send);
  const { dependencies, dependencyStart } = job.graph;
  for (let e = dependencyStart[task]; e < dependencyStart[task + 1]; e++) {
    const block = dependencies[e];
    if (holds(job, block, worker) || worker.incoming.has(keyOf(job.id, block))) continue;
    orders.fetch(holdersOf(state, job, block), block);
    fetchBlock(job, block, worker);
  }
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
  for (const [key, size] of worker.copies) {
    if (free >= bytes) break;
    const one = state.jobs.get(jobOfKey(key));
    if (!one || pinned.has(key)) continue;
    copies.push([one, taskOfKey(key)]);
    free += size;
  }
  if (free < bytes) return false;
  for (const [one, block] of copies) {
    removeHolder(state, one, block, worker);
    releaseAt(out, worker.id, one.id, block);
  }
  return true;
}

/** Keys of the blocks that tasks at the worker read. */
function pinnedAt(state: SchedulerState, worker: SchedulerWorker): Set<number> {
  const pinned = new Set<number>();
  for (const job of state.jobs.values())
    for (let task = 0; task < job.at.length; task++)
      if (hasTask(job, task, worker))
        for (const input of dependenciesOf(job, task)) pinned.add(keyOf(job.id, input));
  return pinned;
}

/** Fails the job where the task would not even fit an empty worker. */
function refuseTooLarge(state: SchedulerState, out: Out, job: SchedulerJob, task: number): boolean {
  const needed = needAt(job, task);
  let largest = 0;
  for (const { memory } of state.workers.values()) largest = Math.max(largest, memory);
  if (needed <= largest) return false;
  const error = new MemoryError({
    what: `a task of ${stageOf(job, task).name}`,
    needed,
    available: largest,
    hint: "start workers with more memory, or cut the array into smaller chunks",
  });
  failJob(state, out, job, toWire(error));
  return true;
}

/** True while something is under way that will free memory, or may. */
function isMoving(state: SchedulerState): boolean {
  for (const worker of state.workers.values()) if (worker.assigned > 0) return true;
  // what a paused job holds comes free once it goes on
  for (const job of state.jobs.values())
    if (inFlight(job) > 0 || (job.paused && job.counts[STATUS.memory] > 0)) return true;
  return false;
}

/** Nothing runs and the next task of no job fits: any task may go now. Where none fits, a job has to end. */
function unstick(state: SchedulerState, out: Out, orders: Orders): void {
  for (const job of state.jobs.values()) {
    if (job.paused) continue;
    const waiting: number[] = [];
    let placed = false;
    for (;;) {
      const task = takeReady(job.frontier);
      if (task === undefined) break;
      if (job.status[task] !== STATUS.ready) continue;
      waiting.push(task);
      placed = placeTask(state, out, orders, job, task, new Spread(state.workers.values()));
      if (placed) break;
    }
    for (const task of waiting) if (job.status[task] === STATUS.ready) pushReady(job.frontier, task);
    if (placed) return;
    if (waiting.length === 0) continue;
    const [first] = waiting;
    const error = new MemoryError({
      what: `a task of ${stageOf(job, first).name}, beside the blocks that are kept for later tasks,`,
      needed: needAt(job, first),
      available: Math.max(...[...state.workers.values()].map(freeBytes)),
      hint: "start more workers or workers with more memory, or cut the array into smaller chunks",
    });
    failJob(state, out, job, toWire(error));
    return;
  }
}
