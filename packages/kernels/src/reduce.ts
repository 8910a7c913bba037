/**
 * Owns reductions of blocks: elements → partial state → combined state → result. Knows no plans:
 * which blocks are combined, and where, is decided elsewhere.
 */
import type { Block } from "@hyperslab/core/block";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import type { Reduction } from "@hyperslab/core/reduction";
import { resultDtype, type ScalarProgram } from "@hyperslab/core/scalar-program";
import { type Shape, stridesOf } from "@hyperslab/core/shape";
import { checkOperands } from "./elementwise.js";
import { canonicalLoop, eachPosition } from "./loop.js";
import type { Operand } from "./operand.js";
import { type Engine, reduceToPlanes } from "./reduce-loop.js";
import { isOrdered, type Reducing, stateShape } from "./reduce-source.js";
import { compileRowMerge } from "./reduction-source.js";
import { allocatePlanes, isMeanOfTimes, openPlanes, sealPlanes } from "./reduction-state.js";

/**
 * The partial state of `operand`, looped over `shape`, along `axes`: one block for each field of
 * core's `stateOf`, reduced axes of length 1. `origin` is where the block's first element stands on
 * the reduced axis; positions (argmin, argmax, first, last) count from there, and take one axis.
 *
 * NaN and NaT are left out with `skipna`, else they win. Floats accumulate in float64, and integers
 * wrap at 64 bits. What no element reached keeps the identity: 0 or 1, the far end of the dtype
 * (without `skipna`) or missing (with), position -1.
 * @throws DtypeError, ShapeError for an operand that doesn't fit
 */
export function reducePartial(
  reduction: Reduction,
  operand: Operand,
  shape: Shape,
  axes: readonly number[],
  origin: number,
): Block[] {
  const program: ScalarProgram = {
    inputs: [operand.dtype],
    ops: [{ op: "input", input: 0, dtype: operand.dtype }],
  };
  return reduceProgram(program, [operand], reduction, shape, axes, origin);
}

/** {@link reducePartial} of what `program` computes, without storing it: one fused loop. */
export function reduceProgram(
  program: ScalarProgram,
  operands: readonly Operand[],
  reduction: Reduction,
  shape: Shape,
  axes: readonly number[],
  origin: number,
): Block[] {
  return reduceWork({ program, operands, shape, axes, origin, grouping: null }, reduction);
}

/** A reduction, grouped or not. @throws DtypeError, ShapeError */
export function reduceWork(work: Reducing, reduction: Reduction, engine: Engine = "best"): Block[] {
  checkOperands(work.program, work.operands, work.shape);
  if (resultDtype(work.program) !== reduction.dtype)
    throw new DtypeError({
      dtype: reduction.dtype,
      operation: reduction.name,
      found: `elements of ${resultDtype(work.program)}`,
    });
  if (work.axes.length !== 1 && isOrdered(reduction) && !isMeanOfTimes(reduction))
    throw new ShapeError({
      asked: `${reduction.name} along axes (${work.axes.join(", ")})`,
      found: `${work.axes.length} axes`,
      hint: "positions are counted along one axis: reduce one at a time",
    });
  return sealPlanes(reduction, reduceToPlanes(work, reduction, engine), stateShape(work));
}

/**
 * Merges states: along each of `axes` the fields have k·width positions, and the k stretches become
 * one, in the order of their index. The other axes stay.
 */
export function combineStates(
  reduction: Reduction,
  fields: readonly Block[],
  axes: readonly { readonly axis: number; readonly width: number }[],
): Block[] {
  const { shape } = fields[0];
  const widths = shape.map((length, axis) => axes.find((one) => one.axis === axis)?.width ?? length);
  // every combined axis becomes two: which stretch, and where in it
  const outStrides = stridesOf(widths);
  const inStrides = stridesOf(shape);
  const split: number[] = [];
  const from: number[] = [];
  const into: number[] = [];
  shape.forEach((length, axis) => {
    const width = widths[axis];
    if (width === 0 || length % width !== 0)
      throw new ShapeError({
        asked: `combine stretches of ${width} along axis ${axis}`,
        found: `a length of ${length}`,
      });
    split.push(length / width, width);
    from.push(inStrides[axis] * width, inStrides[axis]);
    into.push(0, outStrides[axis]);
  });
  const out = allocatePlanes(
    reduction,
    widths.reduce((a, b) => a * b, 1),
  );
  const planes = openPlanes(reduction, fields);
  const merge = compileRowMerge(reduction);
  const stretches = split.map((_, i) => i).filter((i) => i % 2 === 0);
  const { axes: loop, offsets } = canonicalLoop(
    split,
    [
      { offset: 0, strides: from },
      { offset: 0, strides: into },
    ],
    stretches,
  );
  const last = loop.at(-1);
  const rows = last?.role === "keep" && last.strides[0] === 1 && last.strides[1] === 1;
  eachPosition(rows ? loop.slice(0, -1) : loop, offsets, (at) => {
    merge(out, at[1], planes, at[0], rows ? last.length : 1);
  });
  return sealPlanes(reduction, out, widths);
}
