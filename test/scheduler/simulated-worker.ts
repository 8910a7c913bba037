/** What a simulated worker is, and what its threads do: values of tasks instead of arrays. */
import type { Block } from "@hyperslab/core/block";
import { type WireError, toWire } from "@hyperslab/core/errors";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { TaskGraph } from "@hyperslab/core/task-graph";
import type { ToWorkerMessage, WorkerMessage } from "@hyperslab/protocol/messages";
import { blockAt } from "@hyperslab/worker/blocks";
import type { WorkerEvent, WorkerInstruction } from "@hyperslab/worker/events";
import type { WorkerState } from "@hyperslab/worker/state";
import { valueOf } from "./plans.js";

export interface SimulatedWorker {
  readonly id: number;
  readonly state: WorkerState;
  readonly inbox: ToWorkerMessage[];
  readonly outbox: WorkerMessage[];
  /** Values of small blocks, by place. */
  readonly small: Map<number, number>;
  /** Runs and fetches under way: what comes of them. */
  readonly pending: (() => WorkerEvent)[];
}

export interface SimulationOptions {
  /** Leaves out the checks after every event, which take as long as the plan is large. */
  readonly unchecked?: boolean;
  readonly seed: number;
  readonly memory?: number;
  readonly threads?: number;
  /** Tasks that throw. */
  readonly fails?: (task: number) => boolean;
  /** Tasks that kill their worker. */
  readonly kills?: (task: number) => boolean;
  readonly window?: number;
  /** Blocks larger than small ones: every run is one of its own. */
  readonly large?: boolean;
  /** The client fetches large results itself, and sometimes fails. */
  readonly dials?: boolean;
}

interface Planned {
  readonly graph: TaskGraph;
  readonly plan: PlanOutline;
}

/** What a run ends in; null where it kills its worker. */
type Run = () => WorkerEvent | null;

/** The value of a block that a worker holds; null where it does not. */
export function valueAt(worker: SimulatedWorker, job: number, block: number): number | null {
  const known = worker.state.jobs.get(job);
  const at = known ? blockAt(known, block) : null;
  if (!at) return null;
  return "payload" in at ? Number(at.payload[0].data[0]) : (worker.small.get(at.place) ?? Number.NaN);
}

/** A run of one task. */
export function prepareRun(
  worker: SimulatedWorker,
  { run, job, task, inputs, stage }: Extract<WorkerInstruction, { kind: "StartRun" }>,
  { graph, plan }: Planned,
  options: SimulationOptions,
  random: () => number,
): Run {
  const dependencies = new Set<number>();
  inputs.forEach((blocks, i) => {
    const from = graph.firstTask[plan.stages[stage].inputs[i].stage];
    for (const block of blocks.keys()) dependencies.add(from + block);
  });
  const values = [...dependencies].map((one) => valueAt(worker, job, one) ?? Number.NaN);
  return () => {
    if (options.kills?.(task)) return null;
    if (options.fails?.(task))
      return { kind: "RunFailed", run, task, error: toWire(new Error("a bad task")) };
    const data = Float64Array.of(valueOf(task, values));
    const payload: Block[] = [{ dtype: "float64", shape: [1], data }];
    return { kind: "RunFinished", run, bytes: 8, payload, time: random() };
  };
}

/** A run of several small tasks, or the part of it that is run before its thread is ended. */
export function prepareBatch(
  worker: SimulatedWorker,
  { run, stage, blocks, places, inputs }: Extract<WorkerInstruction, { kind: "StartBatch" }>,
  { graph, plan }: Planned,
  options: SimulationOptions,
  random: () => number,
): Run {
  return () => {
    const first = graph.firstTask[stage];
    const failed: { task: number; error: WireError }[] = [];
    let at = 0;
    for (let i = 0; i < blocks.length; i++) {
      const task = first + blocks[i];
      const values = new Map<number, number>();
      for (const input of plan.stages[stage].inputs)
        for (let count = inputs[at++]; count > 0; count--) {
          const block = graph.firstTask[input.stage] + inputs[at++];
          values.set(block, worker.small.get(inputs[at++]) ?? Number.NaN);
        }
      if (options.kills?.(task)) return null;
      if (options.fails?.(task)) failed.push({ task, error: toWire(new Error("a bad task")) });
      else worker.small.set(places[i], valueOf(task, [...values.values()]));
      // rarely a thread is ended in the middle
      if (random() < 0.02 && !options.fails)
        return { kind: "BatchFinished", run, done: i + 1, failed, time: random() * (i + 1) };
    }
    return { kind: "BatchFinished", run, done: blocks.length, failed, time: random() * 0.1 * blocks.length };
  };
}

/** What a worker keeps of jobs that are over. */
export function leftoversOf({ id, state }: SimulatedWorker): string[] {
  const { stored, smalls, jobs, runs, queues } = state;
  if (stored + smalls + jobs.size + runs.size + queues.length === 0) return [];
  return [`worker ${id}: ${stored} bytes, ${smalls} small blocks, ${jobs.size} jobs, ${runs.size} runs`];
}
