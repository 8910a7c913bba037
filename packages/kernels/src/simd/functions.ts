/** Owns the table of transcendental functions on two float64 lanes. */
import type { OperatorName } from "@hyperslab/core/operator";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Assembler, Local } from "./assembler.js";
import { cosh, expm1, expOf, sinh, tanh } from "./exponential.js";
import { log10, log1p, log2, logOf } from "./logarithm.js";
import { hypot, powerOf, powerSingle } from "./power.js";
import { expSingle, logSingle } from "./singles.js";
import { acos, asin, atan, atan2, cos, sin, tan } from "./trigonometric.js";

export type DoubleFunction = (asm: Assembler, x: Local) => Local;
export type DoubleFunction2 = (asm: Assembler, x: Local, y: Local) => Local;

const UNARY: Partial<Record<OperatorName, (single: boolean) => DoubleFunction>> = {
  expm1,
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
const BINARY: Partial<Record<OperatorName, (single: boolean) => DoubleFunction2>> = { atan2, hypot };

/** Functions of all vectors of a group, given argument by argument, so that what is rare is asked for once. */
export type GroupFunction = (asm: Assembler, ...args: readonly (readonly Local[])[]) => Local[];

const GROUPS: Record<"float32" | "float64", Partial<Record<OperatorName, GroupFunction>>> = {
  float32: { exp: expSingle, log: logSingle, power: powerSingle },
  float64: { exp: expOf, log: logOf, power: powerOf },
};
/** Vectors that are computed at once: more would leave the registers. */
const TEAM = 2;

/** The function on vectors of a dtype; null where there is only that of single vectors of float64. */
export function groupFunction(name: OperatorName, dtype: "float32" | "float64"): GroupFunction | null {
  const of = GROUPS[dtype][name];
  if (!of) return null;
  return (asm, ...args) => {
    const out: Local[] = [];
    for (let i = 0; i < args[0].length; i += TEAM)
      out.push(...of(asm, ...args.map((arg) => arg.slice(i, i + TEAM))));
    return out;
  };
}

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
