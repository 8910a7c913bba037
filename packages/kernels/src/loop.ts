/**
 * Owns canonical loops: a walk over several strided operands, its axes merged where memory allows.
 * Knows no dtype and no operator.
 */
import type { Shape } from "@hyperslab/core/shape";

/** What an axis means to the loop: kept in the result, or folded away. */
export type AxisRole = "keep" | "reduce";

/** One axis of a loop. `strides[k]` is operand `k`'s, in elements. */
export interface LoopAxis {
  readonly length: number;
  readonly role: AxisRole;
  readonly strides: readonly number[];
}

/** The walk `for axes[0] … for axes[n - 1]`, from these first elements. No axis has length 1. */
export interface Loop {
  readonly axes: readonly LoopAxis[];
  readonly offsets: readonly number[];
}

/** An operand of a loop, as far as a loop needs to know it. */
export interface Strided {
  readonly offset: number;
  readonly strides: readonly number[];
}

/**
 * The loop over `shape` with axes of length 1 dropped and neighbours of the same role merged
 * wherever one stride leads through both in every operand.
 */
export function canonicalLoop(
  shape: Shape,
  operands: readonly Strided[],
  reduced: readonly number[] = [],
): Loop {
  const axes: { length: number; role: AxisRole; strides: number[] }[] = [];
  shape.forEach((length, axis) => {
    if (length === 1) return;
    const role: AxisRole = reduced.includes(axis) ? "reduce" : "keep";
    const strides = operands.map((operand) => operand.strides[axis]);
    const last = axes[axes.length - 1];
    if (last && last.role === role && strides.every((stride, k) => last.strides[k] === stride * length)) {
      last.length *= length;
      last.strides = strides;
    } else axes.push({ length, role, strides });
  });
  return { axes, offsets: operands.map((operand) => operand.offset) };
}

/**
 * Calls `visit` at every position of `axes` in C order. `at[k]` is the element of operand `k`, and
 * the array is reused: read it, don't keep it.
 */
export function eachPosition(
  axes: readonly LoopAxis[],
  offsets: readonly number[],
  visit: (at: readonly number[]) => void,
): void {
  const at = [...offsets];
  const index = new Array<number>(axes.length).fill(0);
  if (axes.some((axis) => axis.length === 0)) return;
  for (;;) {
    visit(at);
    let d = axes.length - 1;
    for (; d >= 0; d--) {
      const { length, strides } = axes[d];
      if (++index[d] < length) {
        for (let k = 0; k < at.length; k++) at[k] += strides[k];
        break;
      }
      index[d] = 0;
      for (let k = 0; k < at.length; k++) at[k] -= strides[k] * (length - 1);
    }
    if (d < 0) return;
  }
}
