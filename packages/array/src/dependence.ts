/**
 * Owns the question which blocks of its inputs a block of a stage needs: boxes are followed through the
 * program, axis by axis, for all blocks at once, and the answer is written as a few numbers (AxisMap).
 */
import {
  type ChunkAxis,
  type ChunkGrid,
  chunkCount,
  chunkOf,
  chunkStart,
  chunkStop,
} from "@hyperslab/core/chunk-grid";
import type { AxisMap } from "@hyperslab/core/plan";
import { argumentsOf, type Step } from "@hyperslab/core/program";
import { type AxisRule, axisRules, type Interval } from "@hyperslab/core/step-box";

/**
 * How one axis of a step depends on the stage's block grid: for every block number on axis `axis`
 * (null: whatever the block) the interval of positions needed. `null` intervals are the block's own.
 */
export interface Dependence {
  readonly axis: number | null;
  readonly intervals: readonly Interval[] | null;
}

/** For every step, the distinct ways in which it is needed; one way is one dependence for each axis. */
export type Dependences = readonly (readonly Dependence[])[][];

/** Follows the stage's blocks back to all steps. `wanted` limits the work to steps that lead to interesting leaves. */
export function dependencesOf(
  steps: readonly Step[],
  grid: ChunkGrid,
  wanted: (step: number) => boolean,
): Dependences {
  const found: (readonly Dependence[])[][] = steps.map(() => []);
  const last = steps.length - 1;
  // an axis in one block depends on nothing: so that two ways to the whole axis are seen to be one
  found[last].push(
    grid.map((axis, k) =>
      chunkCount(axis) === 1 ? { axis: null, intervals: [[0, axis.length]] } : { axis: k, intervals: null },
    ),
  );
  for (let number = last; number >= 0; number--) {
    const step = steps[number];
    const args = argumentsOf(step);
    const shapes = args.map((arg) => steps[arg].shape);
    for (const way of found[number])
      args.forEach((arg, which) => {
        if (!wanted(arg)) return;
        const rules = axisRules(step, which, step.shape, shapes);
        const next = rules.map((rule) => follow(rule, way, grid));
        if (!found[arg].some((known) => sameWay(known, next))) found[arg].push(next);
      });
  }
  return found;
}

function follow(rule: AxisRule, way: readonly Dependence[], grid: ChunkGrid): Dependence {
  if (rule.axis === null) return { axis: null, intervals: [rule.map([0, 0])] };
  const from = way[rule.axis];
  if (rule.same) return from;
  if (from.axis === null) return { axis: null, intervals: [rule.map((from.intervals as Interval[])[0])] };
  const intervals: Interval[] = [];
  const axis = grid[from.axis];
  for (let i = 0; i < chunkCount(axis); i++) intervals.push(rule.map(intervalAt(from, grid, i)));
  return { axis: from.axis, intervals };
}

/** The interval that block number `i` (on the dependence's axis) needs. */
export function intervalAt(dependence: Dependence, grid: ChunkGrid, i: number): Interval {
  if (dependence.intervals) return dependence.intervals[dependence.axis === null ? 0 : i];
  const axis = grid[dependence.axis as number];
  return [chunkStart(axis, i), chunkStop(axis, i)];
}

function sameWay(a: readonly Dependence[], b: readonly Dependence[]): boolean {
  return a.every((one, k) => {
    const other = b[k];
    if (one.axis !== other.axis) return false;
    if (one.intervals === other.intervals) return true;
    if (!one.intervals || !other.intervals) return false;
    return one.intervals.every(([lo, hi], i) => {
      const [otherLo, otherHi] = (other.intervals as Interval[])[i];
      return lo === otherLo && hi === otherHi;
    });
  });
}

/** The maps of all axes of an input whose blocks are `inputGrid`, over all ways in which it is needed. */
export function axisMapsOf(
  ways: readonly (readonly Dependence[])[],
  grid: ChunkGrid,
  inputGrid: ChunkGrid,
): AxisMap[] {
  return inputGrid.map((inputAxis, k) => {
    const dependences = ways.map((way) => way[k]);
    const [first] = dependences;
    const oneAxis = dependences.every((one) => one.axis === first.axis);
    if (!oneAxis) return { kind: "range", start: 0, stop: chunkCount(inputAxis) };
    const count = first.axis === null ? 1 : chunkCount(grid[first.axis]);
    const lists = Array.from({ length: count }, (_, i) =>
      blocksUnder(
        dependences.map((one) => intervalAt(one, grid, i)),
        inputAxis,
      ),
    );
    return first.axis === null
      ? asRange(lists[0], chunkCount(inputAxis))
      : simplest(lists, first.axis, chunkCount(inputAxis));
  });
}

/** Runs of block numbers, in order and without repeats. */
function blocksUnder(intervals: readonly Interval[], axis: ChunkAxis): number[] {
  const spans = intervals
    .filter(([lo, hi]) => hi > lo)
    .map(([lo, hi]): Interval => [chunkOf(axis, lo), chunkOf(axis, hi - 1) + 1]);
  if (spans.length === 1) return fill(spans[0]);
  return [...new Set(spans.flatMap(fill))].sort((a, b) => a - b);
}

function fill([start, stop]: Interval): number[] {
  return Array.from({ length: stop - start }, (_, i) => start + i);
}

function asRange(list: readonly number[], inputCount: number): AxisMap {
  if (list.length === 0) return { kind: "range", start: 0, stop: 0 };
  const stop = list[list.length - 1] + 1;
  if (stop - list[0] === list.length) return { kind: "range", start: list[0], stop };
  return { kind: "range", start: 0, stop: inputCount };
}

/** The shortest form that says the same as a list for every block. */
function simplest(lists: readonly (readonly number[])[], axis: number, inputCount: number): AxisMap {
  if (lists.every((list, i) => list.length === 1 && list[0] === i)) return { kind: "same", axis };
  if (
    lists.every((list) => list.length === lists[0].length && list.every((block, k) => block === lists[0][k]))
  )
    return asRange(lists[0], inputCount);
  const fanIn = lists[0].length;
  const tree = lists.every(
    (list, i) =>
      list[0] === i * fanIn &&
      list.length === Math.min(fanIn, inputCount - i * fanIn) &&
      list[list.length - 1] === list[0] + list.length - 1,
  );
  if (tree && fanIn > 0) return { kind: "tree", axis, fanIn };
  const offsets = [0];
  const blocks: number[] = [];
  for (const list of lists) {
    blocks.push(...list);
    offsets.push(blocks.length);
  }
  return { kind: "table", axis, offsets, blocks };
}
