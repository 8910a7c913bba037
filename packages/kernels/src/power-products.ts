/**
 * Owns powers by a constant that products, a root or a quotient give: programs are rewritten before either engine
 * sees them, so both compute the same. Other powers stay.
 */
import { isFloat, isInteger } from "@hyperslab/core/dtype";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";

type Power = Extract<ScalarOp, { readonly args: readonly number[] }>;
/** Adds an operation and gives its number. */
type Add = (op: ScalarOp) => number;

/** Squarings and products of larger exponents of integers would be no quicker than the loop over their bits. */
const MOST = 64;

const rewritten: WeakMap<ScalarProgram, ScalarProgram> = new WeakMap();

/**
 * The program with its short powers written out, as NumPy does for scalars: x² and (float64, or rounded once) x³ as
 * products, x^½ as a root, x^-1 as a quotient, x¹ as x; of integers every power to the 64th.
 */
export function withProducts(program: ScalarProgram): ScalarProgram {
  if (!program.ops.some((op) => op.op === "power")) return program;
  let made = rewritten.get(program);
  if (!made) rewritten.set(program, (made = rewrite(program)));
  return made;
}

function rewrite(program: ScalarProgram): ScalarProgram {
  const ops: ScalarOp[] = [];
  const place: number[] = [];
  const add: Add = (op) => ops.push(op) - 1;
  for (const op of program.ops) {
    if (op.op === "input" || op.op === "constant") {
      place.push(add(op));
      continue;
    }
    const args = op.args.map((arg) => place[arg]);
    const moved = { ...op, args } as Power;
    const exponent = op.op === "power" ? program.ops[op.args[1]] : undefined;
    const short =
      exponent?.op === "constant" && typeof exponent.value !== "string"
        ? written(moved, Number(exponent.value), add)
        : null;
    place.push(short ?? add(moved));
  }
  // the result is what stands last
  const last = place[place.length - 1];
  if (last === ops.length - 1) return { inputs: program.inputs, ops };
  return { inputs: program.inputs, ops: [...ops, { op: "cast", args: [last], dtype: ops[last].dtype }] };
}

/** Number of the operation that gives `args[0]` to the power of `exponent`; null where it stays a power. */
function written({ args: [x], dtype }: Power, exponent: number, add: Add): number | null {
  const both = (op: "multiply" | "divide", a: number, b: number, of = dtype): number =>
    add({ op, args: [a, b], dtype: of });
  if (exponent === 1) return x;
  if (exponent === 2) return add({ op: "square", args: [x], dtype });
  if (isInteger(dtype)) {
    if (!(exponent > 2 && exponent <= MOST)) return null;
    let result = -1;
    let factor = x;
    for (let rest = exponent; rest > 0; rest >>= 1) {
      if (rest & 1) result = result < 0 ? factor : both("multiply", result, factor);
      if (rest > 1) factor = add({ op: "square", args: [factor], dtype });
    }
    return result;
  }
  if (!isFloat(dtype)) return null;
  if (exponent === 0.5) return add({ op: "sqrt", args: [x], dtype });
  if (exponent === -1) return both("divide", add({ op: "constant", value: 1, dtype }), x);
  if (exponent !== 3) return null;
  if (dtype === "float64") return both("multiply", add({ op: "square", args: [x], dtype }), x);
  // rounded once, from float64
  const wide = add({ op: "cast", args: [x], dtype: "float64" });
  const square = add({ op: "square", args: [wide], dtype: "float64" });
  return add({ op: "cast", args: [both("multiply", square, wide, "float64")], dtype });
}
