/**
 * Owns the life of a job: how it begins, how its results reach the client, and how it ends. A job
 * ends once: finished, failed or cancelled, and leaves nothing on any worker.
 */
import { blockBox } from "@hyperslab/core/chunk-grid";
import { TaskError, type WireError, toWire } from "@hyperslab/core/errors";
import { frontierOf, takeOutput } from "@hyperslab/core/frontier";
import { blockOfTask, coordsOfBlock, expand, stageOfTask } from "@hyperslab/core/task-graph";
import type { JobSubmitted, ResultArrived, SchedulerInstruction } from "./events.js";
import { STATUS, type SchedulerJob, type SchedulerState, keyOf, stageOf } from "./state.js";
import { checkSize } from "./outline-size.js";
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
  const job: SchedulerJob = {
    id: state.nextJob++,
    client: event.client,
    ref: event.ref,
    name: event.name,
    submitted: event.time,
    progress: event.progress,
    frontier,
    graph,
    status: new Uint8Array(taskCount),
    counts: [taskCount, 0, 0, 0, 0, 0],
    seen: new Uint8Array(taskCount),
    done: 0,
    stageDone: event.outline.stages.map(() => 0),
    isOutput: new Uint8Array(event.outline.stages.length),
    delivered: new Uint8Array(taskCount),
    resultsLeft: 0,
    deliverable: [],
    deliverableHead: 0,
    delivering: new Map(),
    inFlight: 0,
    window: event.window,
    holders: new Map(),
    incomingAt: new Map(),
    workerOf: new Map(),
    deaths: new Map(),
    returns: new Map(),
  };
  for (const stage of event.outline.outputs) {
    if (job.isOutput[stage]) continue;
    job.isOutput[stage] = 1;
    job.resultsLeft += firstTask[stage + 1] - firstTask[stage];
  }
  for (const task of frontier.ready) job.status[task] = STATUS.ready;
  job.counts[STATUS.ready] = frontier.ready.length;
  job.counts[STATUS.waiting] -= frontier.ready.length;
  state.jobs.set(job.id, job);
  client.jobs.set(job.ref, job.id);
  state.totals.jobs++;
  state.dirty = true;
  out.push({ kind: "KeepJob", client: job.client, ref: job.ref, job: job.id });
  out.push({ kind: "TellStarted", client: job.client, ref: job.ref, job: job.id, tasks: taskCount });
  // what leads to no result is not run
  for (let task = 0; task < taskCount; task++) if (frontier.needed[task] === 0) letGo(state, out, job, task);
  if (job.resultsLeft === 0) finishJob(state, out, job);
  return job;
}

/** The task's block is in memory for the first time, or again. */
export function onBlockMade(out: Out, job: SchedulerJob, task: number): void {
  const stage = stageOfTask(job.graph, task);
  if (!job.seen[task]) {
    job.seen[task] = 1;
    job.done++;
    job.stageDone[stage]++;
    if (job.progress) tellProgress(out, job, task);
  }
  if (job.isOutput[stage] && !job.delivered[task]) job.deliverable.push(task);
}

function tellProgress(out: Out, job: SchedulerJob, task: number): void {
  const last = out[out.length - 1];
  if (last?.kind === "TellProgress" && last.client === job.client && last.ref === job.ref)
    last.tasks.push(task);
  else out.push({ kind: "TellProgress", client: job.client, ref: job.ref, tasks: [task] });
}

/** Asks workers for results, as far as the client has room for them. */
export function requestResults(state: SchedulerState, out: Out, job: SchedulerJob): void {
  const { deliverable } = job;
  while (job.deliverableHead < deliverable.length) {
    const task = deliverable[job.deliverableHead];
    const worker = state.workers.get(job.holders.get(task)?.[0] ?? -1);
    if (worker && job.status[task] === STATUS.memory && !job.delivered[task] && !job.delivering.has(task)) {
      const bytes = worker.held.get(keyOf(job.id, task)) ?? 0;
      if (job.inFlight > 0 && job.inFlight + bytes > job.window) break;
      job.inFlight += bytes;
      job.delivering.set(task, { worker: worker.id, bytes });
      out.push({ kind: "RequestResults", worker: worker.id, job: job.id, blocks: [task] });
    }
    job.deliverableHead++;
  }
  if (job.deliverableHead > 1024 && 2 * job.deliverableHead > deliverable.length) {
    deliverable.splice(0, job.deliverableHead);
    job.deliverableHead = 0;
  }
}

/** A result was asked of a worker, and won't come from there; it is asked for again where it is held. */
export function withdrawRequest(job: SchedulerJob, task: number): void {
  const request = job.delivering.get(task);
  if (!request) return;
  job.delivering.delete(task);
  job.inFlight -= request.bytes;
  if (job.status[task] === STATUS.memory) job.deliverable.push(task);
}

/** Passes a result on, once; the last one finishes the job. */
export function relayResult(state: SchedulerState, out: Out, job: SchedulerJob, event: ResultArrived): void {
  const task = event.block;
  const request = job.delivering.get(task);
  if (request?.worker !== event.worker) return;
  job.delivering.delete(task);
  job.inFlight += event.bytes - request.bytes;
  job.delivered[task] = 1;
  job.resultsLeft--;
  state.totals.resultBytes += event.bytes;
  out.push({
    kind: "RelayResult",
    client: job.client,
    ref: job.ref,
    stage: stageOfTask(job.graph, task),
    index: blockOfTask(job.graph, task),
    bytes: event.bytes,
    payload: event.payload,
  });
  if (takeOutput(job.frontier, task)) letGo(state, out, job, task);
  if (job.resultsLeft === 0) finishJob(state, out, job);
}

function finishJob(state: SchedulerState, out: Out, job: SchedulerJob): void {
  out.push({ kind: "TellFinished", client: job.client, ref: job.ref });
  endJob(state, out, job, "finished", null);
}

/** Ends a job with an error that its client is told. */
export function failJob(state: SchedulerState, out: Out, job: SchedulerJob, error: WireError): void {
  state.errors.unshift({ time: state.now, message: error.message });
  state.errors.length = Math.min(state.errors.length, REMEMBERED);
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
  for (const [task, holders] of job.holders)
    for (const id of holders) {
      const worker = state.workers.get(id);
      const bytes = worker?.held.get(keyOf(job.id, task));
      if (!worker || bytes === undefined) continue;
      worker.held.delete(keyOf(job.id, task));
      worker.copies.delete(keyOf(job.id, task));
      worker.stored -= bytes;
    }
  for (const [task, ids] of job.incomingAt)
    for (const id of ids) {
      const worker = state.workers.get(id);
      if (!worker) continue;
      worker.reserved -= worker.incoming.get(keyOf(job.id, task)) ?? 0;
      worker.incoming.delete(keyOf(job.id, task));
    }
  for (const [task, id] of job.workerOf) {
    const worker = state.workers.get(id);
    if (!worker) continue;
    worker.reserved -= worker.assigned.get(keyOf(job.id, task)) ?? 0;
    worker.assigned.delete(keyOf(job.id, task));
    if (job.status[task] === STATUS.executing) worker.executing--;
  }
  for (const worker of state.workers.values())
    if (worker.programs.delete(job.id)) out.push({ kind: "ForgetJob", worker: worker.id, job: job.id });
  out.push({ kind: "DropJob", job: job.id });
  state.jobs.delete(job.id);
  state.clients.get(job.client)?.jobs.delete(job.ref);
  state.ended.unshift(jobStatus(state, job, how, why));
  state.ended.length = Math.min(state.ended.length, REMEMBERED);
  state.dirty = true;
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
