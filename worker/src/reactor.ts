/**
 * Owns the answer of a worker to everything that happens: event in, state changed, instructions
 * out. No socket, no thread, no clock, no waiting.
 */
import { isRemote } from "@hyperslab/core/source-ref";
import { unreachable } from "@hyperslab/core/unreachable";
import { stageOfTask } from "@hyperslab/core/task-graph";
import { dropBlock, sendBlocks } from "./blocks.js";
import type { WorkerEvent, WorkerInstruction } from "./events.js";
import {
  addFetches,
  askNext,
  awaitBlocks,
  losePeer,
  onFetchFinished,
  onSmallFetched,
  returnWaiting,
} from "./fetches.js";
import { makeReady, onBatchFinished, onRunFailed, onRunFinished, reportFinished, startRuns } from "./runs.js";
import {
  NO_PLACE,
  TASK,
  type WorkerJob,
  type WorkerState,
  eachInput,
  isHere,
  newJob,
  newStage,
} from "./state.js";

type Out = WorkerInstruction[];

/** Tasks that read over a network wait most of the time: four of them keep one thread busy. */
const REMOTE_SHARE = 1 / 4;

/** Takes an event in. Gives what is to be done about it, in this order. */
export function react(state: WorkerState, event: WorkerEvent): WorkerInstruction[] {
  const out: Out = [];
  switch (event.kind) {
    case "JobReceived":
      state.jobs.set(event.job, newJob(event.job, event.outline));
      break;
    case "ProgramsReceived": {
      const job = state.jobs.get(event.job);
      event.stages.forEach((stage, i) => {
        if (!job?.outline.stages[stage]) return;
        const program = event.programs[i];
        const remote = program.sources.some(({ store }) => isRemote(store));
        const reads = program.sources.length + program.targets.length > 0;
        job.stages[stage] = newStage(job, stage, remote ? REMOTE_SHARE : 1, reads);
        out.push({ kind: "RegisterStage", job: job.id, stage, outline: job.outline, program });
      });
      break;
    }
    case "TasksReceived":
      onTasksReceived(state, out, event);
      break;
    case "BlocksReleased": {
      const job = state.jobs.get(event.job);
      for (let i = 0; job && i < event.blocks.length; i++) {
        const block = event.blocks[i];
        dropBlock(state, out, job, block);
        if (job.fetches.delete(block)) returnWaiting(out, job, block, "the block was released");
      }
      break;
    }
    case "ResultsRequested":
      sendBlocks(out, state.jobs.get(event.job), event.job, null, event.blocks);
      break;
    case "JobForgotten":
      forgetJob(state, out, event.job);
      break;
    case "PeersChanged":
      for (const peer of event.joined) state.peers.set(peer.worker, peer);
      for (const peer of event.left) {
        state.peers.delete(peer);
        losePeer(state, out, peer, "that worker left");
      }
      break;
    case "PeerLost":
      losePeer(state, out, event.peer, event.reason);
      break;
    case "FetchFinished":
      onFetchFinished(state, out, event);
      break;
    case "SmallFetched":
      onSmallFetched(state, out, event);
      break;
    case "FetchMissed": {
      const job = state.jobs.get(event.job);
      for (let i = 0; job && i < event.blocks.length; i++) {
        const fetch = job.fetches.get(event.blocks[i]);
        if (fetch?.peer === event.peer) askNext(state, out, job, fetch, "the block is not there any more");
      }
      break;
    }
    case "RunFinished":
      onRunFinished(state, out, event);
      break;
    case "BatchFinished":
      onBatchFinished(state, out, event);
      break;
    case "RunFailed":
      onRunFailed(state, out, event);
      break;
    case "BlocksAsked": {
      const { asker, job, blocks, from } = event;
      sendBlocks(out, state.jobs.get(job), job, asker, blocks, from);
      break;
    }
    default:
      unreachable(event);
  }
  startRuns(state, out);
  return out;
}

function onTasksReceived(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "TasksReceived" }>,
): void {
  const job = state.jobs.get(event.job);
  if (!job) return;
  const added = addFetches(job, event.fetch);
  for (let i = 0; i < event.tasks.length; i++) takeTask(state, out, job, event.tasks[i], event.send);
  for (const fetch of added)
    if (job.fetches.has(fetch.block)) askNext(state, out, job, fetch, "no worker holds the block");
}

function takeTask(state: WorkerState, out: Out, job: WorkerJob, task: number, send: boolean): void {
  const stage = task >= 0 && task < job.status.length ? job.stages[stageOfTask(job, task)] : undefined;
  if (!stage || job.status[task] !== TASK.none) return;
  job.sends[task] = send ? 1 : 0;
  if (isHere(job, task)) {
    // a copy that was fetched before the block was lost elsewhere
    reportFinished(out, job, task);
    if (send) sendBlocks(out, job, job.id, null, [task]);
    return;
  }
  const missing: number[] = [];
  const unknown: number[] = [];
  if (stage.outline.inputs.length > 0)
    eachInput(job, stage, task, (block) => {
      if (isHere(job, block)) return;
      if (!job.fetches.has(block)) unknown.push(block);
      else if (!missing.includes(block)) missing.push(block);
    });
  if (unknown.length > 0) {
    // the scheduler thinks that these blocks are here
    const reason = "a block is not at the worker that should hold it";
    out.push({ kind: "ReportReturned", job: job.id, tasks: [task], missing: [...new Set(unknown)], reason });
    return;
  }
  job.tasks++;
  if (missing.length > 0) awaitBlocks(job, task, missing);
  else makeReady(state, job, task);
}

/** Everything of the job goes; what runs is stopped, and counts until it has stopped. */
function forgetJob(state: WorkerState, out: Out, id: number): void {
  const job = state.jobs.get(id);
  if (!job) return;
  for (const run of state.runs.values()) {
    if (run.job !== id) continue;
    run.wanted = false;
    out.push({ kind: "StopRun", run: run.id });
  }
  for (const block of job.large.keys()) dropBlock(state, out, job, block);
  for (let block = 0; block < job.places.length && state.smalls > 0; block++)
    if (job.places[block] !== NO_PLACE) dropBlock(state, out, job, block);
  state.jobs.delete(id);
  for (let q = state.queues.length - 1; q >= 0; q--)
    if (state.queues[q].job === id) state.queues.splice(q, 1);
  out.push({ kind: "UnregisterJob", job: id });
}
