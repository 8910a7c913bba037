/**
 * Owns the way from a scalar program to JavaScript text: checks every operation, then writes one
 * `const` a line. Knows no loops: those who do put the lines inside theirs.
 */
import { type Dtype, isBig, isDtype, isTime, NAT } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError } from "@hyperslab/core/errors";
import { OPERATOR_NAMES, type OperatorName, signatureOf } from "@hyperslab/core/operator";
import type { Scalar } from "@hyperslab/core/promotion";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { castSource } from "./cast-source.js";
import { operatorSource } from "./scalar-source.js";
import * as functions from "./functions.js";
import * as runtime from "./scalar-runtime.js";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";

/** What the generated text may name: `K` runtime and functions, `F` rounding to float32, `NAT`, the half codecs. */
export const SCOPE_NAMES: readonly string[] = ["K", "F", "NAT", "fromHalf", "toBits", "C"];

/** The values of {@link SCOPE_NAMES}. `constants` become `C`. */
export function scopeOf(constants: readonly unknown[]): unknown[] {
  const known = { ...runtime, ...functions, same: (x: number) => x };
  return [known, Math.fround, NAT, fromFloat16, toFloat16, constants];
}

/** A value as generated loops hold it: bool as 0 or 1, float16 as its number, int64 and times as bigint. */
export type Held = number | bigint | string;

/** A JavaScript scalar as a held value of `dtype`. @throws DtypeError where it is not one */
export function holdScalar(value: Scalar, dtype: Dtype): Held {
  const wrong = (): never => {
    throw new DtypeError({
      dtype,
      operation: "constant",
      found: `${typeof value} ${String(value)}`,
      hint: "give a value of the constant's dtype",
    });
  };
  if (dtype === "string") return typeof value === "string" ? value : wrong();
  if (typeof value === "string") return wrong();
  if (dtype === "bool") return Number(Boolean(value));
  if (isBig(dtype)) {
    if (typeof value === "bigint") return value;
    if (typeof value === "boolean") return BigInt(value);
    if (isTime(dtype) && value !== value) return NAT;
    return Number.isInteger(value) ? BigInt(value) : wrong();
  }
  const number = Number(value);
  if (dtype === "float32") return Math.fround(number);
  if (dtype === "float16") return runtime.doubleToHalf(number);
  if (dtype !== "float64" && !Number.isInteger(number)) return wrong();
  return number;
}

/** A held value as the scalar that users see. */
export function scalarOf(held: Held, dtype: Dtype): Scalar {
  return dtype === "bool" ? held !== 0 : held;
}

/** Checks that a program is well formed and typed as `core` prescribes. @throws DtypeError, ArgumentError */
export function checkProgram(program: ScalarProgram): void {
  if (program.ops.length === 0) bad(program, "no operation");
  program.ops.forEach((op, index) => checkOp(program, op, index));
}

function bad(program: ScalarProgram, found: string): never {
  throw new ArgumentError({
    asked: `scalar program of ${program.ops.length} operations`,
    found,
    hint: "build programs from core's operators and their signatures",
  });
}

function checkOp(program: ScalarProgram, op: ScalarOp, index: number): void {
  if (!isDtype(op.dtype)) bad(program, `unknown dtype ${String(op.dtype)}`);
  if (op.op === "input") {
    if (program.inputs[op.input] !== op.dtype)
      bad(program, `input ${op.input} read as ${op.dtype}, but it is ${program.inputs[op.input]}`);
    return;
  }
  if (op.op === "constant") return void holdScalar(op.value, op.dtype);
  const dtypes = op.args.map((arg) => {
    if (!Number.isInteger(arg) || arg < 0 || arg >= index) bad(program, `operation ${index} reads ${arg}`);
    return program.ops[arg].dtype;
  });
  const typed = (expected: readonly Dtype[]): void => {
    if (expected.length !== dtypes.length || expected.some((dtype, i) => dtype !== dtypes[i]))
      bad(program, `${op.op} over ${dtypes.join(", ")} where it computes in ${expected.join(", ")}`);
  };
  if (op.op === "cast") return typed([dtypes[0]]);
  if (op.op === "where") return typed(["bool", op.dtype, op.dtype]);
  if (!OPERATOR_NAMES.includes(op.op)) bad(program, `unknown operator ${String(op.op)}`);
  const { compute, result } = signatureOf(op.op, dtypes);
  typed(compute);
  if (result !== op.dtype) bad(program, `${op.op} as ${op.dtype} where it gives ${result}`);
}

/** The text of a program: lines that define variables, the variable of the result, and the constants. */
export interface ProgramSource {
  readonly lines: readonly string[];
  readonly result: string;
  readonly constants: readonly Held[];
}

/** Source of a checked program; `load(input)` is the source that reads an element of an input. */
export function programSource(program: ScalarProgram, load: (input: number) => string): ProgramSource {
  const constants: Held[] = [];
  const names: string[] = [];
  const lines: string[] = [];
  program.ops.forEach((op, index) => {
    if (op.op === "constant") {
      // named outside the loop by whoever builds it: see `constantLines`
      names.push(`c${constants.length}`);
      constants.push(holdScalar(op.value, op.dtype));
      return;
    }
    names.push(`t${index}`);
    const expression = op.op === "input" ? load(op.input) : opSource(program, op, names);
    lines.push(`const t${index}=${expression};`);
  });
  return { lines, result: names[names.length - 1], constants };
}

/** Lines, to stand outside the loop, that name the constants. */
export function constantLines(source: ProgramSource): string[] {
  return source.constants.map((_, i) => `const c${i}=C[${i}];`);
}

function opSource(
  program: ScalarProgram,
  op: Exclude<ScalarOp, { op: "input" } | { op: "constant" }>,
  names: readonly string[],
): string {
  const args = op.args.map((arg) => names[arg]);
  const dtypes = op.args.map((arg) => program.ops[arg].dtype);
  if (op.op === "cast") return castSource(dtypes[0], op.dtype, args[0]);
  if (op.op === "where") return `(${args[0]}!==0?${args[1]}:${args[2]})`;
  return operatorSource(op.op as OperatorName, dtypes, op.dtype, args);
}

/** Source that reads element `index` of the array named `array` as a held value. */
export function loadSource(dtype: Dtype, array: string, index: string): string {
  return dtype === "float16" ? `fromHalf(${array}[${index}])` : `${array}[${index}]`;
}

/** Source of what is stored for the held value `value`. */
export function storedSource(dtype: Dtype, value: string): string {
  return dtype === "float16" ? `toBits(${value})` : value;
}
