/** Owns stages in the making: a finished program draft becomes a stage, with its inputs and its bytes. */
import { type ChunkGrid, regularAxis } from "@hyperslab/core/chunk-grid";
import type { Stage } from "@hyperslab/core/plan";
import { axisMapsOf, dependencesOf } from "./dependence.js";
import type { Node } from "./node.js";
import type { ProgramDraft } from "./program-draft.js";
import { stageCost } from "./stage-cost.js";

/** What is known while a plan is made. */
export interface Lowering {
  readonly stages: Stage[];
  /** The stage that computes a node, where one does. */
  readonly stageOf: Map<Node, number>;
  readonly uses: ReadonlyMap<Node, number>;
}

/** Adds the finished draft as a stage. */
export function finishStage(
  lowering: Lowering,
  draft: ProgramDraft,
  grid: ChunkGrid,
  name: string,
  where: string | undefined,
): number {
  const { steps, sources, literals, targets, storedGrids } = draft;
  const dependences = dependencesOf(steps, grid, () => true);
  const inputs = draft.inputs.map(({ stage, step }) => ({
    stage,
    axes: axisMapsOf(dependences[step], grid, lowering.stages[stage].grid),
  }));
  const cost = stageCost(steps, grid, dependences, storedGrids);
  const { fields } = steps[steps.length - 1];
  const program = { sources, literals, targets, steps };
  lowering.stages.push({ name, grid, fields, inputs, cost, program, ...(where ? { where } : {}) });
  return lowering.stages.length - 1;
}

/** A grid with one position for each partial block on the reduced axes. */
export function partialGrid(
  grid: ChunkGrid,
  axes: readonly number[],
  counts: readonly number[],
  width: number,
): ChunkGrid {
  return grid.map((axis, i) => {
    const k = axes.indexOf(i);
    return k === -1 ? axis : regularAxis(counts[k] * width, width);
  });
}
