/**
 * Owns the expansion of a plan into numbered tasks: one task a block, stage after stage, blocks in
 * C order. Edges live in typed arrays; there is no object and no string for a task.
 */
import {
  type ChunkAxis,
  type ChunkGrid,
  blockCoords,
  blockCounts,
  blockIndex,
  chunkCount,
  chunkOf,
  chunkStart,
  chunkStop,
} from "./chunk-grid.js";
import type { AxisMap, PlanOutline, StageInput } from "./plan.js";
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
}

/** Expands a plan: O(tasks + edges). */
export function expand(plan: PlanOutline): TaskGraph {
  const firstTask = new Int32Array(plan.stages.length + 1);
  plan.stages.forEach((stage, s) => {
    firstTask[s + 1] = firstTask[s] + blockCounts(stage.grid).reduce((a, b) => a * b, 1);
  });
  const taskCount = firstTask[plan.stages.length];
  const dependencyStart = new Int32Array(taskCount + 1);
  const edges: number[] = [];
  plan.stages.forEach((stage, s) => {
    const counts = blockCounts(stage.grid);
    const several = stage.inputs.length > 1;
    for (let task = firstTask[s]; task < firstTask[s + 1]; task++) {
      const from = edges.length;
      const coords = stage.inputs.length ? blockCoords(counts, task - firstTask[s]) : [];
      for (const input of stage.inputs) {
        const inputGrid = plan.stages[input.stage].grid;
        for (const block of inputBlocks(stage.grid, coords, input, inputGrid)) {
          const dependency = firstTask[input.stage] + block;
          if (!several || edges.indexOf(dependency, from) === -1) edges.push(dependency);
        }
      }
      dependencyStart[task + 1] = edges.length;
    }
  });
  const dependencies = Int32Array.from(edges);
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

/** Linear numbers of the blocks of `input` that the block at `coords` of `grid` needs, in C order. */
export function inputBlocks(
  grid: ChunkGrid,
  coords: readonly number[],
  input: StageInput,
  inputGrid: ChunkGrid,
): number[] {
  const lists = input.axes.map((map, axis) => blocksOnAxis(map, grid, coords, inputGrid[axis]));
  const counts = inputGrid.map(chunkCount);
  let out = [0];
  lists.forEach((list, axis) => {
    const next: number[] = [];
    for (const prefix of out) for (const block of list) next.push(prefix * counts[axis] + block);
    out = next;
  });
  return out;
}

function blocksOnAxis(
  map: AxisMap,
  grid: ChunkGrid,
  coords: readonly number[],
  inputAxis: ChunkAxis,
): number[] {
  const count = chunkCount(inputAxis);
  switch (map.kind) {
    case "same":
      return [coords[map.axis]];
    case "range":
      return range(map.start, map.stop);
    case "tree":
      return range(coords[map.axis] * map.fanIn, Math.min(count, (coords[map.axis] + 1) * map.fanIn));
    case "overlap": {
      const lo = Math.max(0, chunkStart(grid[map.axis], coords[map.axis]) + map.low);
      const hi = Math.min(inputAxis.length, chunkStop(grid[map.axis], coords[map.axis]) + map.high);
      if (hi <= lo) return [];
      return range(chunkOf(inputAxis, lo), chunkOf(inputAxis, hi - 1) + 1);
    }
    case "table": {
      const i = coords[map.axis];
      return map.blocks.slice(map.offsets[i], map.offsets[i + 1]);
    }
    default:
      return unreachable(map);
  }
}

function range(start: number, stop: number): number[] {
  return Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
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
