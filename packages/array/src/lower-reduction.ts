/**
 * Owns how a reduction over several blocks becomes stages: partial states where the data is read,
 * then rounds that merge neighbours, in a fixed order, so that every run gives the same bits.
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
} from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { CombineAxis, Step } from "@hyperslab/core/program";
import { stateOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import type { GroupReduceNode, Node, ReduceNode } from "./node.js";
import { nameOf } from "./node-name.js";
import { addInput, addLiteral, addStep, emptyDraft, type ProgramDraft } from "./program-draft.js";
import { finishStage, type Lowering, partialGrid } from "./stage.js";
import { combineRounds } from "./tree.js";

/** A task that reads less than this spends its time on being a task: neighbouring chunks share one. */
const TASK_BYTES = 16 * 2 ** 20;
/** Fewer tasks than this are not joined further: there may be that many threads. */
const TASKS = 64;

/** Adds the steps of a node to a draft and gives the number of the last one. */
type Compile = (draft: ProgramDraft, node: Node) => number;

/** Adds the last round to `draft`, all before it as stages; gives the number of the finishing step. */
export function lowerReduction(
  lowering: Lowering,
  draft: ProgramDraft,
  node: ReduceNode | GroupReduceNode,
  axes: readonly number[],
  compile: Compile,
): number {
  const { reduction } = node;
  const width = node.kind === "groupReduce" ? node.groups : 1;
  const fields = stateOf(reduction);
  const partial = joinChunks(node, axes);
  let counts = partial.map(chunkCount);
  let grid = partialGrid(node.grid, axes, counts, width);
  let stage = partialStage(lowering, node, axes, partial, grid, compile);
  const bytes = sizeOf(maxBlockShape(grid)) * fields.reduce((sum, dtype) => sum + itemSize(dtype), 0);
  const rounds = combineRounds(counts, bytes);
  for (const [r, round] of rounds.entries()) {
    const finish = r === rounds.length - 1;
    const target = finish ? draft : emptyDraft(0);
    const arg = addInput(target, stage, { shape: gridShape(grid), fields });
    counts = counts.map((count, k) => Math.ceil(count / round[k]));
    grid = partialGrid(node.grid, axes, counts, width);
    const merged: CombineAxis[] = axes.map((axis, k) => ({ axis, fanIn: round[k], width }));
    const facts = { shape: gridShape(grid), fields: finish ? [node.dtype] : fields };
    const step = addStep(target, { kind: "combine", arg, reduction, axes: merged, finish, ...facts });
    if (finish) return step;
    stage = finishStage(lowering, target, grid, `${nameOf(node)} combine`, node.where);
  }
  throw new Error("a reduction has at least one round");
}

function partialStage(
  lowering: Lowering,
  node: ReduceNode | GroupReduceNode,
  axes: readonly number[],
  partial: readonly ChunkAxis[],
  grid: ChunkGrid,
  compile: Compile,
): number {
  const draft = emptyDraft(blockTotal(grid));
  const arg = compile(draft, node.arg);
  const facts = { shape: gridShape(grid), fields: stateOf(node.reduction) };
  const step: Step =
    node.kind === "reduce"
      ? { kind: "reduce", arg, reduction: node.reduction, axes, partial, ...facts }
      : {
          kind: "groupReduce",
          arg,
          reduction: node.reduction,
          axis: node.axis,
          codes: addLiteral(draft, { dtype: "int32", shape: [node.codes.length], data: node.codes }),
          groups: node.groups,
          partial: partial[0],
          ...facts,
        };
  addStep(draft, step);
  return finishStage(lowering, draft, grid, `${nameOf(node)} partial`, node.where);
}

/** The chunks of the reduced axes, several joined to one where they are small and many. */
function joinChunks(node: ReduceNode | GroupReduceNode, axes: readonly number[]): ChunkAxis[] {
  const { arg } = node;
  const grid = node.grid.map((axis, i) => (axes.includes(i) ? arg.grid[i] : axis));
  const bytes = sizeOf(maxBlockShape(grid)) * itemSize(arg.dtype);
  let room = Math.floor(Math.min(TASK_BYTES / Math.max(1, bytes), blockTotal(grid) / TASKS));
  const joined = axes.map((axis) => arg.grid[axis]);
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
