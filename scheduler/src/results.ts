/**
 * Owns the way of results to the client: which are asked for, within the room that the client has, and
 * when they count as delivered. Small ones come through the scheduler; of large ones the client is told
 * which worker holds them, and fetches them there.
 */
import { takeOutput } from "@hyperslab/core/frontier";
import type { ResultsArrived, SchedulerInstruction } from "./events.js";
import { finishJob } from "./jobs.js";
import {
  MARK,
  STATUS,
  type SchedulerJob,
  type SchedulerState,
  type SchedulerWorker,
  inFlight,
  isWanted,
  stageOf,
  workerAt,
} from "./state.js";
import { addRequest, dropRequest, letGo } from "./transitions.js";

type Out = SchedulerInstruction[];

/** Results up to so many bytes come through the scheduler: another round trip would cost more. */
const RELAYED: number = 2 ** 16;

/** Of a task that is handed out: its worker may send the result as soon as it has it. */
export function allowsSending(job: SchedulerJob, task: number): boolean {
  if (!isWanted(job, task)) return false;
  const { output } = stageOf(job, task).cost;
  return output <= RELAYED && inFlight(job) + output <= job.window;
}

/** Has results sent or fetched, as far as the client has room for them. */
export function requestResults(state: SchedulerState, out: Out, job: SchedulerJob): void {
  const { deliverable } = job;
  const client = state.clients.get(job.client);
  while (job.deliverableHead < deliverable.length) {
    const task = deliverable[job.deliverableHead];
    const worker = workerAt(state, job, task);
    const isHere = worker && job.status[task] === STATUS.memory;
    if (isHere && isWanted(job, task) && (job.marks[task] & MARK.asked) === 0) {
      const bytes = job.size[task];
      const busy = inFlight(job);
      if (busy > 0 && busy + bytes > job.window) break;
      addRequest(job, task);
      if (bytes > RELAYED && client?.dials && !client.unreachable.has(worker.id))
        tellPlace(out, job, task, worker);
      else askWorker(out, job, task, worker);
    }
    job.deliverableHead++;
  }
  if (job.deliverableHead > 1024 && 2 * job.deliverableHead > deliverable.length) {
    deliverable.splice(0, job.deliverableHead);
    job.deliverableHead = 0;
  }
}

function tellPlace(out: Out, job: SchedulerJob, task: number, worker: SchedulerWorker): void {
  const last = out[out.length - 1];
  if (last?.kind === "TellPlace" && last.job === job.id && last.holder.worker === worker.id)
    last.blocks.push(task);
  else {
    const holder = { worker: worker.id, name: worker.name, address: worker.address };
    out.push({ kind: "TellPlace", client: job.client, ref: job.ref, job: job.id, holder, blocks: [task] });
  }
}

function askWorker(out: Out, job: SchedulerJob, task: number, worker: SchedulerWorker): void {
  const last = out[out.length - 1];
  if (last?.kind === "RequestResults" && last.job === job.id && last.worker === worker.id)
    last.blocks.push(task);
  else out.push({ kind: "RequestResults", worker: worker.id, job: job.id, blocks: [task] });
}

/** A result won't come from where it was asked for: it is asked for again where it is held. */
export function withdrawRequest(job: SchedulerJob, task: number): void {
  if ((job.marks[task] & MARK.asked) === 0) return;
  dropRequest(job, task);
  if (job.status[task] === STATUS.memory) job.deliverable.push(task);
}

/** Passes results on; the last one finishes the job. */
export function relayResults(
  state: SchedulerState,
  out: Out,
  job: SchedulerJob,
  event: ResultsArrived,
): void {
  out.push({ kind: "RelayResults", client: job.client, ref: job.ref, payload: event.payload });
  deliver(state, out, job, event.blocks);
}

/** The client has these results, or will have: each counts once, from wherever it came. */
export function deliver(state: SchedulerState, out: Out, job: SchedulerJob, blocks: ArrayLike<number>): void {
  for (let i = 0; i < blocks.length; i++) {
    const task = blocks[i];
    if (!(task >= 0 && task < job.graph.taskCount) || !isWanted(job, task)) continue;
    dropRequest(job, task);
    job.marks[task] |= MARK.delivered;
    job.resultsLeft--;
    job.untaken += job.size[task];
    state.totals.resultBytes += job.size[task];
    if (takeOutput(job.frontier, task)) letGo(state, out, job, task);
  }
  if (job.resultsLeft === 0) finishJob(state, out, job);
}
