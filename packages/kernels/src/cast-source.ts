/** Owns the JavaScript text of casts between dtypes. */
import {
  type Dtype,
  type TimeDtype,
  type TimeUnit,
  isBig,
  isCftime,
  isFloat,
  isTime,
  isTimedelta,
  unitOf,
} from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { wrap } from "./wrap-source.js";

const NANOSECONDS: Record<TimeUnit, bigint> = {
  D: 86_400_000_000_000n,
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  ns: 1n,
};

/** How counts of one unit become counts of another: multiply when finer, else divide. */
function unitFactor(from: TimeUnit, to: TimeUnit): { readonly finer: boolean; readonly factor: bigint } {
  const finer = NANOSECONDS[from] >= NANOSECONDS[to];
  const [large, small] = finer ? [from, to] : [to, from];
  return { finer, factor: NANOSECONDS[large] / NANOSECONDS[small] };
}

/**
 * Source that turns the variable `x` of dtype `from` into dtype `to`, as NumPy's `astype` on x86:
 * floats are truncated, NaN becomes the smallest integer or NaT. NaT becomes NaN.
 * @throws DtypeError for strings, and between kinds of time
 */
export function castSource(from: Dtype, to: Dtype, x: string): string {
  if (from === to) return x;
  if (from === "string" || to === "string") return refuse(from, to, "strings are not cast");
  if (isTime(from) && isTime(to)) return timeCast(from, to, x);
  const big = isBig(from);
  if (to === "bool") return `(${x}!==${big ? "0n" : "0"}?1:0)`;
  switch (to) {
    case "float64":
      return isTime(from) ? `K.timeToFloat(${x})` : big ? `Number(${x})` : x;
    case "float32":
      if (isTime(from)) return `F(K.timeToFloat(${x}))`;
      return big ? `K.bigToFloat32(${x})` : from === "float16" ? x : `F(${x})`;
    case "float16":
      if (isTime(from)) return `K.toHalf(K.timeToFloat(${x}))`;
      if (from === "float64") return `K.doubleToHalf(${x})`;
      return big ? `K.toHalf(K.bigToFloat32(${x}))` : `K.toHalf(${x})`;
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
      return wrap(to, isFloat(from) ? `K.toInt32(${x})` : big ? `Number(BigInt.asIntN(32,${x}))` : x);
    case "uint32":
      return isFloat(from) ? `K.toUint32(${x})` : big ? `Number(BigInt.asUintN(32,${x}))` : `(${x}>>>0)`;
    case "uint64":
      if (isFloat(from)) return `K.toUint64(${x})`;
      return `BigInt.asUintN(64,${big ? x : `BigInt(${x})`})`;
    default:
      if (isFloat(from)) return `K.toInt64(${x})`;
      return big ? `BigInt.asIntN(64,${x})` : `BigInt(${x})`;
  }
}

function timeCast(from: TimeDtype, to: TimeDtype, x: string): string {
  const same = isCftime(from) === isCftime(to) && isTimedelta(from) === isTimedelta(to);
  if (!same || isCftime(from)) return refuse(from, to, "the kinds of time differ");
  const { finer, factor } = unitFactor(unitOf(from), unitOf(to));
  return finer ? `K.timeRefine(${x},${factor}n)` : `K.timeCoarsen(${x},${factor}n)`;
}

function refuse(from: Dtype, to: Dtype, hint: string): never {
  throw new DtypeError({ dtype: from, operation: "cast", found: `no cast from ${from} to ${to}`, hint });
}
