/**
 * Owns plans: stages of blocks, as data. A plan costs O(stages), whatever the number of blocks;
 * tasks are what `task-graph.ts` expands it to. The scheduler knows {@link PlanOutline} alone.
 */
import type { ChunkGrid } from "./chunk-grid.js";
import type { Dtype } from "./dtype.js";
import type { Program } from "./program.js";

/** Which blocks of one axis of an input a block needs, from the block's own number `i` on axis `axis`. */
export type AxisMap =
  /** Block `i`. */
  | { readonly kind: "same"; readonly axis: number }
  /** Blocks `start .. stop`, whatever `i`. */
  | { readonly kind: "range"; readonly start: number; readonly stop: number }
  /** Blocks `i * fanIn .. (i + 1) * fanIn`. */
  | { readonly kind: "tree"; readonly axis: number; readonly fanIn: number }
  /** The blocks that hold positions `lo + low .. hi + high`, where block `i` covers `lo .. hi`. */
  | { readonly kind: "overlap"; readonly axis: number; readonly low: number; readonly high: number }
  /** Blocks `blocks[offsets[i]] .. blocks[offsets[i + 1]]`. */
  | {
      readonly kind: "table";
      readonly axis: number;
      readonly offsets: readonly number[];
      readonly blocks: readonly number[];
    };

/** The blocks of stage `stage` that a block needs: the product over its axes. */
export interface StageInput {
  readonly stage: number;
  readonly axes: readonly AxisMap[];
}

/** Bytes for the largest block of a stage. */
export interface StageCost {
  /** Of the block that the task yields. */
  readonly output: number;
  /** Held while the task runs, inputs from other stages and output left aside. */
  readonly working: number;
  /** Read from storage, decoded, for all blocks of the stage. */
  readonly read: number;
}

/** What a scheduler knows of a stage. */
export interface StageOutline {
  /** For people: `mean(time)`. */
  readonly name: string;
  readonly grid: ChunkGrid;
  readonly fields: readonly Dtype[];
  readonly inputs: readonly StageInput[];
  readonly cost: StageCost;
  /** Source line of the user's call, where known. */
  readonly where?: string;
}

export interface Stage extends StageOutline {
  readonly program: Program;
}

/** Stages in topological order; result `k` is the one field of the blocks of stage `outputs[k]`. */
export interface PlanOutline {
  readonly stages: readonly StageOutline[];
  readonly outputs: readonly number[];
}

export interface Plan extends PlanOutline {
  readonly stages: readonly Stage[];
}

/** The part of a plan that a scheduler needs. */
export function outlineOf(plan: Plan): PlanOutline {
  const stages = plan.stages.map(({ program: _program, ...outline }) => outline);
  return { stages, outputs: plan.outputs };
}
