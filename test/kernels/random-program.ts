/** Random scalar programs that core's signatures allow, and blocks to run them on. */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { type Dtype, isBig, isFloat, NAT } from "@hyperslab/core/dtype";
import { arityOf, OPERATOR_NAMES, type OperatorName, signatureOf } from "@hyperslab/core/operator";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { toFloat16 } from "@hyperslab/core/float16";

export const NUMERIC: readonly Dtype[] = [
  "bool",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "float16",
  "float32",
  "float64",
];
export const TIMES: readonly Dtype[] = ["datetime64[s]", "timedelta64[s]"];

/** A stream of numbers from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** A program of about `length` operations over some inputs; operators out of `names`. */
export function randomProgram(
  random: () => number,
  length: number,
  dtypes: readonly Dtype[],
  names: readonly OperatorName[] = OPERATOR_NAMES,
): ScalarProgram {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const inputs = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(dtypes));
  const ops: ScalarOp[] = inputs.map((dtype, input) => ({ op: "input", input, dtype }));
  const add = (op: ScalarOp): number => ops.push(op) - 1;
  const cast = (arg: number, dtype: Dtype): number =>
    ops[arg].dtype === dtype ? arg : add({ op: "cast", args: [arg], dtype });
  for (let tries = 0; ops.length < inputs.length + length && tries < 200; tries++) {
    const a = Math.floor(random() * ops.length);
    const b = Math.floor(random() * ops.length);
    const kind = random();
    try {
      if (kind < 0.1) {
        const dtype = pick(NUMERIC);
        if (ops[a].dtype !== dtype && !ops[a].dtype.includes("64[")) add({ op: "cast", args: [a], dtype });
      } else if (kind < 0.2) {
        const dtype = ops[a].dtype;
        const value =
          dtype === "bool"
            ? random() < 0.5
            : isBig(dtype)
              ? BigInt(Math.floor(random() * 9))
              : Math.floor(random() * 9);
        add({ op: "constant", value, dtype });
      } else if (kind < 0.3) {
        const mask = ops.findIndex((op) => op.dtype === "bool");
        if (mask >= 0 && ops[a].dtype === ops[b].dtype)
          add({ op: "where", args: [mask, a, b], dtype: ops[a].dtype });
      } else {
        const op = pick(names);
        const args = arityOf(op) === 1 ? [a] : [a, b];
        const { compute, result } = signatureOf(
          op,
          args.map((arg) => ops[arg].dtype),
        );
        add({ op, args: args.map((arg, i) => cast(arg, compute[i])), dtype: result });
      }
    } catch {
      // not defined for these dtypes: try another
    }
  }
  return { inputs, ops };
}

const AWKWARD = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  0.5,
  2.5,
  -3.5,
  1e-310,
  1e300,
  65536.5,
  4294967296,
  -2147483649,
];

/** A block of mostly small values, and some awkward ones. */
export function randomBlock(random: () => number, dtype: Dtype, shape: readonly number[]): Block {
  const block = allocateBlock(dtype, [...shape]);
  const data = block.data as unknown[];
  const length = (block.data as ArrayLike<unknown>).length;
  for (let i = 0; i < length; i++) {
    const odd = random() < 0.1;
    const small = (random() - 0.5) * 20;
    if (dtype === "string") data[i] = String(Math.floor(small));
    else if (dtype === "bool") data[i] = random() < 0.5 ? 1 : 0;
    else if (isBig(dtype)) data[i] = odd ? NAT + BigInt(Math.floor(random() * 2)) : BigInt(Math.floor(small));
    else if (isFloat(dtype)) {
      const value = odd ? AWKWARD[Math.floor(random() * AWKWARD.length)] : small;
      data[i] = dtype === "float16" ? toFloat16(value) : value;
    } else data[i] = odd ? Math.floor((random() - 0.5) * 2 ** 33) : small;
  }
  return block;
}
