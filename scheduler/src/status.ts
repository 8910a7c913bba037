/** Owns what a scheduler tells of itself: a picture of the state, as plain data. Changes nothing. */
import type { ClusterStatus, JobStatus, TaskCounts } from "@hyperslab/protocol/status";
import { VERSION } from "@hyperslab/protocol/messages";
import type { SchedulerJob, SchedulerState } from "./state.js";

function taskCounts(counts: readonly number[]): TaskCounts {
  const [waiting, ready, assigned, executing, memory, released] = counts;
  return { waiting, ready, assigned, executing, memory, released };
}

/** A job, as it is or as it ended. */
export function jobStatus(
  state: SchedulerState,
  job: SchedulerJob,
  how: JobStatus["state"] = "running",
  error: string | null = null,
): JobStatus {
  const { firstTask, plan } = job.graph;
  return {
    id: job.id,
    name: job.name,
    client: state.clients.get(job.client)?.name ?? "a client that left",
    state: how,
    tasks: job.graph.taskCount,
    done: job.done,
    counts: taskCounts(job.counts),
    stages: plan.stages.map((stage, s) => ({
      name: stage.name,
      tasks: firstTask[s + 1] - firstTask[s],
      done: job.stageDone[s],
    })),
    submitted: job.submitted,
    ended: how === "running" ? null : state.now,
    error,
  };
}

/** Everything, for clients, the dashboard and monitors. */
export function clusterStatus(state: SchedulerState, time: number): ClusterStatus {
  const sum = [0, 0, 0, 0, 0, 0];
  for (const job of state.jobs.values()) job.counts.forEach((count, status) => (sum[status] += count));
  return {
    time,
    started: state.started,
    version: VERSION,
    workers: [...state.workers.values()].map((worker) => ({
      id: worker.id,
      name: worker.name,
      address: worker.address,
      pid: worker.pid,
      threads: worker.threads,
      executing: worker.executing,
      assigned: worker.assigned,
      memory: worker.memory,
      stored: worker.stored,
      reserved: worker.reserved,
      rss: worker.rss,
      joined: worker.joined,
      finished: worker.finished,
    })),
    jobs: [...[...state.jobs.values()].map((job) => jobStatus(state, job)), ...state.ended],
    clients: state.clients.size,
    counts: taskCounts(sum),
    errors: [...state.errors],
    totals: { ...state.totals },
  };
}
