/** Owns programs in the making: steps, and the tables that steps refer to by number. */
import type { Block } from "@hyperslab/core/block";
import type { ChunkAxis, ChunkGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Step } from "@hyperslab/core/program";
import type { Shape } from "@hyperslab/core/shape";
import type { SourceRef, TargetRef } from "@hyperslab/core/source-ref";
import type { Node } from "./node.js";
import type { Reducing } from "./reducing.js";

export interface ProgramDraft {
  readonly steps: Step[];
  readonly sources: SourceRef[];
  readonly storedGrids: ChunkGrid[];
  readonly literals: Block[];
  readonly targets: TargetRef[];
  /** Stage and step number of every input. */
  readonly inputs: { stage: number; first: number; step: number }[];
  readonly stepOf: Map<Node, number>;
  /** Number of blocks of the stage that the program is for. */
  readonly blocks: number;
}

export function emptyDraft(blocks: number): ProgramDraft {
  return {
    steps: [],
    sources: [],
    storedGrids: [],
    literals: [],
    targets: [],
    inputs: [],
    stepOf: new Map(),
    blocks,
  };
}

export function addStep(draft: ProgramDraft, step: Step): number {
  return draft.steps.push(step) - 1;
}

export function addSource(draft: ProgramDraft, ref: SourceRef, storedGrid: ChunkGrid): number {
  const known = draft.sources.indexOf(ref);
  if (known !== -1) return known;
  draft.storedGrids.push(storedGrid);
  return draft.sources.push(ref) - 1;
}

export function addLiteral(draft: ProgramDraft, block: Block): number {
  const known = draft.literals.findIndex((one) => one.data === block.data && one.dtype === block.dtype);
  return known !== -1 && draft.literals[known].shape.join() === block.shape.join()
    ? known
    : draft.literals.push(block) - 1;
}

/**
 * A reduction's step over the argument that step `arg` makes.
 * @param into - what it yields: with `partial`, states for these chunks of the reduced axes, streamed through `pieces`
 */
export function addReduction(
  draft: ProgramDraft,
  node: Reducing,
  arg: number,
  facts: { shape: Shape; fields: readonly Dtype[] },
  into: { partial: readonly ChunkAxis[] | null; pieces: readonly ChunkAxis[] | null },
): number {
  const { reduction } = node;
  const { partial, pieces } = into;
  if (node.kind === "reduce")
    return addStep(draft, {
      kind: "reduce",
      arg,
      reduction,
      axes: node.axes,
      partial,
      ...(pieces ? { pieces } : {}),
      ...facts,
    });
  const { axis, groups, codes } = node;
  return addStep(draft, {
    kind: "groupReduce",
    arg,
    reduction,
    axis,
    codes: addLiteral(draft, { dtype: "int32", shape: [codes.length], data: codes }),
    groups,
    partial: partial?.[0] ?? null,
    ...(pieces ? { pieces: pieces[0] } : {}),
    ...facts,
  });
}

export function addTarget(draft: ProgramDraft, target: TargetRef): number {
  return draft.targets.push(target) - 1;
}

/** A step that takes the blocks of an earlier stage, as one array: their fields from number `first` on. */
export function addInput(
  draft: ProgramDraft,
  stage: number,
  first: number,
  facts: { shape: Shape; fields: readonly Dtype[] },
): number {
  const known = draft.inputs.find((one) => one.stage === stage && one.first === first);
  if (known) return known.step;
  const step = addStep(draft, { kind: "input", input: draft.inputs.length, first, ...facts });
  draft.inputs.push({ stage, first, step });
  return step;
}
