/**
 * Owns the rounds of a reduction over several blocks: partial states are merged with their neighbours, in
 * a fixed order, so that every run gives the same bits.
 */
import { gridShape, maxBlockShape } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { CombineAxis } from "@hyperslab/core/program";
import { stateOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import { nameOf } from "./node-name.js";
import { type Compile, partialStage } from "./partial-reduction.js";
import { addInput, addStep, emptyDraft, type ProgramDraft } from "./program-draft.js";
import { finishStage, type Lowering, partialGrid } from "./stage.js";
import { axesOf, type Reducing } from "./reducing.js";
import { combineRounds } from "./tree.js";

/** Adds the last round to `draft`, all before it as stages; gives the number of the finishing step. */
export function lowerReduction(
  lowering: Lowering,
  draft: ProgramDraft,
  node: Reducing,
  compile: Compile,
): number {
  const { reduction } = node;
  const axes = axesOf(node);
  const width = node.kind === "groupReduce" ? node.groups : 1;
  const fields = stateOf(reduction);
  const made = partialStage(lowering, node, compile);
  let { stage, first, grid } = made;
  if (!made.counts) return addInput(draft, stage, first, { shape: node.shape, fields: [node.dtype] });
  let { counts } = made;
  const bytes = sizeOf(maxBlockShape(grid)) * fields.reduce((sum, dtype) => sum + itemSize(dtype), 0);
  const rounds = combineRounds(counts, bytes);
  for (const [r, round] of rounds.entries()) {
    const finish = r === rounds.length - 1;
    const target = finish ? draft : emptyDraft(0);
    const arg = addInput(target, stage, first, { shape: gridShape(grid), fields });
    counts = counts.map((count, k) => Math.ceil(count / round[k]));
    grid = partialGrid(node.grid, axes, counts, width);
    const merged: CombineAxis[] = axes.map((axis, k) => ({ axis, fanIn: round[k], width }));
    const facts = { shape: gridShape(grid), fields: finish ? [node.dtype] : fields };
    const step = addStep(target, { kind: "combine", arg, reduction, axes: merged, finish, ...facts });
    if (finish) return step;
    stage = finishStage(lowering, target, grid, `${nameOf(node)} combine`, node.where);
    first = 0;
  }
  throw new Error("a reduction has at least one round");
}
