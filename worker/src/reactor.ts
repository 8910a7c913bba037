/**
 * Owns the answer of a worker to everything that happens: event in, state changed, instructions
 * out. No socket, no thread, no clock, no waiting.
 */
import { unreachable } from "@hyperslab/core/unreachable";
import type { TaskOrder } from "@hyperslab/protocol/messages";
import type { Payload, WorkerEvent, WorkerInstruction } from "./events.js";
import {
  type WorkerFetch,
  type WorkerJob,
  type WorkerState,
  type WorkerTask,
  dependenciesOf,
  inputsOf,
  keyOf,
  newJob,
  stageNumber,
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
        const remote = program.sources.some(({ store }) => store.kind === "http");
        job.shares.set(stage, remote ? REMOTE_SHARE : 1);
        out.push({ kind: "RegisterStage", job: job.id, stage, outline: job.outline, program });
      });
      break;
    }
    case "TasksReceived": {
      const job = state.jobs.get(event.job);
      if (job) for (const order of event.tasks) takeTask(state, out, job, order);
      break;
    }
    case "BlocksReleased":
      for (const block of event.blocks) {
        dropBlock(state, keyOf(event.job, block));
        if (state.fetches.delete(keyOf(event.job, block)))
          returnWaiting(state, out, event.job, block, "the block was released");
      }
      break;
    case "ResultsRequested":
      for (const block of event.blocks) {
        const held = state.blocks.get(keyOf(event.job, block));
        if (held) out.push({ kind: "SendResult", job: event.job, block, payload: held.payload });
        else out.push({ kind: "Report", message: { type: "no-result", job: event.job, block } });
      }
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
    case "FetchMissed": {
      const fetch = state.fetches.get(keyOf(event.job, event.block));
      if (fetch?.peer === event.peer) askNext(state, out, fetch, "the block is not there any more");
      break;
    }
    case "RunFinished":
    case "RunFailed":
      onRunEnded(state, out, event);
      break;
    case "BlockAsked": {
      const { asker, job, block } = event;
      const payload = state.blocks.get(keyOf(job, block))?.payload ?? null;
      out.push({ kind: "AnswerPeer", asker, job, block, payload });
      break;
    }
    default:
      unreachable(event);
  }
  startRuns(state, out);
  return out;
}

function takeTask(state: WorkerState, out: Out, job: WorkerJob, order: TaskOrder): void {
  const { task } = order;
  const stage = stageNumber(job, task);
  const key = keyOf(job.id, task);
  const share = job.shares.get(stage);
  if (share === undefined || state.tasks.has(key)) return;
  const here = state.blocks.get(key);
  if (here) {
    // a copy that was fetched before the block was lost elsewhere
    out.push({
      kind: "Report",
      message: { type: "finished", job: job.id, tasks: [task], bytes: [here.bytes] },
    });
    return;
  }
  const outline = job.outline.stages[stage];
  const inputs = inputsOf(job, outline, task - job.firstTask[stage]);
  const missing = new Set<number>();
  const fetches: WorkerFetch[] = [];
  for (const block of dependenciesOf(job, { stage, inputs })) {
    if (state.blocks.has(keyOf(job.id, block))) continue;
    missing.add(block);
    if (state.fetches.has(keyOf(job.id, block))) continue;
    const others = order.fetch.find(([number]) => number === block)?.slice(1) ?? [];
    fetches.push({ job: job.id, block, others, peer: -1 });
  }
  if (fetches.some(({ others }) => others.length === 0)) {
    // the scheduler thinks that some blocks are here; none is fetched, and it has to know that too
    const reason = "a block is not at the worker that should hold it";
    giveBack(
      out,
      job.id,
      [task],
      fetches.map(({ block }) => block),
      reason,
    );
    return;
  }
  state.tasks.set(key, {
    job: job.id,
    task,
    stage,
    inputs,
    missing,
    share,
    bytes: outline.cost.output + outline.cost.working,
    status: missing.size > 0 ? "fetching" : "ready",
    wanted: true,
  });
  for (const fetch of fetches) {
    state.fetches.set(keyOf(job.id, fetch.block), fetch);
    askNext(state, out, fetch, "no worker holds the block");
  }
}

/** Asks the next peer for a block; where none is left, the tasks that wait for it go back. */
function askNext(state: WorkerState, out: Out, fetch: WorkerFetch, reason: string): void {
  for (let id = fetch.others.shift(); id !== undefined; id = fetch.others.shift()) {
    const peer = state.peers.get(id);
    if (!peer) continue;
    fetch.peer = id;
    out.push({ kind: "FetchBlock", peer, job: fetch.job, block: fetch.block });
    return;
  }
  const { job, block } = fetch;
  state.fetches.delete(keyOf(job, block));
  returnWaiting(state, out, job, block, reason);
}

/** Gives the tasks back that wait for a block. It is told even where none does: the block won't come. */
function returnWaiting(state: WorkerState, out: Out, job: number, block: number, reason: string): void {
  const tasks: number[] = [];
  for (const [key, task] of state.tasks)
    if (task.job === job && task.status === "fetching" && task.missing.has(block)) {
      tasks.push(task.task);
      state.tasks.delete(key);
    }
  giveBack(out, job, tasks, [block], reason);
}

function giveBack(out: Out, job: number, tasks: number[], missing: number[], reason: string): void {
  out.push({ kind: "Report", message: { type: "returned", job, tasks, missing, reason } });
}

function losePeer(state: WorkerState, out: Out, peer: number, reason: string): void {
  for (const fetch of state.fetches.values()) if (fetch.peer === peer) askNext(state, out, fetch, reason);
}

function onFetchFinished(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "FetchFinished" }>,
): void {
  const { job, block, bytes, payload, peer } = event;
  const key = keyOf(job, block);
  if (state.fetches.get(key)?.peer !== peer) return;
  holdBlock(state, job, block, bytes, payload);
  out.push({ kind: "Report", message: { type: "fetched", job, blocks: [block], bytes: [bytes] } });
  // the scheduler may have given the block up, and asked for it to be made again: here it is
  if ((state.tasks.get(key)?.status ?? "running") === "running") return;
  state.tasks.delete(key);
  out.push({ kind: "Report", message: { type: "finished", job, tasks: [block], bytes: [bytes] } });
}

function onRunEnded(
  state: WorkerState,
  out: Out,
  event: Extract<WorkerEvent, { kind: "RunFinished" | "RunFailed" }>,
): void {
  const { job, task } = event;
  const key = keyOf(job, task);
  const ended = state.tasks.get(key);
  if (ended?.status !== "running") return;
  state.tasks.delete(key);
  state.running--;
  state.busy -= ended.share;
  state.runningBytes -= ended.bytes;
  if (!ended.wanted) return;
  if (event.kind === "RunFailed") {
    out.push({ kind: "Report", message: { type: "failed", job, task, error: event.error } });
    return;
  }
  holdBlock(state, job, task, event.bytes, event.payload);
  out.push({ kind: "Report", message: { type: "finished", job, tasks: [task], bytes: [event.bytes] } });
}

/** Starts what is ready, in the order in which it came, as far as threads and memory go. */
function startRuns(state: WorkerState, out: Out): void {
  if (state.busy >= state.threads) return;
  for (const [key, task] of state.tasks) {
    if (task.status !== "ready" || state.busy + task.share > state.threads) continue;
    // a promise of the scheduler that could not be kept (a block larger than planned) waits its turn
    const fits = state.stored + state.runningBytes + task.bytes <= state.memory;
    if (!fits && state.running > 0) return;
    const job = state.jobs.get(task.job);
    if (!job) continue;
    const gone = dependenciesOf(job, task).filter((block) => !state.blocks.has(keyOf(job.id, block)));
    if (gone.length > 0) {
      state.tasks.delete(key);
      giveBack(out, task.job, [task.task], gone, "its inputs were released");
      continue;
    }
    task.status = "running";
    state.running++;
    state.busy += task.share;
    state.runningBytes += task.bytes;
    const block = task.task - job.firstTask[task.stage];
    out.push({ kind: "Report", message: { type: "started", job: task.job, tasks: [task.task] } });
    out.push({
      kind: "StartRun",
      job: task.job,
      task: task.task,
      stage: task.stage,
      block,
      inputs: gatherInputs(state, job, task),
    });
    if (state.busy >= state.threads) return;
  }
}

function gatherInputs(state: WorkerState, job: WorkerJob, task: WorkerTask): Map<number, Payload>[] {
  const stage = job.outline.stages[task.stage];
  return task.inputs.map((blocks, i) => {
    const first = job.firstTask[stage.inputs[i].stage];
    return new Map(
      blocks.map((block) => [block, state.blocks.get(keyOf(job.id, first + block))?.payload ?? []]),
    );
  });
}

/** A block is here, made or fetched: tasks that waited for it go on. */
function holdBlock(state: WorkerState, job: number, block: number, bytes: number, payload: Payload): void {
  const key = keyOf(job, block);
  dropBlock(state, key);
  state.blocks.set(key, { bytes, payload });
  state.stored += bytes;
  state.fetches.delete(key);
  for (const task of state.tasks.values())
    if (task.job === job && task.missing.delete(block) && task.missing.size === 0) task.status = "ready";
}

function dropBlock(state: WorkerState, key: number): void {
  state.stored -= state.blocks.get(key)?.bytes ?? 0;
  state.blocks.delete(key);
}

/** Everything of the job goes; what runs is stopped, and counts until it has stopped. */
function forgetJob(state: WorkerState, out: Out, id: number): void {
  if (!state.jobs.delete(id)) return;
  for (const [key, task] of state.tasks) {
    if (task.job !== id) continue;
    if (task.status === "running") {
      task.wanted = false;
      out.push({ kind: "StopRun", job: id, task: task.task });
    } else state.tasks.delete(key);
  }
  for (const [key, fetch] of state.fetches) if (fetch.job === id) state.fetches.delete(key);
  for (const key of state.blocks.keys()) if (Math.floor(key / 2 ** 31) === id) dropBlock(state, key);
  out.push({ kind: "UnregisterJob", job: id });
}
