/**
 * Owns the rule that cuts what a change of chunks reads, where old blocks would have to be kept until many new
 * ones are made of them. New blocks are made in C order; an old block that reaches across several of
 * them is held all the while. What can be computed from storage again is cut where the new blocks are cut:
 * stored chunks are read more than once, in parts, and memory holds one band instead of the array. Anything else is cut
 * into shards as soon as it is there: each is wanted by one new block, and can be spilled and fetched on its own.
 */
import {
  type ChunkAxis,
  type ChunkGrid,
  axisFromBounds,
  chunkCount,
  chunkStart,
  gridShape,
  maxChunk,
  regularAxis,
  sameGrid,
} from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import { coarser, cutsWithin, rereadable } from "./absorb-rechunk.js";
import type { Rule } from "./rule.js";

/** Old blocks held at a time, in bytes, that are not worth a second read. */
const MOST_HELD = 256 * 2 ** 20;

export const splitRechunk: Rule = {
  name: "split-rechunk",
  apply(node) {
    if (node.kind !== "rechunk") return null;
    const { arg } = node;
    const most = MOST_HELD / itemSize(arg.dtype);
    if (rereadable(arg)) {
      const grid = splitFor(node.grid, arg.grid, most);
      return grid === arg.grid ? null : { ...node, arg: { ...arg, grid } };
    }
    if (heldElements(node.grid, arg.grid) <= most || coarser(node.grid, arg.grid)) return null;
    const shards = node.grid.map((axis, i) => commonCuts(axis, arg.grid[i]));
    // a new block that lies in one old block is a shard itself
    return sameGrid(shards, node.grid) ? null : { ...node, arg: { ...node, arg, grid: shards } };
  },
};

/** The cuts of both, so that every chunk lies in one chunk of either. */
function commonCuts(a: ChunkAxis, b: ChunkAxis): ChunkAxis {
  if (cutsWithin(a, b)) return b;
  if (cutsWithin(b, a)) return a;
  const starts = new Set<number>();
  for (const axis of [a, b]) for (let i = 0; i < chunkCount(axis); i++) starts.add(chunkStart(axis, i));
  return axisFromBounds([...starts, a.length].sort((x, y) => x - y));
}

/** `old`, cut along the first axes so far that at most about `most` elements are held; the very grid where that is so. */
export function splitFor(grid: ChunkGrid, old: ChunkGrid, most: number): ChunkGrid {
  let split = old;
  for (let axis = 0; axis < grid.length && heldElements(grid, split) > most; axis++) {
    if (cutsWithin(grid[axis], split[axis])) continue;
    split = split.map((one, i) => (i === axis ? cutAxis(grid, axis, most) : one));
  }
  return split;
}

/**
 * Elements of old blocks that are held at a time while the blocks of `grid` are made in C order: up to the first axis
 * on which an old block reaches across new ones, those of one new block; from there on, everything.
 */
export function heldElements(grid: ChunkGrid, old: ChunkGrid): number {
  const first = grid.findIndex((axis, i) => !cutsWithin(axis, old[i]));
  const crossing = first === -1 ? grid.length : first;
  return gridShape(grid).reduce((held, length, i) => {
    if (i < crossing) return held * maxChunk(grid[i]);
    if (i > crossing) return held * length;
    return held * Math.min(length, maxChunk(grid[i]) + maxChunk(old[i]));
  }, 1);
}

/** The axis in runs of as many new chunks as memory allows, all of about the same number. */
function cutAxis(grid: ChunkGrid, axis: number, most: number): ChunkAxis {
  const cuts = grid[axis];
  if (cuts.kind !== "regular") return cuts;
  const band = gridShape(grid).reduce((held, length, i) => {
    if (i === axis) return held * cuts.chunk;
    return held * (i < axis ? maxChunk(grid[i]) : length);
  }, 1);
  const count = chunkCount(cuts);
  const fitting = Math.min(count, Math.max(1, Math.floor(most / band)));
  const runs = Math.ceil(count / fitting);
  return regularAxis(cuts.length, cuts.chunk * Math.ceil(count / runs));
}
