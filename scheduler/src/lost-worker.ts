/**
 * Owns what follows when a worker is lost: its tasks go back, its blocks are gone, and what only it held
 * and somebody needs is made again. Tasks under which workers keep dying are blamed.
 */
import { ClusterError } from "@hyperslab/core/errors";
import type { SchedulerInstruction, WorkerLost } from "./events.js";
import { removeCopy, removeHolder, removeIncoming } from "./holders.js";
import { failJob, taskError } from "./jobs.js";
import { requestResults, withdrawRequest } from "./results.js";
import {
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  isOut,
  jobOfKey,
  taskOfKey,
} from "./state.js";
import { reopenTasks, takeBack } from "./transitions.js";

type Out = SchedulerInstruction[];

/** Workers that may die under a task before it is blamed. */
const MAX_DEATHS = 3;
/** How many errors are remembered. */
const REMEMBERED = 20;

/** A worker is gone, with all that it had. */
export function onWorkerLost(state: SchedulerState, out: Out, event: WorkerLost): void {
  const worker = state.workers.get(event.worker);
  if (!worker) return;
  state.workers.delete(worker.id);
  state.totals.workersLost++;
  state.dirty = true;
  for (const id of state.workers.keys())
    out.push({ kind: "SendPeers", worker: id, joined: [], left: [worker.id] });
  if (!event.retired) {
    state.errors.unshift({ time: event.time, message: `worker ${worker.name} was lost: ${event.reason}` });
    state.errors.length = Math.min(state.errors.length, REMEMBERED);
  }
  for (const key of worker.incoming.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (job) removeIncoming(job, taskOfKey(key), worker);
  }
  for (const key of worker.copies.keys()) {
    const job = state.jobs.get(jobOfKey(key));
    if (job) removeCopy(job, taskOfKey(key), worker);
  }
  // a worker that died before it could say what it runs may have run any of its tasks
  const blames = event.retired ? "nothing" : worker.executing === 0 ? "all" : "executing";
  const blamed: [SchedulerJob, number][] = [];
  for (const job of state.jobs.values())
    for (const task of loseAll(state, out, job, worker, blames)) blamed.push([job, task]);
  state.slots[worker.slot] = undefined;
  for (const client of state.clients.values()) client.unreachable.delete(worker.id);
  for (const job of state.jobs.values()) requestResults(state, out, job);
  for (const [job, task] of blamed)
    if (state.jobs.has(job.id)) {
      const reason = `${MAX_DEATHS} workers were lost while they ran it, the last one because ${event.reason}`;
      const cause = new ClusterError({ who: worker.name, reason: event.reason });
      failJob(state, out, job, taskError(job, task, worker.name, reason, cause));
    }
}

/** Takes all of a job off the worker. Gives the tasks that died once too often with their worker. */
function loseAll(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  worker: SchedulerWorker,
  blames: "nothing" | "all" | "executing",
): number[] {
  const tasks: number[] = [];
  const lost: number[] = [];
  const { at, status } = job;
  for (let task = 0; task < at.length; task++) {
    if (at[task] !== worker.slot) continue;
    if (isOut(status[task])) tasks.push(task);
    else {
      withdrawRequest(job, task);
      if (removeHolder(state, job, task, worker)) lost.push(task);
    }
  }
  const blamed: number[] = [];
  for (const task of tasks) {
    if (blames === "all" || (blames === "executing" && status[task] === STATUS.executing)) {
      const deaths = (job.deaths.get(task) ?? 0) + 1;
      job.deaths.set(task, deaths);
      if (deaths >= MAX_DEATHS) blamed.push(task);
    }
    takeBack(state, out, job, task, "its worker was lost");
  }
  // taking tasks back may have made some of them needless
  reopenTasks(
    state,
    job,
    lost.filter((task) => status[task] === STATUS.memory),
  );
  return blamed;
}
