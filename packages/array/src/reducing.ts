/** Owns what plain and grouped reductions have in common for the planner. */
import { chunkCount } from "@hyperslab/core/chunk-grid";
import type { GroupReduceNode, Node, ReduceNode } from "./node.js";

export type Reducing = ReduceNode | GroupReduceNode;

export function isReducing(node: Node): node is Reducing {
  return node.kind === "reduce" || node.kind === "groupReduce";
}

/** The axes that a reduction runs along. */
export function axesOf(node: Reducing): readonly number[] {
  return node.kind === "reduce" ? node.axes : [node.axis];
}

/** True where the axes lie in several blocks, so that partial states have to meet. */
export function meetsBlocks(node: Reducing): boolean {
  return axesOf(node).some((axis) => chunkCount(node.arg.grid[axis]) > 1);
}
