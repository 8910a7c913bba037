/**
 * Owns the box algebra: which box of an argument a box of a step needs. Every rule works axis by
 * axis, which is what lets a planner turn a whole program into a few numbers for each axis.
 */
import { type Box, boundsOfSelection, restrictSelection } from "./box.js";
import { type ChunkAxis, chunkCount, chunkStart, chunkStop, regularAxis } from "./chunk-grid.js";
import type { StepKind } from "./program.js";
import type { Shape } from "./shape.js";

/** A half-open interval `[lo, hi)` of one axis. */
export type Interval = readonly [number, number];

/** How one axis of an argument depends on a step: on the step's axis `axis` (null: on none) through `map`. */
export interface AxisRule {
  readonly axis: number | null;
  map(interval: Interval): Interval;
  /**
   * Where the step's axis is cut into `chunks`: the axis whose chunk `i` is what chunk `i` maps to. Null
   * where there is none that a few numbers describe. It says for a million chunks at once what `map` says for one.
   */
  cut(chunks: ChunkAxis): ChunkAxis | null;
}

const same = (axis: number): AxisRule => ({ axis, map: (interval) => interval, cut: (chunks) => chunks });
const fixed = (lo: number, hi: number): AxisRule => ({ axis: null, map: () => [lo, hi], cut: () => null });
const mapped = (axis: number, map: AxisRule["map"]): AxisRule => ({ axis, map, cut: () => null });

/** One rule for each axis of argument number `which`. `shape` is the step's, `argShape` the argument's. */
export function axisRules(
  step: StepKind,
  which: number,
  shape: Shape,
  argShapes: readonly Shape[],
): AxisRule[] {
  const argShape = argShapes[which];
  const stretch = (axis: number): AxisRule =>
    argShape[axis] === 1 && shape[axis] !== 1 ? fixed(0, 1) : same(axis);
  switch (step.kind) {
    case "source":
    case "input":
    case "literal":
      return [];
    case "tuple":
      return argShape.map((_, axis) => same(axis));
    case "elementwise":
    case "broadcast":
      return argShape.map((_, axis) => stretch(axis));
    case "write":
      return argShape.map((_, axis) => chunksOf(axis, step.grid[axis], 1));
    case "view":
      return argShape.map((length, axis) => {
        const out = step.axes.indexOf(axis);
        return out === -1 ? fixed(0, length) : same(out);
      });
    case "select":
      return step.selection.map((selection, axis) =>
        mapped(axis, ([lo, hi]) => boundsOfSelection(restrictSelection(selection, lo, hi - lo))),
      );
    case "concat": {
      const offset = offsetsOf(argShapes, step.axis)[which];
      const length = argShape[step.axis];
      return argShape.map((_, axis) =>
        axis !== step.axis
          ? same(axis)
          : mapped(axis, ([lo, hi]) => {
              const from = Math.min(length, Math.max(0, lo - offset));
              return [from, Math.max(from, Math.min(length, hi - offset))];
            }),
      );
    }
    case "reduce":
      return argShape.map((length, axis) => {
        const k = step.axes.indexOf(axis);
        if (k === -1) return same(axis);
        return step.partial ? chunksOf(axis, step.partial[k], 1) : fixed(0, length);
      });
    case "groupReduce":
      return argShape.map((length, axis) => {
        if (axis !== step.axis) return same(axis);
        return step.partial ? chunksOf(axis, step.partial, step.groups) : fixed(0, length);
      });
    case "combine":
      return argShape.map((length, axis) => {
        const combined = step.axes.find((one) => one.axis === axis);
        if (!combined) return same(axis);
        const { fanIn, width } = combined;
        return {
          axis,
          map: ([lo, hi]) => [
            Math.floor(lo / width) * width * fanIn,
            Math.min(length, Math.ceil(hi / width) * width * fanIn),
          ],
          cut: (chunks) => (cutBy(chunks, width) ? regularAxis(length, width * fanIn) : null),
        };
      });
  }
}

/** Where joined arguments begin; asked for each of thousands of them. */
const OFFSETS = new WeakMap<readonly Shape[], { readonly axis: number; readonly starts: Float64Array }>();

function offsetsOf(shapes: readonly Shape[], axis: number): Float64Array {
  const known = OFFSETS.get(shapes);
  if (known?.axis === axis) return known.starts;
  const starts = new Float64Array(shapes.length);
  for (let i = 1; i < shapes.length; i++) starts[i] = starts[i - 1] + shapes[i - 1][axis];
  OFFSETS.set(shapes, { axis, starts });
  return starts;
}

/** Position `i` (of `width`) of a partial axis needs chunk `i` of the axis it was reduced from. */
function chunksOf(axis: number, grid: ChunkAxis, width: number): AxisRule {
  return {
    axis,
    map: ([lo, hi]) => [
      chunkStart(grid, Math.floor(lo / width)),
      chunkStop(grid, Math.max(Math.floor(lo / width), Math.ceil(hi / width) - 1)),
    ],
    cut: (chunks) => (cutBy(chunks, width) && chunkCount(chunks) === chunkCount(grid) ? grid : null),
  };
}

function cutBy(chunks: ChunkAxis, width: number): boolean {
  return chunks.kind === "regular" && chunks.chunk === width;
}

/** The box of argument number `which` that `box` of the step needs. */
export function argumentBox(
  step: StepKind,
  which: number,
  shape: Shape,
  argShapes: readonly Shape[],
  box: Box,
): Box {
  const intervals = axisRules(step, which, shape, argShapes).map(({ axis, map }): Interval =>
    axis === null ? map([0, 0]) : map([box.start[axis], box.start[axis] + box.shape[axis]]),
  );
  return { start: intervals.map(([lo]) => lo), shape: intervals.map(([lo, hi]) => hi - lo) };
}
