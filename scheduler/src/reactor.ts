/**
 * Owns the answer of a scheduler to everything that happens: event in, state changed, instructions
 * out. No clock, no socket, no randomness, no waiting: the same events give the same instructions.
 * Handing tasks out is not here, but in `place.ts`, which runs after a burst of events.
 */
import { ClusterError, fromWire, isHyperslabError, toWire } from "@hyperslab/core/errors";
import { unreachable } from "@hyperslab/core/unreachable";
import type {
  BlocksFetched,
  ClientLost,
  FetchFailed,
  JobSteered,
  JobSubmitted,
  SchedulerEvent,
  SchedulerInstruction,
  TaskFailed,
  TasksFinished,
  TasksReturned,
  WorkerJoined,
} from "./events.js";
import { addCopy, releaseAt, removeHolder, removeIncoming } from "./holders.js";
import { addSpent, beginJob, cancelJob, failJob, onBlockMade, taskError } from "./jobs.js";
import { onWorkerLost } from "./lost-worker.js";
import { measurePace } from "./pace.js";
import { deliver, relayResults, requestResults, withdrawRequest } from "./results.js";
import {
  MARK,
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  freeSlot,
  hasTask,
} from "./state.js";
import { finishTask, reopenTasks, startTask, takeBack } from "./transitions.js";

type Out = SchedulerInstruction[];

/** Times that a task may be given back for want of inputs that were said to be there. */
const MAX_RETURNS = 10;

/** Takes an event in. Gives what is to be done about it, in this order. */
export function react(state: SchedulerState, event: SchedulerEvent): SchedulerInstruction[] {
  const out: Out = [];
  state.now = event.time;
  switch (event.kind) {
    case "WorkerJoined":
      onWorkerJoined(state, out, event);
      break;
    case "WorkerLost":
      onWorkerLost(state, out, event);
      break;
    case "ClientJoined": {
      const { client: id, name, dials } = event;
      state.clients.set(id, { id, name, dials, unreachable: new Set(), jobs: new Map() });
      break;
    }
    case "ClientLost":
      onClientLost(state, out, event);
      break;
    case "JobSubmitted":
      onJobSubmitted(state, out, event);
      break;
    case "JobCancelled": {
      const job = jobOf(state, event.client, event.ref);
      if (job) cancelJob(state, out, job, "its client cancelled it");
      break;
    }
    case "JobSteered":
    case "ResultsTaken":
    case "ResultsFetched":
    case "FetchFailed": {
      const job = jobOf(state, event.client, event.ref);
      if (job) onClientSaid(state, out, job, event);
      break;
    }
    default:
      onWorkerSaid(state, out, event);
  }
  return out;
}

/** What a client says of its own job. */
function onClientSaid(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  event: JobSteered | Extract<SchedulerEvent, { kind: "ResultsTaken" | "ResultsFetched" }> | FetchFailed,
): void {
  switch (event.kind) {
    case "JobSteered":
      job.paused = event.paused;
      job.priority = event.priority;
      break;
    case "ResultsTaken":
      job.untaken = Math.max(0, job.untaken - event.bytes);
      break;
    case "ResultsFetched":
      deliver(state, out, job, event.blocks);
      break;
    case "FetchFailed": {
      const worker = state.workers.get(event.worker);
      if (!event.answered) state.clients.get(event.client)?.unreachable.add(event.worker);
      const blocks = Array.from(event.blocks);
      for (const block of blocks) withdrawRequest(job, block);
      if (event.answered && worker) loseBlocks(state, job, worker, blocks);
      break;
    }
    default:
      unreachable(event);
  }
  state.dirty = true;
  if (state.jobs.has(job.id)) requestResults(state, out, job);
}

type WorkerSaid = Exclude<SchedulerEvent, { client: number } | { kind: "WorkerJoined" | "WorkerLost" }>;

/** Reports of a worker. Those about a job that is over, or a task that does not exist, say nothing any more. */
function onWorkerSaid(state: SchedulerState, out: Out, event: WorkerSaid): void {
  const worker = state.workers.get(event.worker);
  if (!worker) return;
  if (event.kind === "WorkerMeasured") {
    worker.rss = event.rss;
    return;
  }
  const job = state.jobs.get(event.job);
  if (!job) return;
  switch (event.kind) {
    case "TasksStarted":
      for (let i = 0; i < event.tasks.length; i++) startTask(state, job, event.tasks[i], worker);
      break;
    case "TasksFinished":
      onTasksFinished(state, out, job, worker, event);
      break;
    case "TaskFailed":
      onTaskFailed(state, out, job, worker, event);
      break;
    case "BlocksFetched":
      onBlocksFetched(state, out, job, worker, event);
      break;
    case "TasksReturned":
      onTasksReturned(state, out, job, worker, event);
      break;
    case "ResultsArrived":
      relayResults(state, out, job, event);
      break;
    case "ResultsMissed": {
      const asked = Array.from(event.blocks).filter(
        (block) => job.at[block] === worker.slot && (job.marks[block] & MARK.asked) !== 0,
      );
      loseBlocks(state, job, worker, asked);
      for (const block of asked) withdrawRequest(job, block);
      break;
    }
    default:
      unreachable(event);
  }
  if (state.jobs.has(job.id)) requestResults(state, out, job);
}

function jobOf(state: SchedulerState, client: number, ref: number): SchedulerJob | undefined {
  return state.jobs.get(state.clients.get(client)?.jobs.get(ref) ?? -1);
}

function onWorkerJoined(state: SchedulerState, out: Out, event: WorkerJoined): void {
  const { worker: id, name, address, pid, threads, memory, time } = event;
  const others = [...state.workers.values()].map((one) => ({
    worker: one.id,
    name: one.name,
    address: one.address,
  }));
  out.push({ kind: "SendPeers", worker: id, joined: others, left: [] });
  for (const other of others)
    out.push({
      kind: "SendPeers",
      worker: other.worker,
      joined: [{ worker: id, name, address }],
      left: [],
    });
  const slot = freeSlot(state);
  const worker: SchedulerWorker = {
    id,
    slot,
    name,
    address,
    pid,
    threads,
    memory,
    joined: time,
    assigned: 0,
    incoming: new Map(),
    copies: new Map(),
    programs: new Map(),
    stored: 0,
    reserved: 0,
    executing: 0,
    finished: 0,
    pace: 0,
    paceStart: time,
    paceCount: 0,
    alone: false,
    rss: 0,
  };
  state.workers.set(id, worker);
  state.slots[slot] = worker;
  state.totals.workersJoined++;
  state.dirty = true;
}

function onClientLost(state: SchedulerState, out: Out, event: ClientLost): void {
  const client = state.clients.get(event.client);
  for (const id of client?.jobs.values() ?? []) {
    const job = state.jobs.get(id);
    if (job) cancelJob(state, out, job, `its client left: ${event.reason}`);
  }
  state.clients.delete(event.client);
}

function onJobSubmitted(state: SchedulerState, out: Out, event: JobSubmitted): void {
  try {
    beginJob(state, out, event);
  } catch (error) {
    out.push({ kind: "TellFailed", client: event.client, ref: event.ref, error: toWire(error) });
  }
}

function onTasksFinished(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  worker: SchedulerWorker,
  event: TasksFinished,
): void {
  const { tasks, bytes } = event;
  let finished = 0;
  for (let i = 0; i < tasks.length; i++) {
    const task = tasks[i];
    if (!hasTask(job, task, worker)) continue;
    finishTask(state, out, job, task, worker, bytes[i] ?? 0, "finished");
    finished++;
    onBlockMade(out, job, task);
  }
  if (event.spent) addSpent(state, out, job, event.spent);
  state.totals.tasksFinished += finished;
  worker.finished += finished;
  measurePace(worker, finished, event.time);
  state.dirty = true;
}

function onTaskFailed(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  worker: SchedulerWorker,
  event: TaskFailed,
): void {
  if (!hasTask(job, event.task, worker)) return;
  state.totals.tasksFailed++;
  const told = fromWire(event.error);
  // the thread that ran the task may have said which task it was: we say it again, with the worker
  const cause = isHyperslabError(told, "TaskError") && told.cause instanceof Error ? told.cause : told;
  failJob(state, out, job, taskError(job, event.task, worker.name, cause.message, cause));
}

function onBlocksFetched(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  worker: SchedulerWorker,
  event: BlocksFetched,
): void {
  Array.from(event.blocks).forEach((block, i) => {
    const expected = removeIncoming(job, block, worker);
    const status = job.status[block];
    if (!expected) {
      // it was released, and the word of it is on its way
    } else if (status === STATUS.memory) addCopy(job, block, worker, event.bytes[i] ?? 0);
    else if (status === STATUS.waiting || status === STATUS.ready) {
      // its last holder died, but this copy got away in time
      finishTask(state, out, job, block, worker, event.bytes[i] ?? 0, "a copy was saved");
      onBlockMade(out, job, block);
    } else if (job.at[block] !== worker.slot) releaseAt(out, worker.id, job.id, block);
  });
  state.dirty = true;
}

/** The worker could not get at some inputs. What it was said to hold itself, it does not hold. */
function onTasksReturned(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  worker: SchedulerWorker,
  event: TasksReturned,
): void {
  const tasks = Array.from(event.tasks).filter((task) => hasTask(job, task, worker));
  const missing = Array.from(event.missing);
  const there = missing.some((block) => job.status[block] === STATUS.memory);
  for (const task of tasks) {
    takeBack(state, out, job, task, "given back");
    if (there) job.returns.set(task, (job.returns.get(task) ?? 0) + 1);
  }
  for (const block of missing) removeIncoming(job, block, worker);
  loseBlocks(state, job, worker, missing);
  const hopeless = tasks.find((task) => (job.returns.get(task) ?? 0) >= MAX_RETURNS);
  if (hopeless !== undefined) {
    const cause = new ClusterError({
      who: worker.name,
      reason: event.reason,
      hint: "workers must be able to reach one another's ports",
    });
    failJob(
      state,
      out,
      job,
      taskError(job, hopeless, worker.name, `its inputs could not be fetched: ${event.reason}`, cause),
    );
  }
  state.dirty = true;
}

function loseBlocks(
  state: SchedulerState,
  job: SchedulerJob,
  worker: SchedulerWorker,
  blocks: readonly number[],
): void {
  const lost: number[] = [];
  for (const block of blocks) {
    // asked for again where a copy is, or once it has been made again
    if (job.at[block] === worker.slot) withdrawRequest(job, block);
    if (removeHolder(state, job, block, worker)) lost.push(block);
  }
  reopenTasks(state, job, lost);
}
