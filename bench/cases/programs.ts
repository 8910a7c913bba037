/** Owns the scalar programs that kernel cases run. */
import type { OperatorName } from "@hyperslab/core/operator";
import type { Dtype } from "@hyperslab/core/dtype";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";

/** A program from its operations: numbers are earlier operations, inputs come first. */
export function programOf(
  dtype: Dtype,
  inputs: number,
  ...operations: readonly (readonly [OperatorName, ...number[]])[]
): ScalarProgram {
  const reads = Array.from({ length: inputs }, (_, input): ScalarOp => ({ op: "input", input, dtype }));
  return {
    inputs: reads.map(() => dtype),
    ops: [...reads, ...operations.map(([op, ...args]): ScalarOp => ({ op, args, dtype }))],
  };
}
