/**
 * Owns the rule that moves selections towards the stored data, so that only the chunks which
 * hold selected elements are ever read.
 */
import {
  type AxisSelection,
  composeSelections,
  isWhole,
  positionAt,
  selectionLength,
  shiftSelection,
  slice,
} from "@hyperslab/core/box";
import { type ChunkGrid, axisFromBounds, chunkRuns } from "@hyperslab/core/chunk-grid";
import { unreachable } from "@hyperslab/core/unreachable";
import { broadcast, concat, groupReduce, rechunk, reduce, select, view } from "../build.js";
import type { ConcatNode, GroupReduceNode, Node, SelectNode, ViewNode } from "../node.js";
import { pruneJoined } from "./join-sources.js";
import type { Rule } from "./rule.js";

export const pushSelection: Rule = {
  name: "push-selection",
  apply(node) {
    if (node.kind !== "select") return null;
    const pushed = push(node, node.arg);
    return pushed && withGrid(pushed, node.grid);
  },
};

/** The node cut as the selection was: where its blocks are computed is the consumer's choice. */
function withGrid(node: Node, grid: ChunkGrid): Node {
  return node.kind === "rechunk" || node.grid === grid ? node : { ...node, grid };
}

function push(node: SelectNode, arg: Node): Node | null {
  const { selection, shape, dtype, grid, where } = node;
  switch (arg.kind) {
    case "source": {
      const composed = arg.selection.map((outer, axis) => composeSelections(outer, selection[axis]));
      return pruneJoined({ ...arg, selection: composed, shape, grid });
    }
    case "select": {
      const composed = arg.selection.map((outer, axis) => composeSelections(outer, selection[axis]));
      return { ...node, arg: arg.arg, selection: composed };
    }
    case "elementwise": {
      const args = arg.args.map((one) => select(one, stretched(selection, one.shape, arg.shape)));
      return {
        kind: "elementwise",
        program: arg.program,
        args,
        shape,
        dtype,
        grid,
        where: arg.where ?? where,
      };
    }
    case "broadcast":
      return broadcast(select(arg.arg, stretched(selection, arg.arg.shape, arg.shape)), shape);
    case "view":
      return throughView(node, arg);
    case "concat":
      return throughConcat(node, arg);
    case "reduce": {
      if (!arg.axes.every((axis) => isWhole(selection[axis], 1))) return null;
      const inner = selection.map((one, axis) =>
        arg.axes.includes(axis) ? whole(arg.arg.shape[axis]) : one,
      );
      return reduce(select(arg.arg, inner), arg.reduction, arg.axes);
    }
    case "groupReduce":
      return throughGroups(node, arg);
    case "rechunk":
      return rechunk(select(arg.arg, selection), grid);
    case "literal":
    case "write":
      return null;
    default:
      return unreachable(arg);
  }
}

function whole(length: number): AxisSelection {
  return slice(0, length);
}

/** The selection for an argument whose axes of length 1 are stretched to `shape`. */
function stretched(
  selection: readonly AxisSelection[],
  argShape: readonly number[],
  shape: readonly number[],
): AxisSelection[] {
  return selection.map((one, axis) => (argShape[axis] === 1 && shape[axis] !== 1 ? whole(1) : one));
}

function throughView(node: SelectNode, arg: ViewNode): Node | null {
  const inner = arg.arg.shape.map((length) => whole(length));
  for (const [axis, from] of arg.axes.entries()) {
    if (from !== null) inner[from] = node.selection[axis];
    else if (!isWhole(node.selection[axis], 1)) return null;
  }
  return view(select(arg.arg, inner), arg.axes);
}

/** Splits a selection that meets the joined arrays in their order; any other stays where it is. */
function throughConcat(node: SelectNode, arg: ConcatNode): Node | null {
  const along = node.selection[arg.axis];
  if (selectionLength(along) === 0) return null;
  const args = arg.args.filter(({ shape }) => shape[arg.axis] > 0);
  const seams = [0];
  for (const { shape } of args) seams.push(seams[seams.length - 1] + shape[arg.axis]);
  const axis = axisFromBounds(seams);
  const runs = chunkRuns(axis, along);
  if (runs.length > 2 * args.length) return null;
  const parts = runs.map(({ chunk, from, to }) => {
    const local = shiftSelection(composeSelections(along, slice(from, to - from)), seams[chunk]);
    const inner = node.selection.map((one, i) => (i === arg.axis ? local : one));
    return select(args[chunk], inner);
  });
  return concat(parts, arg.axis);
}

/** Chosen groups need only their members: the others are not even read. */
function throughGroups(node: SelectNode, arg: GroupReduceNode): Node | null {
  const chosen = node.selection[arg.axis];
  const groups = selectionLength(chosen);
  const renumbered = new Map<number, number>();
  for (let i = 0; i < groups; i++) renumbered.set(positionAt(chosen, i), i);
  if (renumbered.size !== groups) return null;
  const members: number[] = [];
  const codes: number[] = [];
  arg.codes.forEach((code, position) => {
    const next = renumbered.get(code);
    if (next === undefined) return;
    members.push(position);
    codes.push(next);
  });
  // groups without members: leave the axis as it is, there is nothing to save by an empty read
  if (members.length === 0) return null;
  const inner = node.selection.map((one, axis) => {
    if (axis !== arg.axis) return one;
    if (members.length === arg.codes.length) return whole(arg.codes.length);
    return { kind: "positions", positions: Int32Array.from(members) } as const;
  });
  return groupReduce(select(arg.arg, inner), arg.reduction, arg.axis, Int32Array.from(codes), groups);
}
