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
  JobSubmitted,
  SchedulerEvent,
  SchedulerInstruction,
  TaskFailed,
  TasksFinished,
  TasksReturned,
  WorkerJoined,
  WorkerLost,
} from "./events.js";
import {
  beginJob,
  cancelJob,
  failJob,
  onBlockMade,
  relayResult,
  requestResults,
  taskError,
  withdrawRequest,
} from "./jobs.js";
import {
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  jobOfKey,
  measurePace,
  taskOfKey,
} from "./state.js";
import {
  addCopy,
  finishTask,
  releaseAt,
  removeFrom,
  removeHolder,
  removeIncoming,
  reopenTasks,
  startTask,
  takeBack,
} from "./transitions.js";

type Out = SchedulerInstruction[];

/** Workers that may die under a task before it is blamed. */
export const MAX_DEATHS = 3;
/** Times that a task may be given back for want of inputs that were said to be there. */
export const MAX_RETURNS = 10;

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
    case "ClientJoined":
      state.clients.set(event.client, { id: event.client, name: event.name, jobs: new Map() });
      break;
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
    case "ResultsTaken": {
      const job = jobOf(state, event.client, event.ref);
      if (!job) break;
      job.inFlight = Math.max(0, job.inFlight - event.bytes);
      state.dirty = true;
      requestResults(state, out, job);
      break;
    }
    default:
      onWorkerSaid(state, out, event);
  }
  return out;
}

type WorkerSaid = Exclude<
  SchedulerEvent,
  | WorkerJoined
  | WorkerLost
  | { kind: "ClientJoined" | "ClientLost" | "JobSubmitted" | "JobCancelled" | "ResultsTaken" }
>;

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
      for (const task of event.tasks) startTask(state, job, task, worker);
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
    case "ResultArrived":
      relayResult(state, out, job, event);
      break;
    case "ResultMissed":
      if (job.delivering.get(event.block)?.worker !== worker.id) break;
      loseBlocks(state, job, worker, [event.block]);
      withdrawRequest(job, event.block);
      break;
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
  state.workers.set(id, {
    id,
    name,
    address,
    pid,
    threads,
    memory,
    joined: time,
    assigned: new Map(),
    incoming: new Map(),
    held: new Map(),
    copies: new Set(),
    programs: new Map(),
    stored: 0,
    reserved: 0,
    executing: 0,
    finished: 0,
    pace: 0,
    paceStart: time,
    paceCount: 0,
    rss: 0,
  });
  state.totals.workersJoined++;
  state.dirty = true;
}

/** Its tasks go back, its blocks are gone: what only it held and somebody needs is made again. */
function onWorkerLost(state: SchedulerState, out: Out, event: WorkerLost): void {
  const worker = state.workers.get(event.worker);
  if (!worker) return;
  state.workers.delete(worker.id);
  state.totals.workersLost++;
  state.dirty = true;
  for (const id of state.workers.keys())
    out.push({ kind: "SendPeers", worker: id, joined: [], left: [worker.id] });
  if (!event.retired) {
    state.errors.unshift({ time: event.time, message: `worker ${worker.name} was lost: ${event.reason}` });
    state.errors.length = Math.min(state.errors.length, 20);
  }
  for (const key of worker.incoming.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (job) removeFrom(job.incomingAt, taskOfKey(key), worker.id);
  }
  const lost = new Map<SchedulerJob, number[]>();
  for (const key of worker.held.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (!job || !removeFrom(job.holders, taskOfKey(key), worker.id)) continue;
    const tasks = lost.get(job);
    if (tasks) tasks.push(taskOfKey(key));
    else lost.set(job, [taskOfKey(key)]);
  }
  const blamed = takeTasksBack(state, out, worker, event.retired);
  for (const [job, tasks] of lost) reopenTasks(state, job, tasks);
  for (const job of state.jobs.values()) {
    for (const [task, request] of job.delivering)
      if (request.worker === worker.id) withdrawRequest(job, task);
    requestResults(state, out, job);
  }
  for (const [job, task] of blamed)
    if (state.jobs.has(job.id)) {
      const reason = `${MAX_DEATHS} workers were lost while they ran it, the last one because ${event.reason}`;
      const cause = new ClusterError({ who: worker.name, reason: event.reason });
      failJob(state, out, job, taskError(job, task, worker.name, reason, cause));
    }
}

/** Gives the tasks that died once too often with their worker. */
function takeTasksBack(
  state: SchedulerState,
  out: Out,
  worker: SchedulerWorker,
  retired: boolean,
): [SchedulerJob, number][] {
  const blamed: [SchedulerJob, number][] = [];
  // a worker that died before it could say what it runs may have run any of its tasks
  const silent = worker.executing === 0;
  for (const key of worker.assigned.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (!job) continue;
    const task = taskOfKey(key);
    if (!retired && (silent || job.status[task] === STATUS.executing)) {
      const deaths = (job.deaths.get(task) ?? 0) + 1;
      job.deaths.set(task, deaths);
      if (deaths >= MAX_DEATHS) blamed.push([job, task]);
    }
    takeBack(state, out, job, task, "its worker was lost");
  }
  return blamed;
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
  let finished = 0;
  event.tasks.forEach((task, i) => {
    if (job.workerOf.get(task) !== worker.id) return;
    finishTask(state, out, job, task, worker, event.bytes[i] ?? 0, "finished");
    finished++;
    state.totals.tasksFinished++;
    onBlockMade(out, job, task);
  });
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
  if (job.workerOf.get(event.task) !== worker.id) return;
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
  event.blocks.forEach((block, i) => {
    const expected = removeIncoming(job, block, worker);
    const status = job.status[block];
    if (!expected) {
      // it was released, and the word of it is on its way
    } else if (status === STATUS.memory) addCopy(job, block, worker, event.bytes[i] ?? 0);
    else if (status === STATUS.waiting || status === STATUS.ready) {
      // its last holder died, but this copy got away in time
      finishTask(state, out, job, block, worker, event.bytes[i] ?? 0, "a copy was saved");
      onBlockMade(out, job, block);
    } else if (job.workerOf.get(block) !== worker.id) releaseAt(out, worker.id, job.id, block);
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
  const tasks = event.tasks.filter((task) => job.workerOf.get(task) === worker.id);
  const there = event.missing.some((block) => job.status[block] === STATUS.memory);
  for (const task of tasks) {
    takeBack(state, out, job, task, "given back");
    if (there) job.returns.set(task, (job.returns.get(task) ?? 0) + 1);
  }
  for (const block of event.missing) removeIncoming(job, block, worker);
  loseBlocks(state, job, worker, event.missing);
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
  reopenTasks(
    state,
    job,
    blocks.filter((block) => removeHolder(job, block, worker)),
  );
}
