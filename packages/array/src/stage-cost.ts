/**
 * Owns the byte counts of a stage: what its largest task holds, and what all its tasks read. They are
 * upper bounds that hold before anything runs: shapes and dtypes are static.
 */
import {
  type AxisSelection,
  type Box,
  positionAt,
  restrictSelection,
  selectionLength,
} from "@hyperslab/core/box";
import {
  type ChunkAxis,
  type ChunkGrid,
  chunkCount,
  chunkOf,
  chunkStart,
  chunkStop,
  maxBlockShape,
  regularAxis,
} from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import type { StageCost } from "@hyperslab/core/plan";
import { type Stream, readsAhead, streamOf } from "@hyperslab/core/piece";
import { argumentsOf, type Step } from "@hyperslab/core/program";
import { stateOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { argumentBox } from "@hyperslab/core/step-box";
import { type Dependence, type Dependences, dependencesOf, intervalAt } from "./dependence.js";

/** What the costs need to know of what a stage reads. */
export interface Reading {
  readonly sources: readonly SourceRef[];
  /** Stored chunk grids of the sources. */
  readonly storedGrids: readonly ChunkGrid[];
  /** The grids of the stages that the inputs come from. */
  readonly inputGrids: readonly ChunkGrid[];
  /** How often the pieces of a stage that goes through some are read, on the average. */
  readonly reading: number;
}

/** How many chunks of one read are encoded and decoded at a time, at most. */
const CHUNKS_AT_ONCE = 4;

/** A variance's shift, and the mean and count that it is made of. */
const SHIFT_BYTES = 24;

export function stageCost(
  steps: readonly Step[],
  grid: ChunkGrid,
  dependences: Dependences,
  reading: Reading,
): StageCost {
  const output = sizeOf(maxBlockShape(grid)) * widthOf(steps[steps.length - 1]);
  const stream = streamOf(steps);
  if (!stream) {
    const working = workingBytes(steps, grid, reading);
    return { output, working, read: readBytes(steps, grid, dependences, reading.storedGrids) };
  }
  const pieces = pieceGrid(stream, grid);
  const piece = workingBytes(stream.steps, pieces, reading, stream.reducing);
  // requests for the next piece are under way while one is computed, where answers come from far
  const ahead = readsAhead(reading.sources) ? piece : 0;
  // states grow in the thread's arena, and are copied to where they leave the task, or are finished
  const finished = stream.axes.every(({ partial }) => partial === null);
  const state = growingBytes(stream, grid) + (finished ? stateBytes(stream, grid) : 0);
  const once = readBytes(
    stream.steps,
    pieces,
    dependencesOf(stream.steps, pieces, () => true),
    reading.storedGrids,
  );
  return { output, working: piece + ahead + state, read: Math.ceil(once * reading.reading) };
}

function widthOf(step: Step): number {
  return step.fields.reduce((sum, dtype) => sum + itemSize(dtype), 0);
}

/** The grid of one state for each piece: a group, or several neighbours, count as one block of it. */
function pieceGrid({ axes, steps }: Stream, grid: ChunkGrid): ChunkGrid {
  const { shape } = steps[steps.length - 1];
  return grid.map((axis, i) => {
    const streamed = axes.find((one) => one.axis === i);
    return streamed ? regularAxis(shape[i], streamed.width) : axis;
  });
}

/** Bytes of the states while they grow; those of variances take a mean of the first piece along. */
function growingBytes(stream: Stream, grid: ChunkGrid): number {
  const variances = stream.reducing.filter((number) => {
    const step = stream.steps[number];
    return (step.kind === "reduce" || step.kind === "groupReduce") && /^(var|std)$/.test(step.reduction.name);
  });
  return stateBytes(stream, grid) + variances.length * sizeOf(maxBlockShape(grid)) * SHIFT_BYTES;
}

/** Bytes of the states of a task, as they leave it. */
function stateBytes({ steps, reducing }: Stream, grid: ChunkGrid): number {
  return sizeOf(maxBlockShape(grid)) * reducing.reduce((sum, number) => sum + widthOf(steps[number]), 0);
}

/** Bytes that the largest task holds besides its result, and the states that steps `grown` make in place. */
function workingBytes(
  steps: readonly Step[],
  grid: ChunkGrid,
  reading: Reading,
  grown: readonly number[] = [],
): number {
  const edge = workingOf(steps, boxesOfBlock(steps, grid, grid.map(largest)), reading, grown);
  // a block in the middle may take more from its neighbours than one at the edge, and cut chunks that the other doesn't
  const inner = grid.map((axis, i) =>
    axis.kind === "regular" && chunkCount(axis) > 2 ? 1 : largest(grid[i]),
  );
  if (inner.every((at, i) => at === largest(grid[i]))) return edge;
  return Math.max(edge, workingOf(steps, boxesOfBlock(steps, grid, inner), reading, grown));
}

function workingOf(
  steps: readonly Step[],
  boxes: readonly (readonly Box[])[],
  { storedGrids, inputGrids }: Reading,
  grown: readonly number[],
): number {
  const last = steps.length - 1;
  let working = 0;
  steps.forEach((step, number) => {
    const width = widthOf(step);
    const bytes = boxes[number].reduce((sum, box) => sum + sizeOf(box.shape) * width, 0);
    switch (step.kind) {
      case "source": {
        const stored = storedGrids[step.source];
        const chunk = sizeOf(maxBlockShape(stored)) * width;
        const chunks = boxes[number].reduce(
          (sum, box) => sum + chunksTouched(step.selection, stored, box),
          0,
        );
        // the box itself, raw bytes of the chunks under way, and decoded ones of those that don't lie in it whole
        const whole = boxes[number].every((box) => isMadeOfChunks(step.selection, stored, box));
        working += bytes + (whole ? 1 : 2) * Math.min(CHUNKS_AT_ONCE, chunks) * chunk;
        break;
      }
      case "elementwise":
        // what a reduction alone reads is computed tile by tile, as it enters
        if (number !== last && !isReducedOnly(steps, number)) working += bytes;
        break;
      case "concat":
      case "reduce":
      case "groupReduce":
        if (number !== last && !grown.includes(number)) working += bytes;
        break;
      case "combine":
        if (number !== last) working += bytes;
        // the state that the result is made of
        if (step.finish)
          for (const dtype of stateOf(step.reduction))
            working += boxes[number].reduce((sum, box) => sum + sizeOf(box.shape) * itemSize(dtype), 0);
        break;
      case "select":
        // picked positions are copied; a slice is only a stride
        if (step.selection.some((one) => one.kind === "positions")) working += bytes;
        break;
      case "input":
        // assembled where several blocks make up the box; states side by side are merged as they are
        if (!boxes[number].every((box) => isMergedAsIs(steps, number, box, inputGrids[step.input])))
          working += bytes;
        break;
      case "literal":
      case "tuple":
      case "view":
      case "broadcast":
        break;
      case "write":
        // encoded chunks under way; at worst as long as their elements
        working += writtenBytes(step, boxes[number], widthOf(steps[step.arg]));
        break;
    }
  });
  return working;
}

/** Bytes of the chunks that a write step encodes at a time. */
function writtenBytes(step: Step & { kind: "write" }, boxes: readonly Box[], width: number): number {
  const chunks = boxes.reduce((sum, box) => sum + sizeOf(box.shape), 0);
  return Math.min(CHUNKS_AT_ONCE, chunks) * sizeOf(maxBlockShape(step.grid)) * width;
}

/** True for a step that one reduction reads, and nobody else. */
function isReducedOnly(steps: readonly Step[], number: number): boolean {
  const readers = steps.filter((step) => argumentsOf(step).includes(number));
  return readers.length === 1 && (readers[0].kind === "reduce" || readers[0].kind === "groupReduce");
}

/** True for a box of an input that is combined, and lies in one block along all other axes. */
function isMergedAsIs(steps: readonly Step[], input: number, box: Box, grid: ChunkGrid): boolean {
  const [reader, ...others] = steps.filter((step) => argumentsOf(step).includes(input));
  if (reader?.kind !== "combine" || others.length > 0) return false;
  return grid.every(
    (axis, i) =>
      reader.axes.some((one) => one.axis === i) ||
      box.shape[i] === 0 ||
      chunkOf(axis, box.start[i]) === chunkOf(axis, box.start[i] + box.shape[i] - 1),
  );
}

/** Bytes read from storage, decoded, for all blocks. */
function readBytes(
  steps: readonly Step[],
  grid: ChunkGrid,
  dependences: Dependences,
  storedGrids: readonly ChunkGrid[],
): number {
  let read = 0;
  steps.forEach((step, number) => {
    if (step.kind !== "source") return;
    for (const way of dependences[number])
      read += widthOf(step) * touched(step.selection, storedGrids[step.source], way, grid);
  });
  return read;
}

/** The boxes of every step for a block. */
function boxesOfBlock(steps: readonly Step[], grid: ChunkGrid, coords: readonly number[]): Box[][] {
  const boxes: Box[][] = steps.map(() => []);
  const start = grid.map((axis, i) => chunkStart(axis, coords[i]));
  boxes[steps.length - 1].push({
    start,
    shape: grid.map((axis, i) => chunkStop(axis, coords[i]) - start[i]),
  });
  for (let number = steps.length - 1; number >= 0; number--) {
    const step = steps[number];
    const args = argumentsOf(step);
    const shapes = args.map((arg) => steps[arg].shape);
    for (const box of boxes[number])
      args.forEach((arg, which) => {
        const next = argumentBox(step, which, step.shape, shapes, box);
        const known = boxes[arg].some(
          (one) =>
            one.start.every((s, i) => s === next.start[i]) && one.shape.every((s, i) => s === next.shape[i]),
        );
        if (!known) boxes[arg].push(next);
      });
  }
  return boxes;
}

function largest(axis: ChunkAxis): number {
  if (axis.kind === "regular") return 0;
  let best = 0;
  const length = (i: number): number => chunkStop(axis, i) - chunkStart(axis, i);
  for (let i = 1; i < chunkCount(axis); i++) if (length(i) > length(best)) best = i;
  return best;
}

/**
 * Elements of all stored chunks that all blocks touch, counted once for each block: a product over
 * the stage's axes, since every source axis depends on one of them.
 */
function touched(
  selection: readonly AxisSelection[],
  stored: ChunkGrid,
  way: Dependences[number][number],
  grid: ChunkGrid,
): number {
  let total = 1;
  const lengthOf = (k: number, i: number): number => {
    const [lo, hi] = intervalAt(way[k], i);
    return coveredLength(stored[k], selection[k], lo, hi);
  };
  way.forEach(({ axis }, k) => {
    if (axis === null) total *= lengthOf(k, 0);
  });
  grid.forEach((axis, a) => {
    const on = way.flatMap((dependence, k) => (dependence.axis === a ? [k] : []));
    const whole = on.length === 1 ? coveredByAll(stored[on[0]], selection[on[0]], way[on[0]]) : null;
    let sum = whole ?? 0;
    for (let i = 0; whole === null && i < chunkCount(axis); i++)
      sum += on.reduce((product, k) => product * lengthOf(k, i), 1);
    total *= sum;
  });
  return total;
}

/** Length of all stored chunks that all blocks touch, where the blocks are made of whole chunks; null for the general case. */
function coveredByAll(stored: ChunkAxis, selection: AxisSelection, { chunks }: Dependence): number | null {
  const regular = "kind" in chunks && chunks.kind === "regular" && stored.kind === "regular";
  if (!regular || selection.kind !== "slice" || selection.step !== 1) return null;
  if (selection.start % stored.chunk !== 0 || chunks.chunk % stored.chunk !== 0) return null;
  return chunkStop(stored, chunkOf(stored, selection.start + selection.length - 1)) - selection.start;
}

/** Stored chunks that a box of a source step is read from. */
function chunksTouched(selection: readonly AxisSelection[], stored: ChunkGrid, box: Box): number {
  return stored.reduce(
    (count, axis, k) =>
      count * chunksUnder(axis, restrictSelection(selection[k], box.start[k], box.shape[k])).size,
    1,
  );
}

/** True for a box of a source step in which every chunk that it touches lies whole. */
function isMadeOfChunks(selection: readonly AxisSelection[], stored: ChunkGrid, box: Box): boolean {
  return stored.every((axis, k) => {
    const part = restrictSelection(selection[k], box.start[k], box.shape[k]);
    if (part.kind !== "slice" || part.step !== 1) return false;
    if (part.length === 0) return true;
    const stop = part.start + part.length;
    return (
      chunkStart(axis, chunkOf(axis, part.start)) === part.start &&
      chunkStop(axis, chunkOf(axis, stop - 1)) === stop
    );
  });
}

function chunksUnder(axis: ChunkAxis, selection: AxisSelection): Set<number> {
  const chunks = new Set<number>();
  for (let i = 0; i < selectionLength(selection); i++) chunks.add(chunkOf(axis, positionAt(selection, i)));
  return chunks;
}

/** Length of all chunks that positions `lo .. hi` of a selection fall into. */
function coveredLength(axis: ChunkAxis, selection: AxisSelection, lo: number, hi: number): number {
  if (hi <= lo || selectionLength(selection) === 0) return 0;
  const part = restrictSelection(selection, lo, hi - lo);
  if (part.kind === "slice" && Math.abs(part.step) === 1) {
    const ends = [part.start, part.start + (part.length - 1) * part.step];
    return (
      chunkStop(axis, chunkOf(axis, Math.max(...ends))) - chunkStart(axis, chunkOf(axis, Math.min(...ends)))
    );
  }
  let length = 0;
  for (const chunk of chunksUnder(axis, part)) length += chunkStop(axis, chunk) - chunkStart(axis, chunk);
  return length;
}
