/**
 * Owns the fetching of blocks from other workers: whom to ask, whom next, which tasks wait for them, and what
 * becomes of these where nobody answers.
 */
import type { FetchOrder } from "@hyperslab/protocol/messages";
import { holdLarge, holdSmall } from "./blocks.js";
import type { WorkerEvent, WorkerInstruction } from "./events.js";
import { makeReady } from "./runs.js";
import { takePlace } from "./small-places.js";
import {
  TASK,
  type WorkerFetch,
  type WorkerJob,
  type WorkerState,
  isHere,
  sizeOfTask,
  unitsOf,
} from "./state.js";

type Out = WorkerInstruction[];

/** Writes down who holds blocks that tasks here need. */
export function addFetches(job: WorkerJob, orders: readonly FetchOrder[]): WorkerFetch[] {
  const added: WorkerFetch[] = [];
  for (const { from, blocks } of orders)
    for (const block of blocks) {
      if (isHere(job, block) || job.fetches.has(block)) continue;
      const fetch = { block, others: [...from], peer: -1 };
      job.fetches.set(block, fetch);
      added.push(fetch);
    }
  return added;
}

/** A task waits for blocks that are fetched. */
export function awaitBlocks(job: WorkerJob, task: number, blocks: readonly number[]): void {
  job.status[task] = TASK.fetching;
  job.missing.set(task, blocks.length);
  for (const block of blocks) {
    const waiters = job.waiters.get(block);
    if (waiters) waiters.push(task);
    else job.waiters.set(block, [task]);
  }
}

/** Asks the next peer for a block; where none is left, the tasks that wait for it go back. */
export function askNext(
  state: WorkerState,
  out: Out,
  job: WorkerJob,
  fetch: WorkerFetch,
  reason: string,
): void {
  for (let id = fetch.others.shift(); id !== undefined; id = fetch.others.shift()) {
    const peer = state.peers.get(id);
    if (!peer) continue;
    fetch.peer = id;
    const last = out[out.length - 1];
    if (last?.kind === "FetchBlocks" && last.peer === peer && last.job === job.id)
      last.blocks.push(fetch.block);
    else out.push({ kind: "FetchBlocks", peer, job: job.id, blocks: [fetch.block] });
    return;
  }
  job.fetches.delete(fetch.block);
  returnWaiting(out, job, fetch.block, reason);
}

/** Gives the tasks back that wait for a block. It is told even where none does: the block won't come. */
export function returnWaiting(out: Out, job: WorkerJob, block: number, reason: string): void {
  const tasks: number[] = [];
  for (const task of job.waiters.get(block) ?? []) {
    if (job.status[task] !== TASK.fetching) continue;
    job.status[task] = TASK.none;
    job.missing.delete(task);
    job.tasks--;
    tasks.push(task);
  }
  job.waiters.delete(block);
  // they don't wait for their other blocks any more
  for (const [other, waiters] of tasks.length > 0 ? job.waiters : []) {
    const left = waiters.filter((task) => job.status[task] === TASK.fetching);
    if (left.length === 0) job.waiters.delete(other);
    else if (left.length < waiters.length) job.waiters.set(other, left);
  }
  out.push({ kind: "ReportReturned", job: job.id, tasks, missing: [block], reason });
}

/** Nothing comes from a peer any more. */
export function losePeer(state: WorkerState, out: Out, peer: number, reason: string): void {
  for (const job of state.jobs.values())
    for (const fetch of job.fetches.values())
      if (fetch.peer === peer) askNext(state, out, job, fetch, reason);
}

/** A block with memory of its own has come. */
export function onFetchFinished(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "FetchFinished" }>,
): void {
  const { block, bytes, payload, peer } = event;
  const job = state.jobs.get(event.job);
  if (job?.fetches.get(block)?.peer !== peer) return;
  holdLarge(state, out, job, block, bytes, payload);
  onArrived(state, out, job, block, bytes);
}

/** Small blocks have come: each gets a place. */
export function onSmallFetched(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "SmallFetched" }>,
): void {
  const job = state.jobs.get(event.job);
  if (!job) return;
  const places: number[] = [];
  const sizes: number[] = [];
  const arrived: number[] = [];
  for (let i = 0; i < event.blocks.length; i++) {
    const block = event.blocks[i];
    const size = sizeOfTask(job, block);
    sizes.push(size.padded);
    if (job.fetches.get(block)?.peer !== event.peer) {
      // nobody waits for it any more
      places.push(-1);
      continue;
    }
    const place = takePlace(state.places, unitsOf(size));
    places.push(place);
    holdSmall(state, out, job, block, size.bytes, place);
    arrived.push(block);
  }
  out.push({ kind: "StoreSmall", places, sizes, bytes: event.bytes });
  for (const block of arrived) onArrived(state, out, job, block, sizeOfTask(job, block).bytes);
}

/** A block is here: it is reported, and tasks that waited for it go on. */
function onArrived(state: WorkerState, out: Out, job: WorkerJob, block: number, bytes: number): void {
  job.fetches.delete(block);
  const last = out.findLast((one) => one.kind === "ReportFetched");
  if (last?.job === job.id) {
    last.blocks.push(block);
    last.bytes.push(bytes);
  } else out.push({ kind: "ReportFetched", job: job.id, blocks: [block], bytes: [bytes] });
  for (const task of job.waiters.get(block) ?? []) {
    if (job.status[task] !== TASK.fetching) continue;
    const left = (job.missing.get(task) ?? 1) - 1;
    if (left > 0) job.missing.set(task, left);
    else {
      job.missing.delete(task);
      makeReady(state, job, task);
    }
  }
  job.waiters.delete(block);
  // the scheduler may have given the block up, and asked for it to be made again: here it is
  const status = job.status[block];
  if (status !== TASK.fetching && status !== TASK.ready) return;
  if (status === TASK.fetching) forgetWaiting(job, block);
  job.status[block] = TASK.none;
  job.tasks--;
  out.push({ kind: "ReportFinished", job: job.id, tasks: [block], bytes: [bytes], spent: [] });
}

/** A task does not wait for blocks any more. */
function forgetWaiting(job: WorkerJob, task: number): void {
  job.missing.delete(task);
  for (const [block, waiters] of job.waiters) {
    const left = waiters.filter((one) => one !== task);
    if (left.length === 0) job.waiters.delete(block);
    else if (left.length < waiters.length) job.waiters.set(block, left);
  }
}
