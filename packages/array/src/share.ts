/**
 * Owns the finding of equal expressions: nodes that say the same become one node, so that what they
 * stand for is read and computed once. Rules that copy (a selection that moves into two arguments) need not care.
 */
import type { AxisSelection } from "@hyperslab/core/box";
import type { ChunkAxis } from "@hyperslab/core/chunk-grid";
import { signatureKey } from "@hyperslab/core/scalar-program";
import { unreachable } from "@hyperslab/core/unreachable";
import { childrenOf, type Node } from "./node.js";
import { rewrite } from "./walk.js";

/** The same expressions with equal nodes made one. */
export function share(roots: readonly Node[]): Node[] {
  const known = new Map<string, Node>();
  const numbers = new Map<object, number>();
  const numberOf = (thing: object): number => {
    let number = numbers.get(thing);
    if (number === undefined) numbers.set(thing, (number = numbers.size));
    return number;
  };
  return rewrite(roots, (node) => {
    const children = childrenOf(node).map(numberOf).join();
    const key = `${node.kind}(${children})${node.dtype}|${node.grid.map(axisKey).join()}|${ownKey(node, numberOf)}`;
    const same = known.get(key);
    if (same) return same;
    known.set(key, node);
    return node;
  });
}

/** What a node says beyond its kind, dtype, grid and children. Large tables are told by identity. */
function ownKey(node: Node, numberOf: (thing: object) => number): string {
  switch (node.kind) {
    case "source":
      return `${numberOf(node.ref)}[${node.selection.map(selectionKey).join()}]`;
    case "literal":
      return `${numberOf(node.block.data)}`;
    case "elementwise":
      return signatureKey(node.program);
    case "reduce":
      return `${JSON.stringify(node.reduction)}${node.axes.join()}`;
    case "groupReduce":
      return `${JSON.stringify(node.reduction)}${node.axis}/${node.groups}[${node.codes.join()}]`;
    case "select":
      return node.selection.map(selectionKey).join();
    case "view":
      return node.axes.join();
    case "concat":
      return String(node.axis);
    case "write":
      return String(numberOf(node.target));
    case "broadcast":
    case "rechunk":
      return "";
    default:
      return unreachable(node);
  }
}

function selectionKey(selection: AxisSelection): string {
  return selection.kind === "slice"
    ? `${selection.start}:${selection.length}:${selection.step}`
    : `[${selection.positions.join()}]`;
}

function axisKey(axis: ChunkAxis): string {
  return axis.kind === "regular" ? `${axis.length}/${axis.chunk}` : `[${axis.bounds.join()}]`;
}
