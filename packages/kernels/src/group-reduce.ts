/** Owns reductions by group: elements of one axis go to the groups that their codes name. */
import type { Block } from "@hyperslab/core/block";
import { ShapeError } from "@hyperslab/core/errors";
import type { Reduction } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Shape } from "@hyperslab/core/shape";
import type { Operand } from "./operand.js";
import { reduceWork } from "./reduce.js";

/**
 * The partial state of each group: fields as in `reducePartial`, the axis `groups` long. `codes[i]`
 * names the group of element `i` of this block's stretch of the axis; negative codes belong to none.
 * `origin` is where that stretch starts. A group without elements keeps the identity, so that
 * finishing gives NaN, NaT, count 0, sum 0, or (integers) the identity itself: callers who promise
 * missing values for integers cast to float first.
 * @throws ShapeError for codes that don't fit
 */
export function groupReducePartial(
  reduction: Reduction,
  operand: Operand,
  shape: Shape,
  axis: number,
  codes: Int32Array,
  groups: number,
  origin: number,
): Block[] {
  const program: ScalarProgram = {
    inputs: [operand.dtype],
    ops: [{ op: "input", input: 0, dtype: operand.dtype }],
  };
  return groupReduceProgram(program, [operand], reduction, shape, axis, codes, groups, origin);
}

/** {@link groupReducePartial} of what `program` computes, in one fused loop. */
export function groupReduceProgram(
  program: ScalarProgram,
  operands: readonly Operand[],
  reduction: Reduction,
  shape: Shape,
  axis: number,
  codes: Int32Array,
  groups: number,
  origin: number,
): Block[] {
  if (codes.length !== shape[axis])
    throw new ShapeError({
      asked: `group along axis ${axis} of length ${shape[axis]}`,
      found: `${codes.length} codes`,
    });
  for (const code of codes)
    if (code >= groups) throw new ShapeError({ asked: `group into ${groups} groups`, found: `code ${code}` });
  return reduceWork(
    { program, operands, shape, axes: [axis], origin, grouping: { axis, codes, groups } },
    reduction,
  );
}
