/**
 * Owns the rule that drops a change of chunks where computing in the new blocks directly reads
 * nothing twice: blocks made of whole old blocks, and data that is in memory already.
 */
import {
  type ChunkAxis,
  type ChunkGrid,
  chunkCount,
  chunkOf,
  chunkStart,
  maxChunk,
} from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { Node } from "../node.js";
import type { Rule } from "./rule.js";

/** Blocks above this many bytes are assembled from finished ones instead: reading them whole would take too much at once. */
const LARGEST = 256 * 2 ** 20;

export const absorbRechunk: Rule = {
  name: "absorb-rechunk",
  apply(node) {
    if (node.kind !== "rechunk") return null;
    const { arg, grid } = node;
    if (arg.kind === "rechunk") return { ...node, arg: arg.arg };
    if (arg.kind === "literal") return { ...arg, grid };
    if (!rereadable(arg) || !coarser(grid, arg.grid)) return null;
    const bytes = grid.reduce((size, axis) => size * maxChunk(axis), itemSize(arg.dtype));
    return bytes > LARGEST ? null : { ...arg, grid };
  },
};

/** True where a box of the node can be computed from stored or given data alone, at no cost beyond the box. */
export function rereadable(node: Node): boolean {
  switch (node.kind) {
    case "source":
    case "literal":
      return true;
    case "elementwise":
    case "concat":
      return node.args.every(rereadable);
    case "select":
    case "view":
    case "broadcast":
      return rereadable(node.arg);
    case "reduce":
    case "groupReduce":
    case "rechunk":
    case "write":
      return false;
  }
}

/** True where every cut of `grid` is a cut of `old`. */
export function coarser(grid: ChunkGrid, old: ChunkGrid): boolean {
  return grid.every((axis, i) => cutsWithin(axis, old[i]));
}

/** True where every cut of `axis` is a cut of `old`. */
export function cutsWithin(axis: ChunkAxis, old: ChunkAxis): boolean {
  if (axis.kind === "regular" && old.kind === "regular")
    return chunkCount(axis) === 1 || axis.chunk % old.chunk === 0;
  for (let i = 1; i < chunkCount(axis); i++) {
    const cut = chunkStart(axis, i);
    if (chunkStart(old, chunkOf(old, cut)) !== cut) return false;
  }
  return true;
}
