/**
 * Owns the expansion of a plan into numbered tasks: one task a block, stage after stage, blocks in
 * C order. Edges live in typed arrays; there is no object and no string for a task.
 */
import { type ChunkGrid, blockCoords, blockCounts, blockIndex, blockTotal } from "./chunk-grid.js";
import { inputWalk } from "./input-blocks.js";
import type { AxisMap, PlanOutline } from "./plan.js";
import { unreachable } from "./unreachable.js";

export interface TaskGraph {
  readonly plan: PlanOutline;
  /** Number of the first task of each stage, and the number of all tasks at the end. */
  readonly firstTask: Int32Array;
  readonly taskCount: number;
  /** Tasks that task `t` needs: `dependencies[dependencyStart[t] .. dependencyStart[t + 1]]`, without repeats. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
  /** The same edges, the other way. */
  readonly dependentStart: Int32Array;
  readonly dependents: Int32Array;
  /** The order to prefer, depth first: lower runs earlier. */
  readonly priority: Int32Array;
  /** The task of each priority; the same array where tasks are numbered in that order. */
  readonly order: Int32Array;
}

/** Expands a plan: O(tasks + edges). */
export function expand(plan: PlanOutline): TaskGraph {
  const firstTask = new Int32Array(plan.stages.length + 1);
  plan.stages.forEach((stage, s) => {
    firstTask[s + 1] = firstTask[s] + blockCounts(stage.grid).reduce((a, b) => a * b, 1);
  });
  const taskCount = firstTask[plan.stages.length];
  const { dependencyStart, dependencies } = edgesOf(plan, firstTask);
  const { dependentStart, dependents } = reverse(taskCount, dependencyStart, dependencies);
  const edges = { dependencyStart, dependencies, dependentStart, dependents };
  const { priority, order } = depthFirst(plan, firstTask, edges);
  return {
    plan,
    firstTask,
    taskCount,
    dependencyStart,
    dependencies,
    dependentStart,
    dependents,
    priority,
    order,
  };
}

/** The stage that a task belongs to. */
export function stageOfTask({ firstTask }: Pick<TaskGraph, "firstTask">, task: number): number {
  let low = 0;
  let high = firstTask.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (firstTask[middle] <= task) low = middle;
    else high = middle;
  }
  // of stages without tasks the last one begins at the same number
  return low;
}

/** Number of the task's block within its stage (C order). */
export function blockOfTask(graph: Pick<TaskGraph, "firstTask">, task: number): number {
  return task - graph.firstTask[stageOfTask(graph, task)];
}

interface Edges {
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;
}

function edgesOf(plan: PlanOutline, firstTask: Int32Array): Edges {
  const taskCount = firstTask[plan.stages.length];
  const dependencyStart = new Int32Array(taskCount + 1);
  let dependencies = new Int32Array(Math.min(2 ** 16, 2 * taskCount));
  let edges = 0;
  plan.stages.forEach((stage, s) => {
    const from = firstTask[s];
    const to = firstTask[s + 1];
    if (stage.inputs.length === 0) {
      dependencyStart.fill(edges, from + 1, to + 1);
      return;
    }
    const counts = blockCounts(stage.grid);
    const coords = new Int32Array(counts.length);
    const walks = stage.inputs.map((input) => ({
      walk: inputWalk(stage.grid, input, plan.stages[input.stage].grid),
      first: firstTask[input.stage],
    }));
    let begin = 0;
    let first = 0;
    const add = (block: number): void => {
      const dependency = first + block;
      // two inputs of one stage may want the same block
      if (walks.length > 1 && dependencies.subarray(begin, edges).includes(dependency)) return;
      if (edges === dependencies.length) {
        const grown = new Int32Array(2 * edges + 16);
        grown.set(dependencies);
        dependencies = grown;
      }
      dependencies[edges++] = dependency;
    };
    for (let task = from; task < to; task++) {
      begin = edges;
      for (const one of walks) {
        first = one.first;
        one.walk.visit(coords, add);
      }
      dependencyStart[task + 1] = edges;
      for (let axis = counts.length - 1; axis >= 0 && ++coords[axis] === counts[axis]; axis--)
        coords[axis] = 0;
    }
  });
  return { dependencyStart, dependencies: dependencies.slice(0, edges) };
}

function reverse(
  taskCount: number,
  dependencyStart: Int32Array,
  dependencies: Int32Array,
): { dependentStart: Int32Array; dependents: Int32Array } {
  // without edges both ways look the same
  if (dependencies.length === 0) return { dependentStart: dependencyStart, dependents: dependencies };
  const dependentStart = new Int32Array(taskCount + 1);
  for (let e = 0; e < dependencies.length; e++) dependentStart[dependencies[e] + 1]++;
  for (let task = 0; task < taskCount; task++) dependentStart[task + 1] += dependentStart[task];
  const next = dependentStart.slice(0, taskCount);
  const dependents = new Int32Array(dependencies.length);
  for (let task = 0; task < taskCount; task++)
    for (let e = dependencyStart[task]; e < dependencyStart[task + 1]; e++)
      dependents[next[dependencies[e]]++] = task;
  return { dependentStart, dependents };
}

/**
 * Numbers tasks in the order in which a depth-first walk from the outputs finishes them, so that
 * partial results are merged soon after they are made. Several outputs are walked in turn, each at the pace
 * of its length, so that what they share is used while it is there. Blocks that something smaller is made of at once
 * ({@link usedUpAtOnce}) are let go before the next one is made.
 */
function depthFirst(
  plan: PlanOutline,
  firstTask: Int32Array,
  {
    dependencyStart,
    dependencies,
    dependentStart,
    dependents,
  }: Pick<TaskGraph, "dependencyStart" | "dependencies" | "dependentStart" | "dependents">,
): { priority: Int32Array; order: Int32Array } {
  const taskCount = firstTask[plan.stages.length];
  const order = new Int32Array(taskCount);
  if (dependencies.length === 0 && plan.outputs.length <= 1 && plan.stages.length === 1) {
    for (let task = 0; task < taskCount; task++) order[task] = task;
    return { priority: order, order };
  }
  const priority = new Int32Array(taskCount).fill(-1);
  const cursor = dependencyStart.slice(0, taskCount);
  const usedUp = usedUpAtOnce(plan);
  const anyUsedUp = usedUp.includes(true);
  const stack: number[] = [];
  let next = 0;
  const finish = (task: number): void => {
    order[next] = task;
    priority[task] = next++;
    if (!anyUsedUp || !usedUp[stageOfTask({ firstTask }, task)]) return;
    for (let e = dependentStart[task]; e < dependentStart[task + 1]; e++)
      if (priority[dependents[e]] === -1) finish(dependents[e]);
  };
  const walk = (root: number): void => {
    if (priority[root] !== -1) return;
    stack.push(root);
    while (stack.length > 0) {
      const task = stack[stack.length - 1];
      if (priority[task] !== -1) stack.pop();
      else if (cursor[task] < dependencyStart[task + 1]) {
        const dependency = dependencies[cursor[task]++];
        if (priority[dependency] !== -1) continue;
        if (dependencyStart[dependency] === dependencyStart[dependency + 1]) {
          finish(dependency);
        } else stack.push(dependency);
      } else {
        finish(task);
        stack.pop();
      }
    }
  };
  const outputs = [...new Set(plan.outputs)].filter((s) => firstTask[s + 1] > firstTask[s]);
  const most = Math.max(0, ...outputs.map((s) => firstTask[s + 1] - firstTask[s]));
  const walked = outputs.map(() => 0);
  for (let block = 1; block <= most; block++)
    outputs.forEach((stage, k) => {
      const count = firstTask[stage + 1] - firstTask[stage];
      for (const due = Math.ceil((block * count) / most); walked[k] < due; walked[k]++)
        walk(firstTask[stage] + walked[k]);
    });
  for (let task = 0; task < taskCount; task++) walk(task);
  return { priority, order };
}

/**
 * The stages whose blocks can be let go as soon as they are there: all that reads one needs nothing else, and
 * is no larger. Shards of a block are such readers, and the partial states of several reductions.
 */
function usedUpAtOnce(plan: PlanOutline): boolean[] {
  const bytes = plan.stages.map(({ grid, cost }) => cost.output * blockTotal(grid));
  return plan.stages.map((_, stage) => {
    const readers = plan.stages.flatMap(({ inputs }, reader) =>
      inputs.some((input) => input.stage === stage) ? [reader] : [],
    );
    const alone = readers.every((reader) => {
      const { inputs } = plan.stages[reader];
      return inputs.length === 1 && inputs[0].axes.every(isOneBlock);
    });
    const made = readers.reduce((sum, reader) => sum + bytes[reader], 0);
    // costs are those of the largest block: the last ones of an axis may be smaller
    return readers.length > 0 && alone && !plan.outputs.includes(stage) && made <= 1.1 * bytes[stage];
  });
}

function isOneBlock(map: AxisMap): boolean {
  switch (map.kind) {
    case "same":
      return true;
    case "range":
      return map.stop - map.start === 1;
    case "tree":
      return map.fanIn === 1;
    case "table":
      return map.blocks.length === map.offsets.length - 1;
    case "overlap":
      return map.low === 0 && map.high === 0;
    default:
      return unreachable(map);
  }
}

/** Coordinates of a block of a stage. */
export function coordsOfBlock(grid: ChunkGrid, block: number): number[] {
  return blockCoords(blockCounts(grid), block);
}

/** Linear number of a block of a stage. */
export function blockAt(grid: ChunkGrid, coords: readonly number[]): number {
  return blockIndex(blockCounts(grid), coords);
}
