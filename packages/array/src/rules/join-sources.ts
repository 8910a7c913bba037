/**
 * Owns the rule that makes one source of stored arrays behind each other: a plan over thousands of files
 * then has one step to read them, and each task looks only at the files that its box lies in.
 */
import {
  type AxisSelection,
  boundsOfSelection,
  positionAt,
  selectionLength,
  shiftSelection,
  slice,
} from "@hyperslab/core/box";
import {
  type ChunkAxis,
  axisFromChunks,
  chunkLengths,
  chunkOf,
  chunkStart,
  chunkStop,
  gridShape,
  regularAxis,
  sameAxis,
} from "@hyperslab/core/chunk-grid";
import { type JoinedDetail, type SourceRef, joinedRef } from "@hyperslab/core/source-ref";
import { concat } from "../build.js";
import type { ConcatNode, Node, SourceNode } from "../node.js";
import type { Rule } from "./rule.js";

export const joinSources: Rule = {
  name: "join-sources",
  apply(node) {
    if (node.kind !== "concat") return null;
    const runs: Part[][] = [];
    for (const arg of node.args) {
      if (arg.shape[node.axis] === 0) continue;
      const part = partOf(arg, node.axis);
      const last = runs.at(-1);
      if (last && joinable(last[0], part, node.axis)) last.push(part);
      else runs.push([part]);
    }
    if (runs.length === 0 || runs.length === node.args.length) return null;
    const joined = runs.map((run) => joinRun(run, node));
    const made = joined.length === 1 ? joined[0] : concat(joined, node.axis);
    return { ...made, grid: node.grid };
  },
};

/** An argument of a concat. */
interface Part {
  readonly node: Node;
  /** What it is where it can be joined, and whether the axis is new to it. */
  readonly source: SourceNode | null;
  readonly stacked: boolean;
}

function partOf(node: Node, axis: number): Part {
  if (node.kind === "source") return { node, source: node, stacked: false };
  const none: Part = { node, source: null, stacked: false };
  if (node.kind !== "view" || node.arg.kind !== "source" || node.axes[axis] !== null) return none;
  const others = node.axes.toSpliced(axis, 1);
  const inOrder = others.length === node.arg.shape.length && others.every((from, i) => from === i);
  return inOrder ? { node, source: node.arg, stacked: true } : none;
}

/** True for arrays that differ along the axis at most. */
function joinable(a: Part, b: Part, axis: number): boolean {
  if (!a.source || !b.source || a.stacked !== b.stacked || a.source.dtype !== b.source.dtype) return false;
  const { storedGrid, selection } = b.source;
  return a.source.storedGrid.every(
    (one, i) =>
      (i === axis && !a.stacked) ||
      (sameAxis(one, storedGrid[i]) && sameSelection(a.source?.selection[i], selection[i])),
  );
}

function sameSelection(a: AxisSelection | undefined, b: AxisSelection): boolean {
  if (a === b) return true;
  if (a?.kind === "slice" && b.kind === "slice")
    return a.start === b.start && a.step === b.step && a.length === b.length;
  if (a?.kind !== "positions" || b.kind !== "positions") return false;
  return (
    a.positions.length === b.positions.length &&
    a.positions.every((position, i) => position === b.positions[i])
  );
}

function joinRun(run: readonly Part[], { axis, where }: ConcatNode): Node {
  const [first] = run;
  const sources = run.flatMap(({ source }) => source ?? []);
  if (run.length === 1 || !first.source) return first.node;
  const { stacked } = first;
  const lengths = sources.map((source) => (stacked ? 1 : gridShape(source.storedGrid)[axis]));
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const along: ChunkAxis = stacked
    ? regularAxis(length, 1)
    : axisFromChunks(sources.flatMap(({ storedGrid }) => chunkLengths(storedGrid[axis])));
  const picked = stacked
    ? slice(0, length)
    : behindEachOther(
        sources.map(({ selection }) => selection[axis]),
        lengths,
      );
  const put = <T>(list: readonly T[], one: T): T[] => list.toSpliced(axis, stacked ? 0 : 1, one);
  const parts = sources.map(({ ref }, i) => ({ ref, length: lengths[i] }));
  const cut = run.flatMap(({ node }) => chunkLengths(node.grid[axis]));
  return {
    ...first.source,
    ref: joinedRef({ axis, stacked, parts }),
    storedGrid: put(first.source.storedGrid, along),
    selection: put(first.source.selection, picked),
    shape: put(first.source.shape, selectionLength(picked)),
    grid: put(first.source.grid, axisFromChunks(cut)),
    ...(where ? { where } : {}),
  };
}

/** What was left of joined arrays for a run of their parts: the same is the same reference, and read once. */
const PRUNED = new WeakMap<SourceRef, Map<string, SourceRef>>();

/** A source of joined arrays without those that nothing is taken from, before and behind. */
export function pruneJoined(node: SourceNode): SourceNode {
  if (node.ref.format !== "joined") return node;
  const { axis, stacked, parts } = node.ref.detail as JoinedDetail;
  if (selectionLength(node.selection[axis]) === 0) return node;
  const [lo, hi] = boundsOfSelection(node.selection[axis]);
  let from = 0;
  let start = 0;
  while (start + parts[from].length <= lo) start += parts[from++].length;
  let to = from;
  let stop = start;
  while (stop < hi) stop += parts[to++].length;
  if (from === 0 && to === parts.length) return node;
  const known = PRUNED.get(node.ref) ?? new Map<string, SourceRef>();
  PRUNED.set(node.ref, known);
  const name = `${from}:${to}`;
  const ref = known.get(name) ?? joinedRef({ axis, stacked, parts: parts.slice(from, to) });
  known.set(name, ref);
  const along = node.storedGrid[axis];
  const first = chunkOf(along, start);
  const count = chunkOf(along, stop - 1) - first + 1;
  const lengths = Array.from(
    { length: count },
    (_, i) => chunkStop(along, first + i) - chunkStart(along, first + i),
  );
  return {
    ...node,
    ref,
    storedGrid: node.storedGrid.with(axis, axisFromChunks(lengths)),
    selection: node.selection.with(axis, shiftSelection(node.selection[axis], start)),
  };
}

/** Selections of arrays that stand behind each other as one: a slice where they go on evenly. */
function behindEachOther(selections: readonly AxisSelection[], lengths: readonly number[]): AxisSelection {
  const positions = new Int32Array(selections.reduce((sum, one) => sum + selectionLength(one), 0));
  let offset = 0;
  let at = 0;
  selections.forEach((selection, k) => {
    const count = selectionLength(selection);
    for (let i = 0; i < count; i++) positions[at++] = offset + positionAt(selection, i);
    offset += lengths[k];
  });
  const step = positions.length > 1 ? positions[1] - positions[0] : 1;
  for (let i = 1; i < positions.length; i++)
    if (positions[i] - positions[i - 1] !== step || step === 0) return { kind: "positions", positions };
  return slice(positions[0], positions.length, step);
}
