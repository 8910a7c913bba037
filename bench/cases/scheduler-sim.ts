/**
 * Owns the case of a scheduler alone: its real core, with simulated workers that end every task at once. No
 * socket, no thread: what is measured is events in, state changed, instructions out.
 */
import { regularAxis } from "@hyperslab/core/chunk-grid";
import type { AxisMap, PlanOutline, StageOutline } from "@hyperslab/core/plan";
import type { SchedulerInstruction } from "@hyperslab/scheduler/events";
import { place } from "@hyperslab/scheduler/place";
import { react } from "@hyperslab/scheduler/reactor";
import { type SchedulerState, newState } from "@hyperslab/scheduler/state";
import type { Case, Scale } from "../case.js";

/** Tasks of one job; jobs follow one another until all are run. */
const TASKS: Record<Scale, readonly [job: number, all: number]> = {
  tiny: [1_000, 2_000],
  ci: [1_000_000, 2_000_000],
  full: [10_000_000, 100_000_000],
};
const WORKERS: Record<Scale, number> = { tiny: 100, ci: 10_000, full: 10_000 };

function stage(count: number, input: AxisMap | null, from: number): StageOutline {
  return {
    name: "s",
    grid: [regularAxis(count, 1)],
    fields: ["float64"],
    inputs: input ? [{ stage: from, axes: [input] }] : [],
    cost: { output: 8, working: 8, read: 0 },
  };
}

/** `map`: tasks without edges, all results. `tree`: pairs, and pairs of pairs, down to one. */
function planOf(kind: string, tasks: number): PlanOutline {
  if (kind === "map") return { stages: [stage(tasks, null, 0)], outputs: [0] };
  const stages: StageOutline[] = [];
  for (let count = 2 ** Math.floor(Math.log2(tasks / 2)); count >= 1; count /= 2)
    stages.push(
      stage(count, stages.length > 0 ? { kind: "tree", axis: 0, fanIn: 2 } : null, stages.length - 1),
    );
  return { stages, outputs: [stages.length - 1] };
}

const tasksOf = ({ stages }: PlanOutline): number =>
  stages.reduce(
    (sum, { grid }) => sum + (grid[0].kind === "regular" ? grid[0].length / grid[0].chunk : 0),
    0,
  );

/** A cluster that answers at once. Gives the number of events and ticks that it took. */
class SimulatedCluster {
  readonly state: SchedulerState = newState(0);
  events = 0;
  ticks = 0;
  #time = 0;
  #inbox: SchedulerInstruction[] = [];

  constructor(workers: number) {
    const { state } = this;
    react(state, { kind: "ClientJoined", client: 0, time: 0, name: "bench", dials: false });
    for (let worker = 1; worker <= workers; worker++) {
      const name = `w${worker}`;
      const address = `ws://${name}`;
      const about = { name, address, pid: worker, threads: 1, memory: 2 ** 30 };
      react(state, { kind: "WorkerJoined", worker, time: 0, ...about });
    }
  }

  run(ref: number, outline: PlanOutline): void {
    const { state } = this;
    const window = 2 ** 26;
    const about = { name: "job", outline, window, progress: false, priority: 0 };
    this.#take(react(state, { kind: "JobSubmitted", client: 0, time: this.#time, ref, ...about }));
    while (state.jobs.size > 0) {
      this.#time++;
      if (state.dirty) {
        this.ticks++;
        this.#take(place(state));
      }
      const inbox = this.#inbox;
      this.#inbox = [];
      for (const one of inbox) this.#answer(one, ref);
    }
  }

  #take(out: readonly SchedulerInstruction[]): void {
    for (const one of out)
      if (one.kind === "SendTasks" || one.kind === "RequestResults") this.#inbox.push(one);
  }

  #answer(one: SchedulerInstruction, ref: number): void {
    const { state } = this;
    const time = this.#time;
    this.events++;
    if (one.kind === "SendTasks") {
      const { worker, job, tasks, fetch, send } = one;
      for (const { blocks } of fetch)
        this.#take(
          react(state, { kind: "BlocksFetched", worker, time, job, blocks, bytes: blocks.map(() => 8) }),
        );
      const bytes = tasks.map(() => 8);
      this.#take(react(state, { kind: "TasksFinished", worker, time, job, tasks, bytes }));
      if (!send) return;
      react(state, { kind: "ResultsArrived", worker, time, job, blocks: tasks, payload: null });
      this.#take(react(state, { kind: "ResultsTaken", client: 0, time, ref, bytes: 8 * tasks.length }));
    } else if (one.kind === "RequestResults") {
      const { worker, job, blocks } = one;
      react(state, { kind: "ResultsArrived", worker, time, job, blocks, payload: null });
      this.#take(react(state, { kind: "ResultsTaken", client: 0, time, ref, bytes: 8 * blocks.length }));
    }
  }
}

/** Bytes of a job's arrays, for each of its tasks. */
function bytesPerTask(outline: PlanOutline): number {
  const state = newState(0);
  react(state, { kind: "ClientJoined", client: 0, time: 0, name: "bench", dials: false });
  const about = { name: "job", outline, window: 1, progress: false, priority: 0 };
  const before = process.memoryUsage();
  react(state, { kind: "JobSubmitted", client: 0, time: 0, ref: 1, ...about });
  const after = process.memoryUsage();
  const bytes = after.arrayBuffers - before.arrayBuffers + Math.max(0, after.heapUsed - before.heapUsed);
  return bytes / tasksOf(outline);
}

export const schedulerSim: Case = {
  name: "scheduler-sim",
  title: "the scheduler's core alone: 10,000 simulated workers, tasks without edges, and a binary tree",
  variants: (scale) =>
    ["map", "tree"].map((kind) => ({
      name: kind,
      parameters: { kind },
      unit: "tasks/s",
      work: TASKS[scale][1],
      peer: null,
      limit: null,
      tolerance: 0,
      once: scale === "full",
    })),
  async open({ parameters }, { scale }) {
    const [size, all] = TASKS[scale];
    const plan = planOf(String(parameters["kind"]), size);
    const facts = { bytesPerTask: bytesPerTask(plan), events: 0, ticks: 0, microseconds: 0 };
    const cluster = new SimulatedCluster(WORKERS[scale]);
    let ref = 0;
    return {
      run() {
        const started = performance.now();
        let done = 0;
        for (; done < all; done += tasksOf(plan)) cluster.run(++ref, plan);
        const time = performance.now() - started;
        facts.events = cluster.events;
        facts.ticks = cluster.ticks;
        facts.microseconds = (1000 * time) / done;
        return ((time / 1000) * all) / done;
      },
      outcome: () => ({ data: Float64Array.of(1), facts }),
    };
  },
};
