/** Owns the way from a scalar program to vector instructions: eight elements at a time. */
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import type { OperatorName } from "@hyperslab/core/operator";
import { isBig } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import { holdScalar } from "../program-source.js";
import type { Arena } from "./arena.js";
import type { Assembler, Local } from "./assembler.js";
import { castVector } from "./cast.js";
import { operateVector } from "./operator.js";
import { isVectorDtype, load, loadSplat, resizeMask, type Vector } from "./vector.js";

/** Bytes between constants in the memory that a kernel reads them from. */
const CONSTANT_BYTES = 8;
/** More inputs than this have no room for their tiles. */
const MAX_INPUTS = 24;

/** True for programs made of dtypes that kernels know; their operators may still be refused. */
export function isVectorProgram(program: ScalarProgram): boolean {
  return (
    program.inputs.length <= MAX_INPUTS &&
    program.ops.length <= 512 &&
    program.ops.every((op) => isVectorDtype(op.dtype))
  );
}

/**
 * What kernels of one shape share: operations and dtypes, and which inputs are one element for all,
 * but no constant's value.
 */
export function programKey(program: ScalarProgram, splats: readonly boolean[]): string {
  const text = (op: ScalarOp): string => {
    if (op.op === "input") return `${splats[op.input] ? "s" : "i"}${op.input}:${op.dtype}`;
    if (op.op === "constant") return `c:${op.dtype}`;
    return `${op.op}(${op.args.join(",")}):${op.dtype}`;
  };
  return program.ops.map(text).join(";");
}

/** Writes a program's constants where its kernel will look for them. */
export function writeConstants(program: ScalarProgram, arena: Arena, address: number): void {
  let at = address;
  for (const op of program.ops) {
    if (op.op !== "constant") continue;
    const view = new DataView(arena.memory.buffer, at, CONSTANT_BYTES);
    const value = holdScalar(op.value, op.dtype);
    if (isBig(op.dtype)) view.setBigInt64(0, BigInt.asIntN(64, value as bigint), true);
    else if (op.dtype === "float64") view.setFloat64(0, value as number, true);
    else if (op.dtype === "float32") view.setFloat32(0, value as number, true);
    else if (op.dtype === "float16") view.setUint16(0, toFloat16(value as number), true);
    else view.setInt32(0, value as number, true);
    at += CONSTANT_BYTES;
  }
}

/** What stays the same from turn to turn of the loop: constants, and inputs of one element. */
export interface Steady {
  readonly constants: readonly Vector[];
  readonly splats: readonly (Vector | null)[];
}

/** Loads what is steady, before the loop. */
export function loadSteady(
  asm: Assembler,
  program: ScalarProgram,
  splats: readonly boolean[],
  constants: Local,
  inputs: readonly Local[],
): Steady {
  const list = program.ops.filter((op) => op.op === "constant");
  return {
    constants: list.map((op, i) => loadSplat(asm, op.dtype, constants, i * CONSTANT_BYTES)),
    splats: program.inputs.map((dtype, k) => (splats[k] ? loadSplat(asm, dtype, inputs[k], 0) : null)),
  };
}

/** Eight results of a program; null where an operation is not known here. */
export function emitProgram(
  asm: Assembler,
  program: ScalarProgram,
  steady: Steady,
  inputs: readonly Local[],
): Vector | null {
  const values: Vector[] = [];
  let constants = 0;
  for (const op of program.ops) {
    const value: Vector | null =
      op.op === "constant"
        ? steady.constants[constants++]
        : op.op === "input"
          ? (steady.splats[op.input] ?? load(asm, op.dtype, inputs[op.input]))
          : emitOp(asm, program, op, values);
    if (!value) return null;
    values.push(value);
  }
  return values[values.length - 1];
}

function emitOp(
  asm: Assembler,
  program: ScalarProgram,
  op: Exclude<ScalarOp, { op: "input" } | { op: "constant" }>,
  values: readonly Vector[],
): Vector | null {
  const args = op.args.map((arg) => values[arg]);
  const dtypes = op.args.map((arg) => program.ops[arg].dtype);
  if (op.op === "cast") return castVector(asm, dtypes[0], op.dtype, args[0]);
  if (op.op === "where") {
    const [condition, yes, no] = args;
    const bits = op.dtype === "bool" ? (Math.max(yes.bits, no.bits) as Vector["bits"]) : yes.bits;
    const [a, b] = op.dtype === "bool" ? [resizeMask(asm, yes, bits), resizeMask(asm, no, bits)] : [yes, no];
    const mask = resizeMask(asm, condition, bits);
    return { bits, regs: mask.regs.map((reg, r) => asm.choose(reg, a.regs[r], b.regs[r])) };
  }
  return operateVector(asm, op.op as OperatorName, dtypes, op.dtype, args);
}
