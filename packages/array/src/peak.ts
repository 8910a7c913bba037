/** Owns the prediction of memory: how many bytes a plan holds at its peak when `slots` tasks run at a time. */
import type { PlanOutline } from "@hyperslab/core/plan";
import { finishTask, frontierOf, takeOutput, takeReady } from "@hyperslab/core/frontier";
import { expand, stageOfTask } from "@hyperslab/core/task-graph";

/** Bytes held at the worst moment, and what stood in them. */
export interface Peak {
  readonly bytes: number;
  /** Finished blocks that later tasks wait for. */
  readonly kept: number;
  /** Working memory and outputs of the running tasks. */
  readonly running: number;
}

/** Walks the plan in its own order with blocks of the largest size, results taken as soon as they are there. O(tasks). */
export function predictPeak(plan: PlanOutline, slots: number): Peak {
  const graph = expand(plan);
  const frontier = frontierOf(graph);
  const outputs = new Set(plan.outputs);
  const cost = plan.stages.map((stage) => stage.cost);
  let kept = 0;
  let peak: Peak = { bytes: 0, kept: 0, running: 0 };
  for (;;) {
    const batch: number[] = [];
    while (batch.length < slots) {
      const task = takeReady(frontier);
      if (task === undefined) break;
      batch.push(task);
    }
    if (batch.length === 0) return peak;
    const stages = batch.map((task) => stageOfTask(graph, task));
    const running = stages.reduce((sum, s) => sum + cost[s].working + cost[s].output, 0);
    if (kept + running > peak.bytes) peak = { bytes: kept + running, kept, running };
    for (const [i, task] of batch.entries()) {
      kept += cost[stages[i]].output;
      for (const free of finishTask(frontier, task)) kept -= cost[stageOfTask(graph, free)].output;
      if (outputs.has(stages[i]) && takeOutput(frontier, task)) kept -= cost[stages[i]].output;
    }
  }
}
