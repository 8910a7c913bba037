/**
 * Owns elementwise work: one pass over blocks that computes a whole scalar program for each element.
 * Loops are generated once for each program and kept. Knows nothing of reductions and grids.
 */
import type { Block } from "@hyperslab/core/block";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import { resultDtype, type ScalarProgram, signatureKey } from "@hyperslab/core/scalar-program";
import { type Shape, sameShape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { BlockData } from "@hyperslab/core/dtype";
import { canonicalLoop, eachPosition, type LoopAxis } from "./loop.js";
import type { Operand } from "./operand.js";
import { runKernel } from "./simd/elementwise.js";
import { withProducts } from "./power-products.js";
import { isTranscendental } from "./simd/functions.js";
import { kernelsAvailable } from "./simd/kernel.js";
import {
  checkProgram,
  constantLines,
  loadSource,
  programSource,
  SCOPE_NAMES,
  scopeOf,
  storedSource,
} from "./program-source.js";

/** Two nested loops: `n` rows of `m` elements. Numbers are, for each operand and the result: first, row stride, stride. */
type PlaneLoop = (data: readonly BlockData[], numbers: Float64Array, n: number, m: number) => void;

const loops: Map<string, PlaneLoop> = new Map();
const MAX_LOOPS = 4096;

/**
 * Computes `program` for every position of `shape` into `out`, which has that shape and the
 * program's dtype. Operand `k` is read where the program says `input k`; strides of 0 broadcast.
 * Values are NumPy's, rounded to its dtype after every operation, so fusing never changes them.
 * @throws DtypeError, ShapeError, ArgumentError for a program or operands that don't fit
 */
export function runElementwise(
  program: ScalarProgram,
  operands: readonly Operand[],
  shape: Shape,
  out: Block,
): void {
  checkOperands(program, operands, shape);
  if (out.dtype !== resultDtype(program))
    throw new DtypeError({
      dtype: out.dtype,
      operation: "elementwise",
      found: `a result of ${resultDtype(program)} for a block of ${out.dtype}`,
    });
  if (!sameShape(out.shape, shape))
    throw new ShapeError({
      asked: `elementwise over (${shape.join(", ")})`,
      found: `a block of (${out.shape.join(", ")})`,
    });
  const short = withProducts(program);
  const big = sizeOf(shape) >= WORTH || isTranscendental(short);
  if (big && kernelsAvailable()) {
    check(program);
    if (runKernel(short, operands, shape, out)) return;
  }
  runTwin(short, operands, shape, out);
}

/** Loops over fewer elements are done before a kernel would be compiled. */
export const WORTH = 4096;

const checked: WeakSet<ScalarProgram> = new WeakSet();

/** Checks a program once. */
function check(program: ScalarProgram): void {
  if (checked.has(program)) return;
  checkProgram(program);
  checked.add(program);
}

/** Checks that operands are those of a program. @throws DtypeError, ShapeError */
export function checkOperands(program: ScalarProgram, operands: readonly Operand[], shape: Shape): void {
  program.inputs.forEach((dtype, k) => {
    const operand = operands[k];
    if (operand?.dtype !== dtype)
      throw new DtypeError({ dtype, operation: "elementwise", found: `operand ${k} of ${operand?.dtype}` });
    if (operand.strides.length !== shape.length)
      throw new ShapeError({
        asked: `loop of rank ${shape.length}`,
        found: `operand ${k} of rank ${operand.strides.length}`,
      });
  });
}

/** The plain JavaScript way. */
export function runTwin(
  program: ScalarProgram,
  operands: readonly Operand[],
  shape: Shape,
  out: Block,
): void {
  const key = signatureKey(program);
  let run = loops.get(key);
  if (!run) {
    checkProgram(program);
    run = compile(program);
    if (loops.size >= MAX_LOOPS) loops.clear();
    loops.set(key, run);
  }
  const used = operands.slice(0, program.inputs.length);
  const { axes, offsets } = canonicalLoop(shape, [...used, { offset: 0, strides: stridesOf(shape) }]);
  const data = [...used.map((operand) => operand.data), out.data];
  const still: LoopAxis = { length: 1, role: "keep", strides: offsets.map(() => 0) };
  const row = axes.at(-1) ?? still;
  const column = axes.at(-2) ?? still;
  const numbers = new Float64Array(data.length * 3);
  eachPosition(axes.slice(0, -2), offsets, (at) => {
    for (let k = 0; k < data.length; k++) {
      numbers[3 * k] = at[k];
      numbers[3 * k + 1] = column.strides[k];
      numbers[3 * k + 2] = row.strides[k];
    }
    run(data, numbers, column.length, row.length);
  });
}

function compile(program: ScalarProgram): PlaneLoop {
  const source = programSource(program, (input) =>
    loadSource(program.inputs[input], `d${input}`, `p${input}`),
  );
  const used = program.inputs
    .map((_, k) => k)
    .filter((k) => program.ops.some((op) => op.op === "input" && op.input === k));
  const all = [...used, program.inputs.length];
  const each = (text: (k: number) => string): string => all.map(text).join("");
  const last = program.inputs.length;
  const body = [
    ...constantLines(source),
    "return (data,z,n,m)=>{",
    each(
      (k) => `const d${k}=data[${k}],s${k}=z[${3 * k + 2}]|0,r${k}=z[${3 * k + 1}];let q${k}=z[${3 * k}];`,
    ),
    "for(let j=0;j<n;j++){",
    each((k) => `let p${k}=q${k}|0;q${k}+=r${k};`),
    "for(let i=0;i<m;i++){",
    ...source.lines,
    `d${last}[p${last}]=${storedSource(resultDtype(program), source.result)};`,
    each((k) => `p${k}=(p${k}+s${k})|0;`),
    "}}}",
  ].join("\n");
  return new Function(...SCOPE_NAMES, body)(...scopeOf(source.constants)) as PlaneLoop;
}
