/**
 * Owns reductions of blocks: elements → partial state → combined state → result. Knows no plans:
 * which blocks are combined, and where, is decided elsewhere.
 */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { type Reduction, stateOf } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Shape } from "@hyperslab/core/shape";
import type { Operand } from "./operand.js";
import { withProducts } from "./power-products.js";
import { type Engine, reduceToPlanes } from "./reduce-loop.js";
import { checkReducing, type Reducing, stateShape } from "./reduce-source.js";
import { sealPlanes } from "./reduction-state.js";
import { StateAccumulator } from "./state-accumulator.js";

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
  checkReducing(work, reduction);
  const short = { ...work, program: withProducts(work.program) };
  return sealPlanes(reduction, reduceToPlanes(short, reduction, engine), stateShape(work));
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
  const states = stateOf(reduction).map((dtype) => allocateBlock(dtype, widths));
  const accumulator = new StateAccumulator(reduction, states);
  accumulator.merge(fields, axes);
  return accumulator.seal();
}
