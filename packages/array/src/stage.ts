/** Owns stages in the making: a finished program draft becomes a stage, with its inputs and its bytes. */
import { type ChunkGrid, regularAxis } from "@hyperslab/core/chunk-grid";
import type { Stage } from "@hyperslab/core/plan";
import { axisMapsOf, dependencesOf } from "./dependence.js";
import type { Node } from "./node.js";
import type { ProgramDraft } from "./program-draft.js";
import type { Reducing } from "./reducing.js";
import { stageCost } from "./stage-cost.js";

/** The stage that holds the partial states of a reduction, and where in its blocks they stand. */
export interface PartialStage {
  readonly stage: number;
  /** Number of the first field. */
  readonly first: number;
  readonly grid: ChunkGrid;
  /** Partial states along each reduced axis; null where the stage yields finished groups. */
  readonly counts: number[] | null;
}

/** Which reductions share their first stage: every member of a group knows the whole group. */
export type SharedReductions = ReadonlyMap<Node, readonly Reducing[]>;

/** What is known while a plan is made. */
export interface Lowering {
  readonly stages: Stage[];
  /** The stage that computes a node, where one does. */
  readonly stageOf: Map<Node, number>;
  readonly uses: ReadonlyMap<Node, number>;
  /** First stages of reductions over several blocks. */
  readonly partials: Map<Node, PartialStage>;
  readonly shared: SharedReductions;
}

/** Adds the finished draft as a stage. `reading`: how often its pieces are read, where it has some. */
export function finishStage(
  lowering: Lowering,
  draft: ProgramDraft,
  grid: ChunkGrid,
  name: string,
  where: string | undefined,
  reading = 1,
): number {
  const { steps, sources, literals, targets, storedGrids } = draft;
  const dependences = dependencesOf(steps, grid, () => true);
  const inputs = draft.inputs.map(({ stage, step }) => ({
    stage,
    axes: axisMapsOf(dependences[step], grid, lowering.stages[stage].grid),
  }));
  const cost = stageCost(steps, grid, dependences, {
    sources,
    storedGrids,
    inputGrids: draft.inputs.map(({ stage }) => lowering.stages[stage].grid),
    reading,
  });
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
