/** A scheduler core with workers that only listen: every event is followed by `check`. */
import type { PlanOutline } from "@hyperslab/core/plan";
import { check } from "@hyperslab/scheduler/check";
import type { SchedulerEvent, SchedulerInstruction } from "@hyperslab/scheduler/events";
import { place } from "@hyperslab/scheduler/place";
import { react } from "@hyperslab/scheduler/reactor";
import {
  STATUS_NAMES,
  type SchedulerJob,
  type SchedulerState,
  isOut,
  newState,
  taskOfKey,
} from "@hyperslab/scheduler/state";
import { expect } from "vitest";

/** An event without its time. */
type Said = SchedulerEvent extends infer E ? (E extends SchedulerEvent ? Omit<E, "time"> : never) : never;

export class Core {
  readonly state: SchedulerState = newState(0, 256);
  #time = 0;

  constructor(workers: readonly { threads?: number; memory?: number }[] = [], dials = false) {
    this.say({ kind: "ClientJoined", client: 100, name: "client", dials });
    workers.forEach((worker, i) => this.join(i + 1, worker));
  }

  join(
    id: number,
    { threads = 1, memory = 1000 }: { threads?: number; memory?: number } = {},
  ): SchedulerInstruction[] {
    return this.say({
      kind: "WorkerJoined",
      worker: id,
      name: `w${id}`,
      address: `ws://w${id}`,
      pid: id,
      threads,
      memory,
    });
  }

  say(event: Said): SchedulerInstruction[] {
    const out = react(this.state, { ...event, time: ++this.#time } as SchedulerEvent);
    expect(check(this.state)).toEqual([]);
    return out;
  }

  place(): SchedulerInstruction[] {
    const out = place(this.state);
    expect(check(this.state)).toEqual([]);
    return out;
  }

  /** Submits, and places what is ready. */
  submit(
    outline: PlanOutline,
    options: { window?: number; progress?: boolean; priority?: number } = {},
  ): SchedulerJob {
    const { window = 1e6, progress = false, priority = 0 } = options;
    const ref = this.state.nextJob;
    this.say({ kind: "JobSubmitted", client: 100, ref, name: "job", outline, window, progress, priority });
    const job = this.state.jobs.get(ref);
    if (!job) throw new Error("the job is over already");
    return job;
  }

  finish(worker: number, tasks: number[], bytes = 8): SchedulerInstruction[] {
    return this.say({ kind: "TasksFinished", worker, job: 1, tasks, bytes: tasks.map(() => bytes) });
  }

  /** Results arrive here. */
  arrive(worker: number, blocks: number[], payload: unknown = 0): SchedulerInstruction[] {
    return this.say({ kind: "ResultsArrived", worker, job: 1, blocks, payload });
  }

  /** Tasks that a worker has, and blocks that it has to fetch. */
  at(job: SchedulerJob, worker: number): { tasks: number[]; incoming: number[] } {
    const slot = this.state.workers.get(worker)?.slot;
    const tasks = [...job.at.keys()].filter((task) => job.at[task] === slot && isOut(job.status[task]));
    const incoming = [...(this.state.workers.get(worker)?.incoming.keys() ?? [])].map(taskOfKey);
    return { tasks, incoming };
  }

  statuses(job: SchedulerJob): string[] {
    return Array.from(job.status, (status) => STATUS_NAMES[status]);
  }
}

/** `kind` of every instruction. */
export const kinds = (out: readonly SchedulerInstruction[]): string[] => out.map(({ kind }) => kind);

/** Tasks that were handed out, by worker. */
export function handedOut(out: readonly SchedulerInstruction[]): Record<number, number[]> {
  const by: Record<number, number[]> = {};
  for (const one of out)
    if (one.kind === "SendTasks") by[one.worker] = [...(by[one.worker] ?? []), ...one.tasks];
  return by;
}
