/** Owns how much work a worker is given ahead of time: as little as keeps it busy. Pure. */
import type { SchedulerWorker } from "./state.js";

/** Milliseconds of work that a worker should have in its queue: as long as asking for more may take. */
const AHEAD = 20;
const MAX_AHEAD = 8192;
/** Milliseconds and tasks that make a measurement. */
const SPAN = 2;
const ENOUGH = 8;

/**
 * Tasks that a worker may have at one time: its threads, as many again with two more to bridge the way,
 * and more where its tasks are so small that it would run out of them meanwhile.
 */
export function slotsOf(worker: SchedulerWorker): number {
  return worker.alone ? 1 : 2 * worker.threads + 2 + Math.min(MAX_AHEAD, Math.floor(worker.pace * AHEAD));
}

/** The most that {@link slotsOf} ever says. */
export function maxSlotsOf(worker: SchedulerWorker): number {
  return 2 * worker.threads + 2 + MAX_AHEAD;
}

/** A worker that had nothing to do gets its first task: its pace counts from now. */
export function startPace(worker: SchedulerWorker, now: number): void {
  worker.paceStart = now;
  worker.paceCount = 0;
}

/** Learns how fast a worker is: it has finished `count` tasks now. */
export function measurePace(worker: SchedulerWorker, count: number, now: number): void {
  worker.paceCount += count;
  const since = now - worker.paceStart;
  if (since < AHEAD && (since < SPAN || worker.paceCount < ENOUGH)) return;
  const pace = worker.paceCount / Math.max(since, 0.1);
  worker.pace = worker.pace === 0 ? pace : (worker.pace + pace) / 2;
  startPace(worker, now);
}
