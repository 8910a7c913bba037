/**
 * Owns the local run of a plan: which task next, which blocks to keep, when to wait. How a task is
 * run (in this thread, on another) is the runner's business. What is ready and what can be let go
 * is told by `@hyperslab/core/frontier`, as on a cluster.
 */
import type { Block } from "@hyperslab/core/block";
import { itemSize } from "@hyperslab/core/dtype";
import { CancelledError, type HyperslabError } from "@hyperslab/core/errors";
import type { OutputBlock, RunOptions } from "@hyperslab/core/executor";
import { finishTask, frontierOf, pushReady, takeOutput, takeReady } from "@hyperslab/core/frontier";
import type { Plan, StageCost, StageOutline } from "@hyperslab/core/plan";
import { sizeOf } from "@hyperslab/core/shape";
import { inputBlocks } from "@hyperslab/core/input-blocks";
import { coordsOfBlock, expand, stageOfTask, type TaskGraph } from "@hyperslab/core/task-graph";
import { BlockStore } from "./block-store.js";
import type { BufferPool } from "./buffer-pool.js";
import { type MemoryBudget, reservationOf } from "./memory-budget.js";
import type { ResultMemory } from "./result-memory.js";
import type { TaskResult } from "./run-task.js";
import type { SpillOptions } from "./spill-directory.js";
import { Spilling } from "./spilling.js";
import { cancelledBy, taskErrorOf, throwIfAborted } from "./task-error.js";
import { type TaskInputs, boxOfBlock, boxText } from "./task-stage.js";

/** One task: block `block` of stage `stage`. */
export interface GraphTask {
  readonly stage: number;
  readonly block: number;
  readonly inputs: TaskInputs;
  /** Memory for the result; null where the result leaves the run, and has to have memory of its own. */
  readonly into: ResultMemory | null;
}

export type TaskRunner = (task: GraphTask, signal: AbortSignal) => Promise<TaskResult>;

export interface GraphOptions extends RunOptions {
  /** Tasks under way at once, at most. */
  readonly width: number;
  readonly budget: MemoryBudget;
  /** Where the memory of blocks that pass between stages comes from and goes to. */
  readonly buffers: BufferPool;
  /** Where blocks go that memory has no room for; null or nothing: such a plan is refused. */
  readonly spill?: SpillOptions | null;
  /** Ends idle threads, whose memory goes with them; asked for before anything is refused. */
  readonly rest?: () => Promise<void>;
}

/** Smaller fields are not worth a place in the pool. Bytes. */
const SMALLEST = 16 * 1024;

interface Finished {
  readonly task: number;
  readonly outcome: { readonly fields: readonly Block[] } | { readonly error: unknown };
}

/**
 * Runs all tasks of a plan and yields the blocks of its results as they come.
 * @throws TaskError for a task that fails, MemoryError for one that can't fit, CancelledError
 */
export async function* runGraph(
  plan: Plan,
  runner: TaskRunner,
  options: GraphOptions,
): AsyncGenerator<OutputBlock, void, undefined> {
  const { signal, on, width, budget, buffers, transient = false } = options;
  throwIfAborted(signal, "the run");
  const graph = expand(plan);
  const frontier = frontierOf(graph);
  const outputs = outputsByStage(plan);
  const blocks = new BlockStore(budget, buffers, options.spill ?? null);
  const spilling = new Spilling(graph, blocks);
  const running = new Map<number, Promise<void>>();
  const finished: Finished[] = [];
  const ending = new AbortController();
  const either = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  let wake: () => void = () => undefined;
  let done = 0;
  let resting: Promise<void> | null = null;

  const place = (task: number): { stage: number; block: number } => {
    const stage = stageOfTask(graph, task);
    return { stage, block: task - graph.firstTask[stage] };
  };
  const costOf = (task: number): StageCost => plan.stages[place(task).stage].cost;
  /** Bytes that a task takes besides those that it works in: its result, and inputs that are on the disk. */
  const needOf = (task: number): number =>
    costOf(task).output + blocks.bytesOf(blocks.onDisk(dependenciesOf(graph, task)));
  const run = async (task: number, into: ResultMemory | null): Promise<readonly Block[]> => {
    const { stage, block } = place(task);
    const away = blocks.onDisk(dependenciesOf(graph, task));
    if (away.length > 0) {
      const bytes = blocks.bytesOf(away);
      budget.reserved += bytes;
      await blocks.load(away).finally(() => (budget.reserved -= bytes));
    }
    const inputs = inputsOf(graph, plan, stage, block, blocks);
    return (await runner({ stage, block, inputs, into }, either)).fields;
  };
  const start = (task: number): void => {
    const { stage, block } = place(task);
    const { output, working } = costOf(task);
    budget.reserved += output;
    budget.begin(working);
    const into = outputs.has(stage) && !transient ? null : memoryFor(plan.stages[stage], block, buffers);
    const reads = dependenciesOf(graph, task);
    blocks.hold(reads);
    const settle = (outcome: Finished["outcome"]): void => {
      budget.reserved -= output;
      budget.end(working);
      blocks.release(reads);
      running.delete(task);
      finished.push({ task, outcome });
      // the memory of a task that failed may still be written to: it is not used again
      if (!("error" in outcome)) blocks.put(task, outcome.fields, into ?? []);
      wake();
    };
    running.set(
      task,
      run(task, into).then(
        (fields) => settle({ fields }),
        (error: unknown) => settle({ error }),
      ),
    );
  };
  /** Starts what fits. Later tasks overtake one that doesn't fit only where nothing runs that could make room. */
  const startReady = (): void => {
    const passed: number[] = [];
    while (running.size < width) {
      const task = takeReady(frontier);
      if (task === undefined) break;
      if (budget.fits(needOf(task), costOf(task).working) && !blocksUnderWay(task)) {
        start(task);
        continue;
      }
      passed.push(task);
      if (running.size > 0) break;
    }
    for (const task of passed) pushReady(frontier, task);
    if (passed.length === 0) return;
    if (running.size === 0 && finished.length === 0 && budget.resting > 0 && options.rest) {
      // memory that idle threads keep goes before blocks do
      resting ??= options.rest().finally(() => {
        resting = null;
        budget.rested();
        wake();
      });
      return;
    }
    const missing = needOf(passed[0]) + costOf(passed[0]).working - budget.available;
    if (missing > 0) spilling.makeRoom(missing, budget.limit, dependenciesOf(graph, passed[0]), () => wake());
    if (running.size === 0 && finished.length === 0 && !spilling.busy) throw refusal(passed[0]);
  };
  /** A block that another task is just bringing back from the disk is not brought back twice. */
  const blocksUnderWay = (task: number): boolean =>
    running.size > 0 && blocks.onDisk(dependenciesOf(graph, task)).some((input) => blocks.isHeld(input));
  const refusal = (task: number): HyperslabError => {
    const { stage, block } = place(task);
    const bytes = blocks.bytesOf(dependenciesOf(graph, task));
    const { name, grid, cost } = plan.stages[stage];
    const what = `task ${name}, block ${boxText(boxOfBlock(grid, block))}`;
    return budget.refuse(what, reservationOf(cost), bytes, spilling.failure);
  };

  on?.({
    kind: "started",
    tasks: graph.taskCount,
    stages: plan.stages.map((stage) => stage.name),
    stageTasks: plan.stages.map((_, s) => graph.firstTask[s + 1] - graph.firstTask[s]),
  });
  try {
    for (;;) {
      throwIfAborted(signal, "the run");
      const next = finished.shift();
      if (!next) {
        startReady();
        if (running.size === 0 && finished.length === 0 && !spilling.busy && !resting) break;
        if (finished.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const { task, outcome } = next;
      const { stage, block } = place(task);
      if ("error" in outcome) throw taskErrorOf(plan.stages[stage], block, outcome.error);
      for (const free of finishTask(frontier, task)) blocks.drop(free);
      spilling.finish(task);
      done++;
      on?.({ kind: "finished", task, stage, done, tasks: graph.taskCount });
      const taken = outputs.get(stage);
      if (!taken) continue;
      const unread = takeOutput(frontier, task);
      if (unread && !transient) blocks.drop(task);
      // more work is started before the consumer is given time to look at this block
      startReady();
      for (const output of taken) yield { output, index: block, block: outcome.fields[0] };
      if (unread && transient) blocks.drop(task);
    }
  } catch (error) {
    if (signal?.aborted) throw cancelledBy(signal, "the run");
    throw error;
  } finally {
    if (running.size > 0) {
      ending.abort(new CancelledError({ what: "the rest of the run" }));
      await Promise.all(running.values());
    }
    await resting;
    await spilling.settled();
    await blocks.close();
  }
}

/** The results that the blocks of a stage belong to. */
function outputsByStage(plan: Plan): Map<number, number[]> {
  const byStage = new Map<number, number[]>();
  plan.outputs.forEach((stage, output) => {
    const outputs = byStage.get(stage);
    if (outputs) outputs.push(output);
    else byStage.set(stage, [output]);
  });
  return byStage;
}

/** Memory for the fields of a block. */
function memoryFor({ grid, fields }: StageOutline, block: number, buffers: BufferPool): ResultMemory {
  const size = sizeOf(boxOfBlock(grid, block).shape);
  return fields.map((dtype) => {
    const bytes = size * itemSize(dtype);
    return dtype === "string" || bytes < SMALLEST ? null : buffers.take(bytes);
  });
}

function inputsOf(
  graph: TaskGraph,
  plan: Plan,
  stage: number,
  block: number,
  blocks: BlockStore,
): TaskInputs {
  const { grid, inputs } = plan.stages[stage];
  const coords = inputs.length > 0 ? coordsOfBlock(grid, block) : [];
  return inputs.map((input) => {
    const found = new Map<number, readonly Block[]>();
    for (const index of inputBlocks(grid, coords, input, plan.stages[input.stage].grid)) {
      const fields = blocks.get(graph.firstTask[input.stage] + index);
      if (fields) found.set(index, fields);
    }
    return found;
  });
}

/** The tasks whose blocks a task reads. */
function dependenciesOf({ dependencyStart, dependencies }: TaskGraph, task: number): number[] {
  return Array.from(dependencies.subarray(dependencyStart[task], dependencyStart[task + 1]));
}
