/**
 * Owns the first stage of a reduction over several blocks: partial states, made where the data is read, or groups
 * where each is made of few chunks. Reductions that read the same stored arrays in the same blocks share that stage, so that a mean and a
 * standard deviation, or the two sums of a weighted mean, read and decode once.
 */
import { blockTotal, chunkCount, gridShape, sameAxis, sameGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { stateOf } from "@hyperslab/core/reduction";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { type Node, childrenOf } from "./node.js";
import { nameOf } from "./node-name.js";
import { addReduction, addStep, emptyDraft, type ProgramDraft } from "./program-draft.js";
import { axesOf, isReducing, meetsBlocks, type Reducing } from "./reducing.js";
import { layoutOf } from "./reduction-layout.js";
import { finishStage, type Lowering, type PartialStage, type SharedReductions } from "./stage.js";
import { postOrder } from "./walk.js";

/** More reductions than this don't share a stage: their states are all held by one task. */
const MOST_SHARED = 8;

/** Adds the steps of a node to a draft and gives the number of the last one. */
export type Compile = (draft: ProgramDraft, node: Node) => number;

/** The first stage of a reduction; made if it isn't there yet. */
export function partialStage(lowering: Lowering, node: Reducing, compile: Compile): PartialStage {
  const known = lowering.partials.get(node);
  if (known) return known;
  const group = lowering.shared.get(node) ?? [node];
  const { grid, partial, reading } = layoutOf(node);
  const draft = emptyDraft(blockTotal(grid));
  const fieldsOf = (member: Reducing): readonly Dtype[] =>
    partial ? stateOf(member.reduction) : [member.dtype];
  const states = group.map((member) => addPartial(draft, member, fieldsOf(member), compile));
  const fields = group.flatMap(fieldsOf);
  if (group.length > 1) addStep(draft, { kind: "tuple", args: states, shape: gridShape(grid), fields });
  const name = [...new Set(group.map(nameOf))].join(", ");
  const stage = finishStage(
    lowering,
    draft,
    grid,
    partial ? `${name} partial` : `${name} by group`,
    node.where,
    reading,
  );
  let first = 0;
  for (const member of group) {
    const layout = layoutOf(member);
    const counts = layout.partial?.map(chunkCount) ?? null;
    lowering.partials.set(member, { stage, first, grid: layout.grid, counts });
    first += fieldsOf(member).length;
  }
  return lowering.partials.get(node) as PartialStage;
}

function addPartial(draft: ProgramDraft, node: Reducing, fields: readonly Dtype[], compile: Compile): number {
  const { grid, partial, pieces } = layoutOf(node);
  const arg = compile(draft, node.arg);
  return addReduction(draft, node, arg, { shape: gridShape(grid), fields }, { partial, pieces });
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
    // what reads a and b brings together what reads a and what reads b
    const found = groups.filter(
      ([first, ...others]) =>
        level.get(first) === level.get(node) &&
        cutAlike(first, node) &&
        [first, ...others].some((member) =>
          [...(sources.get(member.arg) ?? [])].some((ref) => read.has(ref)),
        ),
    );
    const [group, ...rest] = found;
    if (!group || group.length >= MOST_SHARED) {
      groups.push([node]);
      continue;
    }
    group.push(node);
    for (const other of rest) {
      if (group.length + other.length > MOST_SHARED) continue;
      group.push(...other);
      groups.splice(groups.indexOf(other), 1);
    }
  }
  return new Map(groups.flatMap((group) => group.map((node): [Node, readonly Reducing[]] => [node, group])));
}

function cutAlike(a: Reducing, b: Reducing): boolean {
  if (a.kind !== b.kind || axesOf(a).join() !== axesOf(b).join()) return false;
  const [one, other] = [layoutOf(a), layoutOf(b)];
  const sameAxes = (k: "partial" | "pieces"): boolean =>
    (one[k] === null) === (other[k] === null) &&
    (one[k] ?? []).every((axis, i) => sameAxis(axis, (other[k] ?? [])[i]));
  return sameGrid(one.grid, other.grid) && sameAxes("partial") && sameAxes("pieces");
}
