/**
 * Owns the expansion of a plan into numbered tasks: one task a block, stage after stage, blocks in
 * C order. Edges live in typed arrays; there is no object and no string for a task.
 */
import { type ChunkGrid, blockCoords, blockCounts, blockIndex } from "./chunk-grid.js";
import { inputWalk } from "./input-blocks.js";
import type { PlanOutline } from "./plan.js";

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
}

/** Expands a plan: O(tasks + edges). */
export function expand(plan: PlanOutline): TaskGraph {
  const firstTask = new Int32Array(plan.stages.length + 1);
  plan.stages.forEach((stage, s) => {
    firstTask[s + 1] = firstTask[s] + blockCounts(stage.grid).reduce((a, b) => a * b, 1);
  });
  const taskCount = firstTask[plan.stages.length];
  const dependencyStart = new Int32Array(taskCount + 1);
  let dependencies = new Int32Array(2 * taskCount);
  let edges = 0;
  plan.stages.forEach((stage, s) => {
    const counts = blockCounts(stage.grid);
    const coords = new Int32Array(counts.length);
    const walks = stage.inputs.map((input) => ({
      walk: inputWalk(stage.grid, input, plan.stages[input.stage].grid),
      first: firstTask[input.stage],
    }));
    let from = 0;
    let first = 0;
    const add = (block: number): void => {
      const dependency = first + block;
      // two inputs of one stage may want the same block
      if (walks.length > 1 && dependencies.subarray(from, edges).includes(dependency)) return;
      if (edges === dependencies.length) {
        const grown = new Int32Array(2 * edges + 16);
        grown.set(dependencies);
        dependencies = grown;
      }
      dependencies[edges++] = dependency;
    };
    for (let task = firstTask[s]; task < firstTask[s + 1]; task++) {
      from = edges;
      for (const one of walks) {
        first = one.first;
        one.walk.visit(coords, add);
      }
      dependencyStart[task + 1] = edges;
      for (let axis = counts.length - 1; axis >= 0 && ++coords[axis] === counts[axis]; axis--)
        coords[axis] = 0;
    }
  });
  dependencies = dependencies.slice(0, edges);
  const { dependentStart, dependents } = reverse(taskCount, dependencyStart, dependencies);
  const priority = depthFirst(plan, firstTask, dependencyStart, dependencies);
  return { plan, firstTask, taskCount, dependencyStart, dependencies, dependentStart, dependents, priority };
}

/** The stage that a task belongs to. */
export function stageOfTask(graph: TaskGraph, task: number): number {
  let stage = 0;
  while (graph.firstTask[stage + 1] <= task) stage++;
  return stage;
}

/** Number of the task's block within its stage (C order). */
export function blockOfTask(graph: TaskGraph, task: number): number {
  return task - graph.firstTask[stageOfTask(graph, task)];
}

function reverse(
  taskCount: number,
  dependencyStart: Int32Array,
  dependencies: Int32Array,
): { dependentStart: Int32Array; dependents: Int32Array } {
  const dependentStart = new Int32Array(taskCount + 1);
  for (const dependency of dependencies) dependentStart[dependency + 1]++;
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
 * partial results are merged soon after they are made. Several outputs are walked block by block in
 * turn, so that what they share is used while it is there.
 */
function depthFirst(
  plan: PlanOutline,
  firstTask: Int32Array,
  dependencyStart: Int32Array,
  dependencies: Int32Array,
): Int32Array {
  const taskCount = firstTask[plan.stages.length];
  const priority = new Int32Array(taskCount).fill(-1);
  const cursor = dependencyStart.slice(0, taskCount);
  const stack: number[] = [];
  let next = 0;
  const walk = (root: number): void => {
    if (priority[root] !== -1) return;
    stack.push(root);
    while (stack.length) {
      const task = stack[stack.length - 1];
      if (priority[task] !== -1) stack.pop();
      else if (cursor[task] < dependencyStart[task + 1]) {
        const dependency = dependencies[cursor[task]++];
        if (priority[dependency] === -1) stack.push(dependency);
      } else {
        priority[task] = next++;
        stack.pop();
      }
    }
  };
  const outputs = [...new Set(plan.outputs)];
  const most = Math.max(0, ...outputs.map((s) => firstTask[s + 1] - firstTask[s]));
  for (let block = 0; block < most; block++)
    for (const stage of outputs)
      if (firstTask[stage] + block < firstTask[stage + 1]) walk(firstTask[stage] + block);
  for (let task = 0; task < taskCount; task++) walk(task);
  return priority;
}

/** Coordinates of a block of a stage. */
export function coordsOfBlock(grid: ChunkGrid, block: number): number[] {
  return blockCoords(blockCounts(grid), block);
}

/** Linear number of a block of a stage. */
export function blockAt(grid: ChunkGrid, coords: readonly number[]): number {
  return blockIndex(blockCounts(grid), coords);
}
