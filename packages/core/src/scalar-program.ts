/**
 * Owns scalar programs: what one element of a fused elementwise chain computes, as data.
 * Every operation is typed and its arguments have just the dtypes it computes in, so a kernel never promotes.
 */
import type { Dtype } from "./dtype.js";
import type { OperatorName } from "./operator.js";
import type { Scalar } from "./promotion.js";

/** One operation; `args` are numbers of earlier operations of the same program. */
export type ScalarOp =
  | { readonly op: "input"; readonly input: number; readonly dtype: Dtype }
  | { readonly op: "constant"; readonly value: Scalar; readonly dtype: Dtype }
  | { readonly op: "cast"; readonly args: readonly [number]; readonly dtype: Dtype }
  /** `args` = condition (bool), value where true, value where false. */
  | { readonly op: "where"; readonly args: readonly [number, number, number]; readonly dtype: Dtype }
  | { readonly op: OperatorName; readonly args: readonly number[]; readonly dtype: Dtype };

/** The last operation is the result. `inputs` are the dtypes of the blocks it reads. */
export interface ScalarProgram {
  readonly inputs: readonly Dtype[];
  readonly ops: readonly ScalarOp[];
}

/** Dtype of the result. */
export function resultDtype(program: ScalarProgram): Dtype {
  return program.ops[program.ops.length - 1].dtype;
}

/** Name of a program's shape, the same for equal programs: the key of compiled kernels. */
export function signatureKey(program: ScalarProgram): string {
  return program.ops
    .map((op) =>
      op.op === "input"
        ? `i${op.input}:${op.dtype}`
        : op.op === "constant"
          ? `c${typeof op.value === "bigint" ? `${op.value}n` : Object.is(op.value, -0) ? "-0" : String(op.value)}:${op.dtype}`
          : `${op.op}(${op.args.join(",")}):${op.dtype}`,
    )
    .join(";");
}
