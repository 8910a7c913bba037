/** Plans for tests of the scheduler: random ones, with all kinds of edges, and the values that their tasks yield. */
import { chunkCount, regularAxis } from "@hyperslab/core/chunk-grid";
import type { AxisMap, PlanOutline, StageOutline } from "@hyperslab/core/plan";
import { type TaskGraph, expand } from "@hyperslab/core/task-graph";

/** A small, seeded source of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A stage over `length` positions in chunks of `chunk`. */
export function stage(
  name: string,
  length: number,
  chunk: number,
  inputs: readonly { stage: number; map: AxisMap }[] = [],
  cost: { output?: number; working?: number } = {},
): StageOutline {
  return {
    name,
    grid: [regularAxis(length, chunk)],
    fields: ["float64"],
    inputs: inputs.map(({ stage: from, map }) => ({ stage: from, axes: [map] })),
    cost: { output: cost.output ?? 8, working: cost.working ?? 8, read: 0 },
  };
}

/** A random plan of a few stages, with all kinds of edges. */
export function randomPlan(random: () => number): PlanOutline {
  const int = (n: number): number => Math.floor(random() * n);
  const stages: StageOutline[] = [stage("load", 1 + int(12), 1)];
  const extra = 1 + int(5);
  for (let s = 1; s <= extra; s++) {
    if (random() < 0.2) {
      stages.push(stage(`load${s}`, 1 + int(8), 1));
      continue;
    }
    const length = 1 + int(10);
    const inputs = Array.from({ length: 1 + int(2) }, () => {
      const from = int(s);
      const count = chunkCount(stages[from].grid[0]);
      return { stage: from, map: randomMap(int, count, length) };
    });
    stages.push(stage(`s${s}`, length, 1, inputs));
  }
  const outputs = [stages.length - 1];
  while (random() < 0.4) outputs.push(int(stages.length));
  return { stages, outputs };
}

function randomMap(int: (n: number) => number, count: number, length: number): AxisMap {
  switch (int(4)) {
    case 0:
      return count >= length ? { kind: "same", axis: 0 } : { kind: "range", start: 0, stop: count };
    case 1: {
      const start = int(count);
      return { kind: "range", start, stop: start + 1 + int(count - start) };
    }
    case 2:
      return { kind: "tree", axis: 0, fanIn: Math.max(1, Math.ceil(count / length)) };
    default: {
      const offsets = [0];
      const blocks: number[] = [];
      for (let i = 0; i < length; i++) {
        const some = new Set(Array.from({ length: int(4) }, () => int(count)));
        blocks.push(...some);
        offsets.push(blocks.length);
      }
      return { kind: "table", axis: 0, offsets, blocks };
    }
  }
}

/** The value of every task's block: a hash of its number and of its inputs. */
export function valuesOf(plan: PlanOutline): { graph: TaskGraph; values: number[] } {
  const graph = expand(plan);
  const values: number[] = [];
  for (let task = 0; task < graph.taskCount; task++) {
    const inputs = graph.dependencies.subarray(graph.dependencyStart[task], graph.dependencyStart[task + 1]);
    values.push(
      valueOf(
        task,
        [...inputs].map((input) => values[input]),
      ),
    );
  }
  return { graph, values };
}

export function valueOf(task: number, inputs: readonly number[]): number {
  let hash = task + 1;
  for (const input of [...inputs].sort((a, b) => a - b)) hash = (Math.imul(hash, 31) + input) >>> 0;
  return (Math.imul(hash, 2654435761) >>> 8) + 1;
}
