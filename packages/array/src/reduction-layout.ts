/**
 * Owns how a reduction over several blocks is cut into tasks: the pieces that a task goes through one after
 * another, how many of them enter one state, and, for groups, whether each can be made by one task. It goes by
 * shapes and chunks alone, never by the machine, so that every run gives the same bits.
 */
import {
  axisFromBounds,
  axisFromChunks,
  blockTotal,
  type ChunkAxis,
  chunkCount,
  chunkLengths,
  type ChunkGrid,
  chunkOf,
  maxBlockShape,
  regularAxis,
} from "@hyperslab/core/chunk-grid";
import { sizeOf } from "@hyperslab/core/shape";
import { childrenOf, type GroupReduceNode, type Node } from "./node.js";
import { axesOf, isReducing, type Reducing } from "./reducing.js";
import { partialGrid } from "./stage.js";

/** Pieces of less than this spend their time on being pieces: neighbouring chunks make one. */
const PIECE_BYTES = 16 * 2 ** 20;
/** A task goes through no more than this, so that there is enough to hand out, and little to do again. */
const TASK_BYTES = 2 ** 30;
/** A task that makes a state reads this many times its bytes, where the array is large enough. */
const READ_PER_STATE = 32;
/** More tasks than this are not wanted where the chunks are small; fewer than that are not worth the waiting. */
const MOST_TASKS = 64;
const LEAST_TASKS = 8;
/** Bytes of an element and of a state, for these counts: the widest usual ones, so that reductions of different dtypes are cut alike. */
const ELEMENT_BYTES = 8;
const STATE_BYTES = 16;
/** Groups are made one by one where that reads at most so many times what there is. */
const READ_AGAIN = 1.3;
/** Bytes of the groups that one task makes. */
const GROUP_BYTES = 32 * 2 ** 20;

/** How a reduction is cut. */
export interface Layout {
  /** The chunks of the reduced axes that go into one partial state each; null where tasks make finished groups. */
  readonly partial: readonly ChunkAxis[] | null;
  /** What a task goes through one after another; null where each of its chunks is one piece. */
  readonly pieces: readonly ChunkAxis[] | null;
  /** The grid of the states, or of the groups. */
  readonly grid: ChunkGrid;
  /** How often the pieces are read, on the average. */
  readonly reading: number;
}

const layouts: WeakMap<Node, Layout> = new WeakMap();

export function layoutOf(node: Reducing): Layout {
  let layout = layouts.get(node);
  if (!layout) layouts.set(node, (layout = cut(node)));
  return layout;
}

function cut(node: Reducing): Layout {
  const axes = axesOf(node);
  const pieces = joinAxes(
    axes.map((axis) => node.arg.grid[axis]),
    chunksPerPiece(node, axes),
  );
  const grid = argumentGrid(node, axes, pieces);
  const piece = sizeOf(maxBlockShape(grid)) * ELEMENT_BYTES;
  // blocks of other stages, and arrays in memory, are handed to a task at its start: only what is stored is streamed
  if (!isRead(node.arg) || !isStored(node.arg))
    return { ...statesOf(node, axes, pieces), pieces: null, reading: 1 };
  if (node.kind === "groupReduce") {
    const apart = groupsApart(node, pieces[0], grid, piece);
    if (apart) return apart;
  }
  const width = node.kind === "groupReduce" ? node.groups : 1;
  const state = positionsOf(node, axes) * width * STATE_BYTES;
  const factor = piecesPerTask(blockTotal(grid), piece, state);
  const partial = joinAxes(pieces, factor);
  const streamed = partial.some((axis, k) => chunkCount(axis) < chunkCount(pieces[k]));
  return { ...statesOf(node, axes, partial), pieces: streamed ? pieces : null, reading: 1 };
}

function statesOf(
  node: Reducing,
  axes: readonly number[],
  partial: readonly ChunkAxis[],
): Pick<Layout, "partial" | "grid"> {
  const width = node.kind === "groupReduce" ? node.groups : 1;
  return { partial, grid: partialGrid(node.grid, axes, partial.map(chunkCount), width) };
}

/** The blocks of the result, with the pieces of the argument on the reduced axes. */
function argumentGrid(node: Reducing, axes: readonly number[], pieces: readonly ChunkAxis[]): ChunkGrid {
  return node.grid.map((axis, i) => (axes.includes(i) ? pieces[axes.indexOf(i)] : axis));
}

/** Positions of the largest block of the result, those of the reduced axes left aside. */
function positionsOf(node: Reducing, axes: readonly number[]): number {
  return sizeOf(maxBlockShape(node.grid).map((length, i) => (axes.includes(i) ? 1 : length)));
}

function chunksPerPiece(node: Reducing, axes: readonly number[]): number {
  const chunks = argumentGrid(
    node,
    axes,
    axes.map((axis) => node.arg.grid[axis]),
  );
  const bytes = sizeOf(maxBlockShape(chunks)) * ELEMENT_BYTES;
  return Math.floor(Math.min(PIECE_BYTES / Math.max(1, bytes), blockTotal(chunks) / MOST_TASKS));
}

/** How many of `total` pieces of so many bytes make one state of so many bytes. */
function piecesPerTask(total: number, piece: number, state: number): number {
  const wanted = Math.max(
    Math.ceil(total / MOST_TASKS),
    Math.ceil((READ_PER_STATE * state) / Math.max(1, piece)),
  );
  const most = Math.min(Math.floor(TASK_BYTES / Math.max(1, piece)), Math.ceil(total / LEAST_TASKS));
  return Math.max(1, Math.min(wanted, most));
}

/** True where all that varies along with the argument is stored, or in memory. */
function isRead(node: Node): boolean {
  if (node.kind === "rechunk") return false;
  return isReducing(node) || childrenOf(node).every(isRead);
}

/** True where something is read from storage. */
function isStored(node: Node): boolean {
  return node.kind === "source" || childrenOf(node).some(isStored);
}

/** Joins neighbouring chunks, `factor` to one at most, evenly; the last axis first. */
function joinAxes(axes: readonly ChunkAxis[], factor: number): ChunkAxis[] {
  const joined = [...axes];
  let room = factor;
  for (let k = axes.length - 1; k >= 0 && room > 1; k--) {
    const count = chunkCount(joined[k]);
    const even = Math.ceil(count / Math.ceil(count / Math.min(room, count)));
    joined[k] = joinAxis(joined[k], even);
    room = Math.floor(room / even);
  }
  return joined;
}

function joinAxis(axis: ChunkAxis, factor: number): ChunkAxis {
  if (factor <= 1) return axis;
  if (axis.kind === "regular") return regularAxis(axis.length, axis.chunk * factor);
  const lengths = chunkLengths(axis);
  const joined: number[] = [];
  for (let i = 0; i < lengths.length; i += factor)
    joined.push(lengths.slice(i, i + factor).reduce((a, b) => a + b, 0));
  return axisFromChunks(joined);
}

/**
 * The layout in which tasks make finished groups, several neighbours each: for groups like months, whose members
 * stand in few pieces. Null where too many pieces would be read again and again.
 */
function groupsApart(
  node: GroupReduceNode,
  pieces: ChunkAxis,
  grid: ChunkGrid,
  piece: number,
): Layout | null {
  const { axis, groups } = node;
  const count = chunkCount(pieces);
  const state = positionsOf(node, [axis]) * STATE_BYTES;
  const least = piecesPerTask(blockTotal(grid), piece, state);
  const most = Math.max(least, Math.floor((4 * TASK_BYTES) / Math.max(1, piece)));
  const members = piecesOfGroups(node, pieces);
  const bounds = [0];
  let block = new Set<number>();
  let read = 0;
  for (let group = 0; group < groups; group++) {
    const both = new Set([...block, ...members[group]]);
    const first = bounds[bounds.length - 1];
    const fits = both.size <= Math.max(least, block.size) && (group + 1 - first) * state <= GROUP_BYTES;
    if (group === first || fits) block = both;
    else {
      bounds.push(group);
      read += block.size;
      block = new Set(members[group]);
    }
    if (block.size > most || read > READ_AGAIN * count) return null;
  }
  read += block.size;
  bounds.push(groups);
  if (groups === 0 || read > READ_AGAIN * count) return null;
  const cutGroups = axisFromBounds(bounds);
  return {
    partial: null,
    pieces: [pieces],
    grid: node.grid.map((one, i) => (i === axis ? cutGroups : one)),
    reading: read / count,
  };
}

/** For every group, the numbers of the pieces that hold members of it, in order. */
function piecesOfGroups({ codes, groups }: GroupReduceNode, pieces: ChunkAxis): number[][] {
  const found = Array.from({ length: groups }, (): number[] => []);
  codes.forEach((code, i) => {
    if (code < 0) return;
    const piece = chunkOf(pieces, i);
    if (found[code][found[code].length - 1] !== piece) found[code].push(piece);
  });
  return found;
}
