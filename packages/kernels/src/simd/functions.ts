/** Owns the table of transcendental functions on two float64 lanes. */
import type { OperatorName } from "@hyperslab/core/operator";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Assembler, Local } from "./assembler.js";

export type DoubleFunction = (asm: Assembler, x: Local) => Local;
export type DoubleFunction2 = (asm: Assembler, x: Local, y: Local) => Local;

/** The function of one argument; with `single`, good for float32 is good enough. */
export function doubleFunction(_name: OperatorName, _single: boolean): DoubleFunction | null {
  return null;
}
export function doubleFunction2(_name: OperatorName, _single: boolean): DoubleFunction2 | null {
  return null;
}

/** True where kernels and the plain loops may differ in the last digits; such programs always take kernels. */
export function isTranscendental(program: ScalarProgram): boolean {
  return program.ops.some(
    (op) =>
      op.op !== "input" &&
      op.op !== "constant" &&
      op.op !== "cast" &&
      op.op !== "where" &&
      (doubleFunction(op.op, false) !== null || doubleFunction2(op.op, false) !== null),
  );
}
