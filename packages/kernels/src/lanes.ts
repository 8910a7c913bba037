/**
 * Owns the view of a block as lanes: the stretches along one axis that scans and sliding windows run
 * through, each by itself. Knows no dtype and no operation.
 */
import { ShapeError } from "@hyperslab/core/errors";
import { normaliseAxis, type Shape, sameShape, stridesOf } from "@hyperslab/core/shape";
import type { Block } from "@hyperslab/core/block";
import { canonicalLoop, type LoopAxis } from "./loop.js";
import type { Operand } from "./operand.js";

/** Lanes of one operand (strides and offsets number 0) and one result (number 1), in elements. */
export interface Lanes {
  /** Elements of a lane of the operand. */
  readonly length: number;
  /** Elements of a lane of the result. */
  readonly outLength: number;
  /** Steps along a lane. */
  readonly strides: readonly [number, number];
  /** The axes that lead from lane to lane. */
  readonly outer: readonly LoopAxis[];
  /** First element of the first lane. */
  readonly offsets: readonly number[];
}

/**
 * The lanes of `operand`, looped over `shape`, along `axis`. The result has `shape`, but on `axis` any length.
 * @throws ShapeError for an axis, an operand or a result that doesn't fit
 */
export function lanesOf(operation: string, operand: Operand, shape: Shape, axis: number, out: Block): Lanes {
  const along = normaliseAxis(axis, shape.length);
  const outLength = out.shape[along];
  const fits = shape.map((length, i) => (i === along ? outLength : length));
  if (operand.strides.length !== shape.length || !sameShape(out.shape, fits))
    throw new ShapeError({
      asked: `${operation} over (${shape.join(", ")}) along axis ${along}`,
      found: `an operand of rank ${operand.strides.length} and a block of (${out.shape.join(", ")})`,
    });
  const outStrides = stridesOf(out.shape);
  const others = shape.map((length, i) => (i === along ? 1 : length));
  const { axes, offsets } = canonicalLoop(others, [operand, { offset: 0, strides: outStrides }]);
  return {
    length: shape[along],
    outLength,
    strides: [operand.strides[along], outStrides[along]],
    outer: axes,
    offsets,
  };
}
