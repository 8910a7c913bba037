/**
 * Owns the life of a job: how it begins and how it ends. A job ends once: finished, failed or
 * cancelled, and leaves nothing on any worker. How its results reach the client: `results.ts`.
 */
import { blockBox } from "@hyperslab/core/chunk-grid";
import { TaskError, type WireError, toWire } from "@hyperslab/core/errors";
import { frontierOf } from "@hyperslab/core/frontier";
import { blockOfTask, coordsOfBlock, expand } from "@hyperslab/core/task-graph";
import type { JobSubmitted, SchedulerInstruction } from "./events.js";
import { removeCopy, removeIncoming } from "./holders.js";
import { checkSize } from "./outline-size.js";
import {
  MARK,
  NOWHERE,
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  isOut,
  ownBytes,
  stageNumber,
  stageOf,
  taskOfKey,
  jobOfKey,
  workerAt,
} from "./state.js";
import { jobStatus } from "./status.js";
import { letGo } from "./transitions.js";

type Out = SchedulerInstruction[];

/** How many ended jobs and errors are remembered. */
const REMEMBERED = 20;

/** Expands a plan and makes its first tasks ready. @throws what `expand` throws, with nothing changed */
export function beginJob(state: SchedulerState, out: Out, event: JobSubmitted): SchedulerJob | null {
  const client = state.clients.get(event.client);
  if (!client) return null;
  checkSize(event.outline);
  const graph = expand(event.outline);
  const frontier = frontierOf(graph);
  const { taskCount, firstTask } = graph;
  const { stages } = event.outline;
  const job: SchedulerJob = {
    id: state.nextJob++,
    client: event.client,
    ref: event.ref,
    name: event.name,
    submitted: event.time,
    progress: event.progress,
    priority: event.priority,
    paused: false,
    frontier,
    graph,
    status: new Uint8Array(taskCount),
    marks: new Uint8Array(taskCount),
    at: new Uint16Array(taskCount).fill(NOWHERE),
    size: new Uint32Array(taskCount),
    own: Float64Array.from(stages, ({ cost }) => cost.output + cost.working),
    counts: [taskCount, 0, 0, 0, 0, 0],
    done: 0,
    stageDone: stages.map(() => 0),
    stageTime: stages.map(() => 0),
    stageBytes: stages.map(() => 0),
    toldSpent: event.time,
    isOutput: new Uint8Array(stages.length),
    resultsLeft: 0,
    deliverable: [],
    deliverableHead: 0,
    asked: 0,
    untaken: 0,
    window: event.window,
    copies: new Map(),
    incomingAt: new Map(),
    deaths: new Map(),
    returns: new Map(),
    stageHint: 0,
  };
  for (const stage of event.outline.outputs) {
    if (job.isOutput[stage]) continue;
    job.isOutput[stage] = 1;
    job.resultsLeft += firstTask[stage + 1] - firstTask[stage];
  }
  const { ready, waiting, needed } = frontier;
  for (let task = 0; task < taskCount; task++) if (waiting[task] === 0) job.status[task] = STATUS.ready;
  job.counts[STATUS.ready] = ready.size;
  job.counts[STATUS.waiting] -= ready.size;
  state.jobs.set(job.id, job);
  client.jobs.set(job.ref, job.id);
  state.totals.jobs++;
  state.dirty = true;
  out.push({ kind: "KeepJob", client: job.client, ref: job.ref, job: job.id });
  out.push({ kind: "TellStarted", client: job.client, ref: job.ref, job: job.id, tasks: taskCount });
  // what leads to no result is not run
  for (let task = 0; task < taskCount; task++) if (needed[task] === 0) letGo(state, out, job, task);
  if (job.resultsLeft === 0) finishJob(state, out, job);
  return job;
}

/** The task's block is in memory for the first time, or again. */
export function onBlockMade(out: Out, job: SchedulerJob, task: number): void {
  const stage = stageNumber(job, task);
  job.stageBytes[stage] += job.size[task];
  if ((job.marks[task] & MARK.seen) === 0) {
    job.marks[task] |= MARK.seen;
    job.done++;
    job.stageDone[stage]++;
    if (job.progress) tellProgress(out, job, task);
  }
  if (job.isOutput[stage] && (job.marks[task] & (MARK.delivered | MARK.asked)) === 0)
    job.deliverable.push(task);
}

function tellProgress(out: Out, job: SchedulerJob, task: number): void {
  const last = out[out.length - 1];
  if (last?.kind === "TellProgress" && last.client === job.client && last.ref === job.ref)
    last.tasks.push(task);
  else out.push({ kind: "TellProgress", client: job.client, ref: job.ref, tasks: [task] });
}

/** Milliseconds between two messages about what a job costs. */
const SPENT_EVERY = 200;

/** Adds what finished tasks have cost; tells the client from time to time. @param spent pairs: stage, microseconds */
export function addSpent(state: SchedulerState, out: Out, job: SchedulerJob, spent: ArrayLike<number>): void {
  for (let i = 0; i + 1 < spent.length; i += 2)
    if (job.stageTime[spent[i]] !== undefined) job.stageTime[spent[i]] += spent[i + 1] / 1000;
  if (job.progress && state.now - job.toldSpent >= SPENT_EVERY) tellSpent(state, out, job);
}

function tellSpent(state: SchedulerState, out: Out, job: SchedulerJob): void {
  job.toldSpent = state.now;
  const { client, ref, stageDone, stageTime, stageBytes } = job;
  out.push({
    kind: "TellSpent",
    client,
    ref,
    tasks: [...stageDone],
    time: [...stageTime],
    bytes: [...stageBytes],
  });
}

/** Ends a job whose results have all been given to the client. */
export function finishJob(state: SchedulerState, out: Out, job: SchedulerJob): void {
  if (job.progress) tellSpent(state, out, job);
  out.push({ kind: "TellFinished", client: job.client, ref: job.ref });
  endJob(state, out, job, "finished", null);
}

/** Ends a job with an error that its client is told. */
export function failJob(state: SchedulerState, out: Out, job: SchedulerJob, error: WireError): void {
  state.errors.unshift({ time: state.now, message: error.message });
  state.errors.length = Math.min(state.errors.length, REMEMBERED);
  if (job.progress) tellSpent(state, out, job);
  out.push({ kind: "TellFailed", client: job.client, ref: job.ref, error });
  endJob(state, out, job, "failed", error.message);
}

/** Ends a job whose client does not want it any more. */
export function cancelJob(state: SchedulerState, out: Out, job: SchedulerJob, why: string): void {
  endJob(state, out, job, "cancelled", why);
}

function endJob(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  how: "finished" | "failed" | "cancelled",
  why: string | null,
): void {
  clearBooks(state, job);
  for (const worker of state.workers.values())
    if (worker.programs.delete(job.id)) out.push({ kind: "ForgetJob", worker: worker.id, job: job.id });
  out.push({ kind: "DropJob", job: job.id });
  state.jobs.delete(job.id);
  state.clients.get(job.client)?.jobs.delete(job.ref);
  state.ended.unshift(jobStatus(state, job, how, why));
  state.ended.length = Math.min(state.ended.length, REMEMBERED);
  state.dirty = true;
}

/** Takes all of a job off the books of the workers. */
function clearBooks(state: SchedulerState, job: SchedulerJob): void {
  for (const worker of job.copies.size + job.incomingAt.size > 0 ? state.workers.values() : []) {
    for (const key of worker.copies.keys())
      if (jobOfKey(key) === job.id) removeCopy(job, taskOfKey(key), worker);
    for (const key of worker.incoming.keys())
      if (jobOfKey(key) === job.id) removeIncoming(job, taskOfKey(key), worker);
  }
  const { assigned, executing, memory } = STATUS;
  if (job.counts[assigned] + job.counts[executing] + job.counts[memory] === 0) return;
  for (let task = 0; task < job.at.length; task++) {
    if (job.at[task] === NOWHERE) continue;
    const worker = workerAt(state, job, task);
    if (!worker) continue;
    const status = job.status[task];
    if (status === memory) worker.stored -= job.size[task];
    if (!isOut(status)) continue;
    worker.reserved -= ownBytes(job, task);
    if (status === executing) worker.executing--;
    if (--worker.assigned === 0) worker.alone = false;
  }
}

/** The error of a task, for its client. */
export function taskError(
  job: SchedulerJob,
  task: number,
  worker: string | undefined,
  reason: string,
  cause?: Error,
): WireError {
  const stage = stageOf(job, task);
  const { start, shape } = blockBox(stage.grid, coordsOfBlock(stage.grid, blockOfTask(job.graph, task)));
  const block = `(${start.map((from, axis) => `${from}:${from + shape[axis]}`).join(", ")})`;
  return toWire(
    new TaskError({
      task: stage.name,
      block,
      ...(worker === undefined ? {} : { worker }),
      ...(stage.where === undefined ? {} : { where: stage.where }),
      reason,
      ...(cause === undefined ? {} : { cause }),
    }),
  );
}
