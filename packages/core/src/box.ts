/**
 * Owns boxes (hyperslabs: start and length on every axis) and selections of an axis
 * (a slice with a step, or a list of positions). Pure arithmetic.
 */
import type { Shape } from "./shape.js";

/** A contiguous box: `start[i] .. start[i] + shape[i]` on axis `i`. */
export interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/** Positions `start, start + step, …`, `length` of them; `step` is not 0 and may be negative. */
export interface Slice {
  readonly kind: "slice";
  readonly start: number;
  readonly step: number;
  readonly length: number;
}

/** Positions in any order, repeats allowed. */
export interface Positions {
  readonly kind: "positions";
  readonly positions: Int32Array;
}

export type AxisSelection = Slice | Positions;

export function wholeBox(shape: Shape): Box {
  return { start: shape.map(() => 0), shape: [...shape] };
}

export function slice(start: number, length: number, step = 1): Slice {
  return { kind: "slice", start, step, length };
}

export function positions(list: ArrayLike<number>): Positions {
  return { kind: "positions", positions: Int32Array.from(list) };
}

export function selectionLength(selection: AxisSelection): number {
  return selection.kind === "slice" ? selection.length : selection.positions.length;
}

export function positionAt(selection: AxisSelection, index: number): number {
  return selection.kind === "slice" ? selection.start + index * selection.step : selection.positions[index];
}

/** True for the selection that takes an axis of this length as it is. */
export function isWhole(selection: AxisSelection, length: number): boolean {
  return (
    selection.kind === "slice" && selection.start === 0 && selection.step === 1 && selection.length === length
  );
}

/** `inner` applied to what `outer` selected: one selection of the original axis. */
export function composeSelections(outer: AxisSelection, inner: AxisSelection): AxisSelection {
  if (outer.kind === "slice" && inner.kind === "slice")
    return slice(outer.start + inner.start * outer.step, inner.length, outer.step * inner.step);
  const length = selectionLength(inner);
  const out = new Int32Array(length);
  for (let i = 0; i < length; i++) out[i] = positionAt(outer, positionAt(inner, i));
  return { kind: "positions", positions: out };
}

/** The smallest interval `[lo, hi)` that holds every selected position; `[0, 0)` for none. */
export function boundsOfSelection(selection: AxisSelection): readonly [number, number] {
  const length = selectionLength(selection);
  if (length === 0) return [0, 0];
  if (selection.kind === "slice") {
    const last = selection.start + (length - 1) * selection.step;
    return [Math.min(selection.start, last), Math.max(selection.start, last) + 1];
  }
  let lo = Infinity;
  let hi = -Infinity;
  for (const position of selection.positions) {
    if (position < lo) lo = position;
    if (position > hi) hi = position;
  }
  return [lo, hi + 1];
}

/** The same positions counted from `origin`: what a reader of a box that starts there has to pick. */
export function shiftSelection(selection: AxisSelection, origin: number): AxisSelection {
  return selection.kind === "slice"
    ? slice(selection.start - origin, selection.length, selection.step)
    : { kind: "positions", positions: selection.positions.map((position) => position - origin) };
}

/** The part of a selection that stands at outputs `start .. start + length`. */
export function restrictSelection(selection: AxisSelection, start: number, length: number): AxisSelection {
  return selection.kind === "slice"
    ? slice(selection.start + start * selection.step, length, selection.step)
    : { kind: "positions", positions: selection.positions.subarray(start, start + length) };
}
