/**
 * Owns the first stage of a reduction over several blocks: partial states, made where the data is read.
 * Reductions that read the same stored arrays in the same blocks share that stage, so that a mean and a
 * standard deviation, or the two sums of a weighted mean, read and decode once.
 */
import {
  axisFromChunks,
  blockTotal,
  type ChunkAxis,
  chunkCount,
  chunkLengths,
  type ChunkGrid,
  gridShape,
  maxBlockShape,
  regularAxis,
  sameAxis,
  sameGrid,
} from "@hyperslab/core/chunk-grid";
import { stateOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { type Node, childrenOf } from "./node.js";
import { nameOf } from "./node-name.js";
import { addLiteral, addStep, emptyDraft, type ProgramDraft } from "./program-draft.js";
import { axesOf, isReducing, meetsBlocks, type Reducing } from "./reducing.js";
import {
  finishStage,
  type Lowering,
  partialGrid,
  type PartialStage,
  type SharedReductions,
} from "./stage.js";
import { postOrder } from "./walk.js";

/** A task that reads less than this spends its time on being a task: neighbouring chunks share one. */
const TASK_BYTES = 16 * 2 ** 20;
/** Fewer tasks than this are not joined further: there may be that many threads. */
const TASKS = 64;
/** Bytes of an element, for that count: the widest, so that reductions of different dtypes are cut alike. */
const ELEMENT_BYTES = 8;
/** More reductions than this don't share a stage: their states are all held by one task. */
const MOST_SHARED = 8;

/** Adds the steps of a node to a draft and gives the number of the last one. */
export type Compile = (draft: ProgramDraft, node: Node) => number;

/** The first stage of a reduction; made if it isn't there yet. */
export function partialStage(lowering: Lowering, node: Reducing, compile: Compile): PartialStage {
  const known = lowering.partials.get(node);
  if (known) return known;
  const group = lowering.shared.get(node) ?? [node];
  const { grid } = layoutOf(node);
  const draft = emptyDraft(blockTotal(grid));
  const states = group.map((member) => addPartial(draft, member, compile));
  const fields = group.flatMap((member) => stateOf(member.reduction));
  if (group.length > 1) addStep(draft, { kind: "tuple", args: states, shape: gridShape(grid), fields });
  const name = [...new Set(group.map(nameOf))].join(", ");
  const stage = finishStage(lowering, draft, grid, `${name} partial`, node.where);
  let first = 0;
  for (const member of group) {
    const { grid: own, partial } = layoutOf(member);
    lowering.partials.set(member, { stage, first, grid: own, counts: partial.map(chunkCount) });
    first += stateOf(member.reduction).length;
  }
  return lowering.partials.get(node) as PartialStage;
}

function addPartial(draft: ProgramDraft, node: Reducing, compile: Compile): number {
  const { grid, partial } = layoutOf(node);
  const arg = compile(draft, node.arg);
  const facts = { shape: gridShape(grid), fields: stateOf(node.reduction) };
  const { reduction } = node;
  if (node.kind === "reduce")
    return addStep(draft, { kind: "reduce", arg, reduction, axes: node.axes, partial, ...facts });
  const codes = addLiteral(draft, { dtype: "int32", shape: [node.codes.length], data: node.codes });
  const { axis, groups } = node;
  return addStep(draft, {
    kind: "groupReduce",
    arg,
    reduction,
    axis,
    codes,
    groups,
    partial: partial[0],
    ...facts,
  });
}

/** How a reduction is cut: the chunks of its axes that go into one partial state each, and the grid of the states. */
function layoutOf(node: Reducing): { readonly partial: readonly ChunkAxis[]; readonly grid: ChunkGrid } {
  const axes = axesOf(node);
  const partial = joinChunks(node, axes);
  const width = node.kind === "groupReduce" ? node.groups : 1;
  return { partial, grid: partialGrid(node.grid, axes, partial.map(chunkCount), width) };
}

/** The chunks of the reduced axes, several joined to one where they are small and many. */
function joinChunks(node: Reducing, axes: readonly number[]): ChunkAxis[] {
  const grid = node.grid.map((axis, i) => (axes.includes(i) ? node.arg.grid[i] : axis));
  const bytes = sizeOf(maxBlockShape(grid)) * ELEMENT_BYTES;
  let room = Math.floor(Math.min(TASK_BYTES / Math.max(1, bytes), blockTotal(grid) / TASKS));
  const joined = axes.map((axis) => node.arg.grid[axis]);
  for (let k = axes.length - 1; k >= 0 && room > 1; k--) {
    const factor = Math.min(room, chunkCount(joined[k]));
    joined[k] = joinAxis(joined[k], factor);
    room = Math.floor(room / factor);
  }
  return joined;
}

function joinAxis(axis: ChunkAxis, factor: number): ChunkAxis {
  if (factor <= 1) return axis;
  if (axis.kind === "regular") return regularAxis(axis.length, axis.chunk * factor);
  const lengths = chunkLengths(axis);
  const joined: number[] = [];
  for (let i = 0; i < lengths.length; i += factor)
    joined.push(lengths.slice(i, i + factor).reduce((a, b) => a + b, 0));
  return axisFromChunks(joined);
}

/**
 * Finds the reductions that can share a stage: cut alike, reading some stored array in common, and
 * none made from another's result (which the number of reductions below a node tells).
 */
export function shareReductions(roots: readonly Node[]): SharedReductions {
  const level = new Map<Node, number>();
  const sources = new Map<Node, ReadonlySet<SourceRef>>();
  const groups: Reducing[][] = [];
  for (const node of postOrder(roots)) {
    const children = childrenOf(node);
    const below = Math.max(0, ...children.map((child) => level.get(child) ?? 0));
    level.set(node, below + (isReducing(node) || node.kind === "rechunk" ? 1 : 0));
    const read = new Set(children.flatMap((child) => [...(sources.get(child) ?? [])]));
    if (node.kind === "source") read.add(node.ref);
    // what stands behind another stage is not read here
    sources.set(node, node.kind === "rechunk" || (isReducing(node) && meetsBlocks(node)) ? new Set() : read);
    if (!isReducing(node) || !meetsBlocks(node) || read.size === 0) continue;
    const group = groups.find(
      ([first, ...others]) =>
        others.length < MOST_SHARED - 1 &&
        level.get(first) === level.get(node) &&
        cutAlike(first, node) &&
        [...(sources.get(first.arg) ?? [])].some((ref) => read.has(ref)),
    );
    if (group) group.push(node);
    else groups.push([node]);
  }
  return new Map(groups.flatMap((group) => group.map((node): [Node, readonly Reducing[]] => [node, group])));
}

function cutAlike(a: Reducing, b: Reducing): boolean {
  if (a.kind !== b.kind || axesOf(a).join() !== axesOf(b).join()) return false;
  const [one, other] = [layoutOf(a), layoutOf(b)];
  return sameGrid(one.grid, other.grid) && one.partial.every((axis, k) => sameAxis(axis, other.partial[k]));
}
