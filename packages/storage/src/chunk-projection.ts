/**
 * Owns the arithmetic of reading: which chunks a selection touches, which positions of each it takes, and
 * where in the output they go. Pure; knows no bytes, no stores and no formats.
 */
import { type AxisSelection, positions, selectionLength, slice } from "@hyperslab/core/box";
import { type ChunkAxis, type ChunkGrid, chunkOf, chunkStart, chunkStop } from "@hyperslab/core/chunk-grid";
import { ShapeError } from "@hyperslab/core/errors";

/** On one axis: positions `from` of chunk number `chunk` go to positions `to` of the output. */
export interface AxisProjection {
  readonly chunk: number;
  readonly from: AxisSelection;
  readonly to: AxisSelection;
}

/** One chunk of a selection: the product of its axes. */
export interface ChunkProjection {
  readonly coords: readonly number[];
  readonly axes: readonly AxisProjection[];
}

/**
 * The chunks that `selection` (one for each axis of the grid) touches, each once, with what to copy.
 * Nothing where a selection is empty. @throws ShapeError for a position outside the array
 */
export function* projectChunks(
  grid: ChunkGrid,
  selection: readonly AxisSelection[],
): Generator<ChunkProjection, void, undefined> {
  if (selection.length !== grid.length)
    throw new ShapeError({
      asked: `a selection of ${selection.length} axes`,
      found: `an array of rank ${grid.length}`,
    });
  const lists = grid.map((axis, i) => projectAxis(axis, selection[i]));
  if (lists.some((list) => list.length === 0)) return;
  const at = new Array<number>(grid.length).fill(0);
  for (;;) {
    const axes = lists.map((list, i) => list[at[i]]);
    yield { coords: axes.map(({ chunk }) => chunk), axes };
    let axis = grid.length - 1;
    while (axis >= 0 && ++at[axis] === lists[axis].length) at[axis--] = 0;
    if (axis < 0) return;
  }
}

/** The projections of one axis, in the order in which the selection first meets each chunk. */
export function projectAxis(axis: ChunkAxis, selection: AxisSelection): AxisProjection[] {
  return selection.kind === "slice"
    ? projectSlice(axis, selection.start, selection.length, selection.step)
    : projectPositions(axis, selection.positions);
}

function projectSlice(axis: ChunkAxis, start: number, length: number, step: number): AxisProjection[] {
  const out: AxisProjection[] = [];
  if (length === 0) return out;
  checkPosition(axis, start);
  checkPosition(axis, start + (length - 1) * step);
  for (let i = 0; i < length;) {
    const position = start + i * step;
    const chunk = chunkOf(axis, position);
    const lo = chunkStart(axis, chunk);
    const within =
      step > 0
        ? Math.ceil((chunkStop(axis, chunk) - position) / step)
        : Math.floor((position - lo) / -step) + 1;
    const count = Math.min(within, length - i);
    out.push({ chunk, from: slice(position - lo, count, step), to: slice(i, count) });
    i += count;
  }
  return out;
}

function projectPositions(axis: ChunkAxis, list: Int32Array): AxisProjection[] {
  const found = new Map<number, { from: number[]; to: number[] }>();
  list.forEach((position, i) => {
    checkPosition(axis, position);
    const chunk = chunkOf(axis, position);
    let one = found.get(chunk);
    if (!one) found.set(chunk, (one = { from: [], to: [] }));
    one.from.push(position - chunkStart(axis, chunk));
    one.to.push(i);
  });
  return [...found].map(([chunk, { from, to }]) => ({
    chunk,
    from: asSelection(from),
    to: asSelection(to),
  }));
}

/** A list of positions, as a slice where it is one: slices are copied much faster. */
function asSelection(list: readonly number[]): AxisSelection {
  const step = list.length > 1 ? list[1] - list[0] : 1;
  if (step !== 0 && list.every((position, i) => position === list[0] + i * step))
    return slice(list[0], list.length, step);
  return positions(list);
}

function checkPosition(axis: ChunkAxis, position: number): void {
  if (position >= 0 && position < axis.length) return;
  throw new ShapeError({
    asked: `position ${position}`,
    found: `an axis of length ${axis.length}`,
    hint: "positions count from 0; negative ones have to be resolved before reading",
  });
}

/** Number of elements that a projection copies. */
export function projectionSize(axes: readonly AxisProjection[]): number {
  return axes.reduce((size, { from }) => size * selectionLength(from), 1);
}
