/**
 * Owns chunk grids: how an array is cut into blocks, axis by axis, and which block holds what.
 * An axis cut regularly costs O(1), whatever its number of chunks.
 */
import { boundsOfSelection, type AxisSelection, type Box, positionAt, selectionLength } from "./box.js";
import { ShapeError } from "./errors.js";
import type { Shape } from "./shape.js";

/** Chunks of one length, the last one perhaps shorter. `chunk` is at least 1. */
export interface RegularAxis {
  readonly kind: "regular";
  readonly length: number;
  readonly chunk: number;
}

/** Chunks `bounds[i] .. bounds[i + 1]`; `bounds` starts with 0, rises strictly and ends with the length. */
export interface IrregularAxis {
  readonly kind: "irregular";
  readonly length: number;
  readonly bounds: readonly number[];
}

export type ChunkAxis = RegularAxis | IrregularAxis;
export type ChunkGrid = readonly ChunkAxis[];

export function regularAxis(length: number, chunk: number): RegularAxis {
  return { kind: "regular", length, chunk: Math.max(1, Math.min(chunk, Math.max(1, length))) };
}

/** An axis from its chunk lengths; regular where they are. @throws ShapeError for a length below 1 */
export function axisFromChunks(chunks: readonly number[]): ChunkAxis {
  const bounds = [0];
  for (const chunk of chunks) {
    if (!Number.isInteger(chunk) || chunk < 1)
      throw new ShapeError({ asked: `chunks (${chunks.join(", ")})`, found: `a chunk of ${chunk}` });
    bounds.push(bounds[bounds.length - 1] + chunk);
  }
  return axisFromBounds(bounds);
}

/** An axis from its bounds; regular where they are. */
export function axisFromBounds(bounds: readonly number[]): ChunkAxis {
  const length = bounds[bounds.length - 1];
  const chunk = bounds.length > 1 ? bounds[1] - bounds[0] : Math.max(1, length);
  const last = bounds.length - 2;
  const regular = bounds.every(
    (bound, i) => i > last || (i === last ? bounds[i + 1] - bound <= chunk : bounds[i + 1] - bound === chunk),
  );
  return regular ? regularAxis(length, chunk) : { kind: "irregular", length, bounds };
}

/** A grid of regular chunks. */
export function regularGrid(shape: Shape, chunks: readonly number[]): ChunkGrid {
  return shape.map((length, axis) => regularAxis(length, chunks[axis]));
}

/** The grid with the whole array as its one block. */
export function wholeGrid(shape: Shape): ChunkGrid {
  return shape.map((length) => regularAxis(length, Math.max(1, length)));
}

/** How many chunks the axis has. An axis of length 0 has one, which is empty. */
export function chunkCount(axis: ChunkAxis): number {
  return axis.kind === "regular" ? Math.max(1, Math.ceil(axis.length / axis.chunk)) : axis.bounds.length - 1;
}

export function chunkStart(axis: ChunkAxis, index: number): number {
  return axis.kind === "regular" ? index * axis.chunk : axis.bounds[index];
}

export function chunkStop(axis: ChunkAxis, index: number): number {
  return axis.kind === "regular" ? Math.min(axis.length, (index + 1) * axis.chunk) : axis.bounds[index + 1];
}

/** The longest chunk. */
export function maxChunk(axis: ChunkAxis): number {
  if (axis.kind === "regular") return Math.min(axis.chunk, axis.length);
  let max = 0;
  for (let i = 1; i < axis.bounds.length; i++) max = Math.max(max, axis.bounds[i] - axis.bounds[i - 1]);
  return max;
}

/** The chunk that holds `position`. */
export function chunkOf(axis: ChunkAxis, position: number): number {
  if (axis.kind === "regular") return Math.floor(position / axis.chunk);
  let lo = 0;
  let hi = axis.bounds.length - 2;
  while (lo < hi) {
    const middle = (lo + hi + 1) >> 1;
    if (axis.bounds[middle] <= position) lo = middle;
    else hi = middle - 1;
  }
  return lo;
}

/** The lengths of all chunks. */
export function chunkLengths(axis: ChunkAxis): number[] {
  return Array.from({ length: chunkCount(axis) }, (_, i) => chunkStop(axis, i) - chunkStart(axis, i));
}

export function sameAxis(a: ChunkAxis, b: ChunkAxis): boolean {
  if (a === b) return true;
  if (a.length !== b.length || chunkCount(a) !== chunkCount(b)) return false;
  if (a.kind === "regular" && b.kind === "regular") return a.chunk === b.chunk || chunkCount(a) === 1;
  for (let i = chunkCount(a); i-- > 0;) if (chunkStart(a, i) !== chunkStart(b, i)) return false;
  return true;
}

export function sameGrid(a: ChunkGrid, b: ChunkGrid): boolean {
  return a.length === b.length && a.every((axis, i) => sameAxis(axis, b[i]));
}

export function gridShape(grid: ChunkGrid): number[] {
  return grid.map((axis) => axis.length);
}

/** Number of blocks on every axis. */
export function blockCounts(grid: ChunkGrid): number[] {
  return grid.map(chunkCount);
}

/** Number of blocks in all. */
export function blockTotal(grid: ChunkGrid): number {
  let total = 1;
  for (const axis of grid) total *= chunkCount(axis);
  return total;
}

/** The longest chunk on every axis: the shape of the largest block. */
export function maxBlockShape(grid: ChunkGrid): number[] {
  return grid.map(maxChunk);
}

/** Block coordinates of a linear block number (C order). */
export function blockCoords(counts: readonly number[], index: number): number[] {
  const coords = new Array<number>(counts.length);
  let rest = index;
  for (let axis = counts.length - 1; axis >= 0; axis--) {
    coords[axis] = rest % counts[axis];
    rest = Math.floor(rest / counts[axis]);
  }
  return coords;
}

/** Linear block number (C order) of block coordinates. */
export function blockIndex(counts: readonly number[], coords: readonly number[]): number {
  let index = 0;
  for (let axis = 0; axis < counts.length; axis++) index = index * counts[axis] + coords[axis];
  return index;
}

/** The box that a block covers. */
export function blockBox(grid: ChunkGrid, coords: readonly number[]): Box {
  const start = grid.map((axis, i) => chunkStart(axis, coords[i]));
  return { start, shape: grid.map((axis, i) => chunkStop(axis, coords[i]) - start[i]) };
}

/**
 * The grid left on an axis after a selection: cut where the selection passes from one chunk to
 * another, so that each new block reads few old ones. A selection that jumps about is cut into
 * blocks of the old chunk length.
 */
export function selectAxis(axis: ChunkAxis, selection: AxisSelection): ChunkAxis {
  const length = selectionLength(selection);
  if (length === 0) return regularAxis(0, 1);
  if (selection.kind === "slice" && selection.step === 1 && axis.kind === "regular") {
    if (selection.start % axis.chunk === 0) return regularAxis(length, axis.chunk);
  }
  const [lo, hi] = boundsOfSelection(selection);
  if (chunkOf(axis, lo) === chunkOf(axis, hi - 1)) return regularAxis(length, length);
  const bounds = [0];
  const cap = maxChunk(axis);
  let chunk = chunkOf(axis, positionAt(selection, 0));
  let direction = 0;
  for (let i = 1; i < length; i++) {
    const next = chunkOf(axis, positionAt(selection, i));
    if (next === chunk) continue;
    if (direction !== 0 && Math.sign(next - chunk) !== direction) return regularAxis(length, cap);
    direction = Math.sign(next - chunk);
    bounds.push(i);
    chunk = next;
  }
  bounds.push(length);
  return axisFromBounds(bounds);
}

/** Positions `from .. to` of a selection: all of them in one chunk. */
export interface ChunkRun {
  readonly chunk: number;
  readonly from: number;
  readonly to: number;
}

/** A selection cut where it passes from one chunk of the axis to another. */
export function chunkRuns(axis: ChunkAxis, selection: AxisSelection): ChunkRun[] {
  const runs: ChunkRun[] = [];
  const length = selectionLength(selection);
  let from = 0;
  let chunk = -1;
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < length; i++) {
    const position = positionAt(selection, i);
    if (position >= lo && position < hi) continue;
    if (i > 0) runs.push({ chunk, from, to: i });
    from = i;
    chunk = chunkOf(axis, position);
    lo = chunkStart(axis, chunk);
    hi = chunkStop(axis, chunk);
  }
  if (length > 0) runs.push({ chunk, from, to: length });
  return runs;
}
