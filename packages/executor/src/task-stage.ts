/**
 * Owns what a task needs to know of its stage, and how its inputs are handed to it. A task is a
 * stage and the number of a block: no plan, no graph, no neighbours.
 */
import type { Block } from "@hyperslab/core/block";
import { type ChunkGrid, blockBox, blockCoords, blockCounts } from "@hyperslab/core/chunk-grid";
import type { Box } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Plan } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import { isPortable } from "@hyperslab/core/source-ref";
import { memoriesUnder } from "./array-memory.js";

/** A stage as its tasks see it; crosses threads and wires as data. */
export interface TaskStage {
  readonly name: string;
  /** Source line of the user's call, where known. */
  readonly where?: string;
  readonly grid: ChunkGrid;
  readonly fields: readonly Dtype[];
  readonly program: Program;
  /** For each input of the stage, the grid of the stage that it comes from. */
  readonly inputGrids: readonly ChunkGrid[];
  /** The memories in which literals lie, for threads that are sent the stage. */
  readonly memories?: readonly WebAssembly.Memory[];
}

/** For each input of the stage: fields of its blocks, by their number in its grid. */
export type TaskInputs = readonly ReadonlyMap<number, readonly Block[]>[];

/** The stages of a plan, as their tasks see them. */
export function taskStagesOf(plan: Plan): TaskStage[] {
  return plan.stages.map(({ name, where, grid, fields, program, inputs }) => {
    const memories = memoriesUnder(program.literals);
    return {
      name,
      ...(where === undefined ? {} : { where }),
      grid,
      fields,
      program,
      inputGrids: inputs.map((input) => plan.stages[input.stage].grid),
      ...(memories.length > 0 ? { memories } : {}),
    };
  });
}

/** The box that a block of a stage covers. */
export function boxOfBlock(grid: ChunkGrid, block: number): Box {
  return blockBox(grid, blockCoords(blockCounts(grid), block));
}

/** A box for people: `0:10, 20:30`. */
export function boxText(box: Box): string {
  return `(${box.start.map((start, axis) => `${start}:${start + box.shape[axis]}`).join(", ")})`;
}

/** False where the stage reads or writes an object of this very thread. */
export function isPortableStage(stage: { readonly program: Program }): boolean {
  return stage.program.sources.every(isPortable) && stage.program.targets.every(isPortable);
}
