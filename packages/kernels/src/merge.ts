/** Owns the merging of finished partial states into one another, in place. */
import type { Block } from "@hyperslab/core/block";
import { ShapeError } from "@hyperslab/core/errors";
import type { Reduction } from "@hyperslab/core/reduction";
import { sameShape, sizeOf } from "@hyperslab/core/shape";
import { compileRowMerge } from "./reduction-source.js";
import { openRow, sealRow } from "./state-row.js";

/** Positions opened at a time: their counts stay in cache. */
const ROW = 4096;

/**
 * Merges the state `from`, which stands later on the reduced axes, into the state `into`, position by
 * position: just what `combineStates` makes of the two. Counts are exact up to 2^53.
 * @throws ShapeError for states of different shapes
 */
export function mergeStates(reduction: Reduction, into: readonly Block[], from: readonly Block[]): void {
  const { shape } = into[0];
  if (!sameShape(shape, from[0].shape))
    throw new ShapeError({
      asked: `merge a state of (${from[0].shape.join(", ")})`,
      found: `a state of (${shape.join(", ")})`,
      hint: "only states of the same positions can be merged",
    });
  const merge = compileRowMerge(reduction);
  const total = sizeOf(shape);
  for (let start = 0; start < total; start += ROW) {
    const n = Math.min(ROW, total - start);
    const row = openRow(reduction, into, start, n, 0);
    merge(row, 0, openRow(reduction, from, start, n, 1), 0, n);
    sealRow(reduction, row, into, start, n);
  }
}
