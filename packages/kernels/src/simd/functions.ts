/** Owns the table of transcendental functions on two float64 lanes. */
import type { OperatorName } from "@hyperslab/core/operator";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Assembler, Local } from "./assembler.js";
import { cosh, exp, expm1, sinh, tanh } from "./exponential.js";
import { log, log10, log1p, log2 } from "./logarithm.js";
import { hypot, power } from "./power.js";
import { acos, asin, atan, atan2, cos, sin, tan } from "./trigonometric.js";

export type DoubleFunction = (asm: Assembler, x: Local) => Local;
export type DoubleFunction2 = (asm: Assembler, x: Local, y: Local) => Local;

const UNARY: Partial<Record<OperatorName, (single: boolean) => DoubleFunction>> = {
  exp,
  expm1,
  log,
  log1p,
  log2,
  log10,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
};
const BINARY: Partial<Record<OperatorName, (single: boolean) => DoubleFunction2>> = { atan2, power, hypot };

/** The function of one argument; with `single`, good for float32 is good enough. */
export function doubleFunction(name: OperatorName, single: boolean): DoubleFunction | null {
  return UNARY[name]?.(single) ?? null;
}

/** The function of two arguments. */
export function doubleFunction2(name: OperatorName, single: boolean): DoubleFunction2 | null {
  return BINARY[name]?.(single) ?? null;
}

/** True where kernels and the plain loops may differ in the last digits; such programs always take kernels. */
export function isTranscendental(program: ScalarProgram): boolean {
  return program.ops.some((op) => op.op in UNARY || op.op in BINARY);
}
