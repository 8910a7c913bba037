/**
 * Owns pieces: how a task that makes partial states, or groups, of much data goes through its argument piece by
 * piece, and which steps make the state of one piece. Pure arithmetic over programs; no data.
 */
import type { Box } from "./box.js";
import { type ChunkAxis, chunkCount, chunkOf, chunkStart, chunkStop } from "./chunk-grid.js";
import type { Step } from "./program.js";
import { stateOf } from "./reduction.js";
import { type SourceRef, isRemote } from "./source-ref.js";

/** A reduced axis that is streamed. */
export interface PieceAxis {
  readonly axis: number;
  /** Positions of the state for each chunk of `partial`. */
  readonly width: number;
  /** The chunks that a position of the step's own state stands for; null where it stands for all. */
  readonly partial: ChunkAxis | null;
  /** What enters that state one after another. */
  readonly pieces: ChunkAxis;
}

/** How the last step of a program is streamed. */
export interface Stream {
  readonly axes: readonly PieceAxis[];
  /** The steps with one state for each piece instead: to evaluate for the boxes that {@link pieceBoxes} gives. */
  readonly steps: readonly Step[];
  /** Numbers of the reducing steps, in the order of their fields in the result. */
  readonly reducing: readonly number[];
}

/** How a program is streamed; null for one that takes its argument as a whole. */
export function streamOf(steps: readonly Step[]): Stream | null {
  const last = steps.length - 1;
  const end = steps[last];
  const reducing = end.kind === "tuple" ? end.args : [last];
  const axes = pieceAxesOf(steps[reducing[0]]);
  if (axes.length === 0) return null;
  const streamed = steps.map((step, number) =>
    number === last || reducing.includes(number) ? inPieces(step, axes) : step,
  );
  return { axes, steps: streamed, reducing };
}

function pieceAxesOf(step: Step): PieceAxis[] {
  if (step.kind === "reduce") {
    const { axes, partial, pieces } = step;
    if (!partial || !pieces) return [];
    return axes.map((axis, k) => ({ axis, width: 1, partial: partial[k], pieces: pieces[k] }));
  }
  if (step.kind !== "groupReduce" || !step.pieces) return [];
  const { axis, groups, partial, pieces } = step;
  return [{ axis, width: groups, partial, pieces }];
}

function inPieces(step: Step, axes: readonly PieceAxis[]): Step {
  const shape = step.shape.map((length, i) => {
    const streamed = axes.find(({ axis }) => axis === i);
    return streamed ? chunkCount(streamed.pieces) * streamed.width : length;
  });
  if (step.kind === "reduce") {
    const { pieces: _pieces, ...rest } = step;
    return { ...rest, shape, partial: axes.map(({ pieces }) => pieces) };
  }
  if (step.kind === "groupReduce") {
    const { pieces: _pieces, ...rest } = step;
    return { ...rest, shape, partial: axes[0].pieces, fields: stateOf(step.reduction) };
  }
  return { ...step, shape };
}

/**
 * The boxes of the streamed steps that make up a box of the program's result, in the order in which they enter its
 * state. Null where the box holds several states, or a part of one.
 * @param only numbers of the pieces of the one streamed axis that are wanted, in order; all where not given
 */
export function pieceBoxes({ axes }: Stream, box: Box, only?: readonly number[]): Box[] | null {
  let boxes: Box[] = [box];
  for (const { axis, width, partial, pieces } of axes) {
    const from = box.start[axis];
    if (partial && (from % width !== 0 || box.shape[axis] !== width)) return null;
    const chunk = Math.floor(from / width);
    const lo = partial ? chunkStart(partial, chunk) : 0;
    const hi = partial ? chunkStop(partial, chunk) : pieces.length;
    // groups that are not all are those positions of every piece's state
    const within = from - chunk * width;
    const next: Box[] = [];
    for (const one of boxes)
      for (const piece of only ?? piecesBetween(pieces, lo, hi)) {
        if (chunkStart(pieces, piece) < lo || chunkStart(pieces, piece) >= hi) continue;
        next.push({
          start: one.start.map((at, i) => (i === axis ? piece * width + within : at)),
          shape: one.shape,
        });
      }
    boxes = next;
  }
  return boxes;
}

function piecesBetween(pieces: ChunkAxis, lo: number, hi: number): number[] {
  if (hi <= lo) return [];
  const first = chunkOf(pieces, lo);
  return Array.from({ length: chunkOf(pieces, hi - 1) - first + 1 }, (_, i) => first + i);
}

/** True where the next piece is asked for while one is computed: where answers come from far. */
export function readsAhead(sources: readonly SourceRef[]): boolean {
  return sources.some(({ store }) => isRemote(store));
}
