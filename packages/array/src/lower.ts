/**
 * Owns the way from expressions to a plan: where one task ends and the next begins. Everything that can be
 * computed box by box joins the task that needs it, down to the read; a stage ends where blocks meet
 * (the rounds of a reduction, a change of chunks) or where several would compute the same anew.
 */
import { blockTotal } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Plan } from "@hyperslab/core/plan";
import type { Step } from "@hyperslab/core/program";
import type { Node } from "./node.js";
import { nameOf } from "./node-name.js";
import {
  addInput,
  addLiteral,
  addReduction,
  addSource,
  addStep,
  addTarget,
  emptyDraft,
  type ProgramDraft,
} from "./program-draft.js";
import { lowerReduction } from "./lower-reduction.js";
import { shareReductions } from "./partial-reduction.js";
import { isReducing, meetsBlocks, type Reducing } from "./reducing.js";
import { finishStage, type Lowering } from "./stage.js";
import { useCounts } from "./walk.js";

/** The plan of expressions: result `k` of the plan is node `k`, in the blocks of its grid. */
export function lower(roots: readonly Node[]): Plan {
  const lowering: Lowering = {
    stages: [],
    stageOf: new Map(),
    uses: useCounts(roots),
    partials: new Map(),
    shared: shareReductions(roots),
  };
  const outputs = roots.map((root) => materialise(lowering, root));
  return { stages: lowering.stages, outputs };
}

/** The stage whose blocks are the node's; made if it isn't there yet. */
function materialise(lowering: Lowering, node: Node): number {
  const known = lowering.stageOf.get(node);
  if (known !== undefined) return known;
  const draft = emptyDraft(blockTotal(node.grid));
  compile(lowering, draft, node, node);
  const stage = finishStage(lowering, draft, node.grid, nameOf(node), node.where);
  lowering.stageOf.set(node, stage);
  return stage;
}

/**
 * Adds the steps of a node to a draft and gives the number of the last one. `root` is the node
 * that the stage is for, if it is for one.
 */
export function compile(lowering: Lowering, draft: ProgramDraft, node: Node, root: Node | null): number {
  const known = draft.stepOf.get(node);
  if (known !== undefined) return known;
  const step =
    node !== root && standsAlone(lowering, draft, node)
      ? read(lowering, draft, node)
      : inline(lowering, draft, node);
  draft.stepOf.set(node, step);
  return step;
}

/** True for a result that is better kept than computed again by every block that uses it. */
function standsAlone(lowering: Lowering, draft: ProgramDraft, node: Node): boolean {
  if (lowering.stageOf.has(node)) return true;
  if (!isReducing(node)) return false;
  return (lowering.uses.get(node) ?? 1) > 1 || blockTotal(node.grid) < draft.blocks;
}

/** A step that takes the blocks of another stage. */
function read(lowering: Lowering, draft: ProgramDraft, node: Node): number {
  return addInput(draft, materialise(lowering, node), 0, { shape: node.shape, fields: [node.dtype] });
}

function inline(lowering: Lowering, draft: ProgramDraft, node: Node): number {
  const facts = { shape: node.shape, fields: [node.dtype] as readonly Dtype[] };
  const add = (step: Step): number => addStep(draft, step);
  const child = (arg: Node): number => compile(lowering, draft, arg, null);
  switch (node.kind) {
    case "source":
      return add({
        kind: "source",
        source: addSource(draft, node.ref, node.storedGrid),
        selection: node.selection,
        ...facts,
      });
    case "literal":
      return add({ kind: "literal", literal: addLiteral(draft, node.block), ...facts });
    case "elementwise":
      return add({ kind: "elementwise", args: node.args.map(child), program: node.program, ...facts });
    case "view":
      return add({ kind: "view", arg: child(node.arg), axes: node.axes, ...facts });
    case "broadcast":
      return add({ kind: "broadcast", arg: child(node.arg), ...facts });
    case "select":
      return add({ kind: "select", arg: child(node.arg), selection: node.selection, ...facts });
    case "concat":
      return add({ kind: "concat", args: node.args.map(child), axis: node.axis, ...facts });
    case "rechunk":
      // the step of the other stage's blocks is the node: only the box that is taken of it differs
      return read(lowering, draft, node.arg);
    case "write":
      return add({
        kind: "write",
        arg: child(node.arg),
        target: addTarget(draft, node.target),
        grid: node.arg.grid,
        ...facts,
      });
    case "reduce":
    case "groupReduce":
      return reduction(lowering, draft, node);
  }
}

function reduction(lowering: Lowering, draft: ProgramDraft, node: Reducing): number {
  if (meetsBlocks(node))
    return lowerReduction(lowering, draft, node, (into, arg) => compile(lowering, into, arg, null));
  const arg = compile(lowering, draft, node.arg, null);
  const facts = { shape: node.shape, fields: [node.dtype] };
  return addReduction(draft, node, arg, facts, { partial: null, pieces: null });
}
