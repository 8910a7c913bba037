/** Owns the question which elements of a chunk a copy looks at, as a few intervals. Pure arithmetic. */
import type { Spans } from "@hyperslab/codecs/spans";
import { boundsOfSelection, positionAt, selectionLength } from "@hyperslab/core/box";
import type { AxisCopy } from "./strided-copy.js";

/** More intervals than this cost more to go through than they save. */
const MOST = 256;

/**
 * Intervals of a chunk of `size` elements that hold all that is copied from it, in ascending order; undefined where
 * that is nearly all of it. Outer axes are told position by position, inner ones by their bounds.
 */
export function spansOf(axes: readonly AxisCopy[], size: number): Spans | undefined {
  let starts = [0];
  let axis = 0;
  // an axis taken in order, while the list stays short
  for (; axis < axes.length; axis++) {
    const { from, fromStride } = axes[axis];
    const count = selectionLength(from);
    if (starts.length * count > MOST || (from.kind === "slice" ? from.step < 0 : count > 1)) break;
    const next: number[] = [];
    for (const start of starts)
      for (let i = 0; i < count; i++) next.push(start + positionAt(from, i) * fromStride);
    starts = next;
  }
  let [lo, hi] = [0, 1];
  for (const { from, fromStride } of axes.slice(axis)) {
    const [first, stop] = boundsOfSelection(from);
    if (stop === first) return [];
    lo += first * fromStride;
    hi += (stop - 1) * fromStride;
  }
  const spans: number[] = [];
  let covered = 0;
  for (const start of starts) {
    const last = spans.length - 1;
    covered += hi - lo;
    if (last > 0 && start + lo <= spans[last]) spans[last] = start + hi;
    else spans.push(start + lo, start + hi);
  }
  return covered > 0.9 * size ? undefined : spans;
}
