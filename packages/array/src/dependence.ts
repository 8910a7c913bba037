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
  sameAxis,
} from "@hyperslab/core/chunk-grid";
import type { AxisMap } from "@hyperslab/core/plan";
import { argumentsOf, type Step } from "@hyperslab/core/program";
import { type AxisRule, axisRules, type Interval } from "@hyperslab/core/step-box";

/**
 * How one axis of a step depends on the stage's block grid: block number `i` on axis `axis` needs chunk `i`
 * of `chunks`, or interval `i` of a list. With `axis` null there is one interval, whatever the block.
 */
export interface Dependence {
  readonly axis: number | null;
  readonly chunks: ChunkAxis | readonly Interval[];
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
      chunkCount(axis) === 1 ? { axis: null, chunks: [[0, axis.length]] } : { axis: k, chunks: axis },
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
  if (rule.axis === null) return { axis: null, chunks: [rule.map([0, 0])] };
  const from = way[rule.axis];
  const cut = isList(from.chunks) ? null : rule.cut(from.chunks);
  if (cut) return { axis: from.axis, chunks: cut };
  const count = from.axis === null ? 1 : chunkCount(grid[from.axis]);
  const intervals = Array.from({ length: count }, (_, i) => rule.map(intervalAt(from, i)));
  return { axis: from.axis, chunks: intervals };
}

function isList(chunks: Dependence["chunks"]): chunks is readonly Interval[] {
  return Array.isArray(chunks);
}

/** The interval that block number `i` (on the dependence's axis) needs. */
export function intervalAt({ axis, chunks }: Dependence, i: number): Interval {
  return isList(chunks) ? chunks[axis === null ? 0 : i] : [chunkStart(chunks, i), chunkStop(chunks, i)];
}

function sameDependence(a: Dependence, b: Dependence): boolean {
  if (a.axis !== b.axis) return false;
  if (a.chunks === b.chunks) return true;
  if (!isList(a.chunks) && !isList(b.chunks)) return sameAxis(a.chunks, b.chunks);
  const count = isList(a.chunks) ? a.chunks.length : chunkCount(a.chunks);
  for (let i = 0; i < count; i++) {
    const [one, other] = [intervalAt(a, i), intervalAt(b, i)];
    if (one[0] !== other[0] || one[1] !== other[1]) return false;
  }
  return true;
}

function sameWay(a: readonly Dependence[], b: readonly Dependence[]): boolean {
  return a.every((one, k) => sameDependence(one, b[k]));
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
    const regular = dependences.every((one) => sameDependence(one, first)) && regularMap(first, inputAxis);
    if (regular) return regular;
    const oneAxis = dependences.every((one) => one.axis === first.axis);
    if (!oneAxis) return { kind: "range", start: 0, stop: chunkCount(inputAxis) };
    const count = first.axis === null ? 1 : chunkCount(grid[first.axis]);
    const lists = Array.from({ length: count }, (_, i) =>
      blocksUnder(
        dependences.map((one) => intervalAt(one, i)),
        inputAxis,
      ),
    );
    return first.axis === null
      ? asRange(lists[0], chunkCount(inputAxis))
      : simplest(lists, first.axis, chunkCount(inputAxis));
  });
}

/** The map where both sides are cut regularly, without looking at every block; null for the general case. */
function regularMap({ axis, chunks }: Dependence, input: ChunkAxis): AxisMap | null {
  if (axis === null || isList(chunks) || chunkCount(input) === 1) return null;
  if (sameAxis(chunks, input)) return { kind: "same", axis };
  if (chunks.kind !== "regular" || input.kind !== "regular" || chunks.length !== input.length) return null;
  return chunks.chunk % input.chunk === 0 ? { kind: "tree", axis, fanIn: chunks.chunk / input.chunk } : null;
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
