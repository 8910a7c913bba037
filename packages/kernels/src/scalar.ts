/**
 * Owns operators over single values, for folding constants. The one file of this package that
 * planners may import.
 */
import type { Dtype } from "@hyperslab/core/dtype";
import type { OperatorName } from "@hyperslab/core/operator";
import type { Scalar } from "@hyperslab/core/promotion";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import {
  checkProgram,
  constantLines,
  type Held,
  programSource,
  SCOPE_NAMES,
  scalarOf,
  scopeOf,
} from "./program-source.js";

/** A value and its dtype. */
export interface Constant {
  readonly value: Scalar;
  readonly dtype: Dtype;
}

/**
 * The value of one operation: what a block of these values would hold. `dtype` is that of the
 * result; arguments have the dtypes the operator computes in (`signatureOf`).
 * bool gives `boolean`, int64, uint64 and times give `bigint`, strings `string`, the others `number`.
 * @throws DtypeError, ArgumentError where the operation is not defined
 */
export function evaluateScalar(
  op: OperatorName | "cast" | "where",
  args: readonly Constant[],
  dtype: Dtype,
): Scalar {
  const constants: ScalarOp[] = args.map(({ value, dtype: of }) => ({ op: "constant", value, dtype: of }));
  const last = { op, args: args.map((_, i) => i), dtype } as ScalarOp;
  const program: ScalarProgram = { inputs: [], ops: [...constants, last] };
  checkProgram(program);
  const source = programSource(program, () => "undefined");
  const body = [...constantLines(source), ...source.lines, `return ${source.result};`].join("\n");
  return scalarOf(new Function(...SCOPE_NAMES, body)(...scopeOf(source.constants)) as Held, dtype);
}
