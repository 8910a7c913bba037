/**
 * Owns how eight elements enter a reduction's state: its planes as kernels keep them, and the
 * instructions of one step. The plain loops' steps are in `../reduction-source.ts`.
 */
import { type Dtype, isFloat, isTime, isUnsigned, NAT } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import { extremeOf, isMeanOfTimes } from "../reduction-state.js";
import type { Assembler } from "./assembler.js";
import { castVector } from "./cast.js";
import { halfToSingle } from "./half.js";
import { compareIntegers } from "./operator.js";
import {
  bitsOf,
  each,
  intLane,
  isVectorDtype,
  isVectorFloat,
  laneOf,
  map,
  promote,
  resize,
  resizeMask,
  truth,
  type Vector,
} from "./vector.js";

/** One plane of a kernel's state. */
export interface KernelPlane {
  readonly dtype: Exclude<Dtype, "string">;
  readonly identity: number | bigint;
  /** True for counts and positions: the loops keep them in float64. */
  readonly counts: boolean;
}

/** Counts are as wide as the masks they come from, 32 bits at least. */
function countDtype(dtype: Dtype): "int32" | "int64" {
  return bitsOf(dtype) === 64 ? "int64" : "int32";
}

function count(dtype: Dtype, identity: 0 | -1): KernelPlane {
  const of = countDtype(dtype);
  return { dtype: of, identity: of === "int64" ? BigInt(identity) : identity, counts: true };
}

/** True where a mean counts every element: its count is known beforehand, and no plane is kept. */
export function countsAll(reduction: Reduction): boolean {
  return reduction.name === "mean" && !(reduction.skipna && isFloat(reduction.dtype));
}

/** float16 enters a state as float32. */
function single(dtype: Dtype): Dtype {
  return dtype === "float16" ? "float32" : dtype;
}

/** The planes of a reduction (with `moment`: of squared deviations); null where only the plain loops can. */
export function kernelPlanes(reduction: Reduction, moment: boolean): KernelPlane[] | null {
  const { name, minCount } = reduction;
  const dtype = single(reduction.dtype);
  if (!isVectorDtype(dtype)) return null;
  const float: KernelPlane = { dtype: "float64", identity: 0, counts: false };
  if (moment) return [float];
  switch (name) {
    case "sum":
    case "prod": {
      if (isTime(dtype)) return null;
      const one = name === "prod";
      const wide: KernelPlane = isFloat(dtype)
        ? { ...float, identity: one ? 1 : 0 }
        : { dtype: isUnsigned(dtype) ? "uint64" : "int64", identity: one ? 1n : 0n, counts: false };
      return minCount > 0 ? (isFloat(dtype) ? [wide, count(dtype, 0)] : null) : [wide];
    }
    case "mean":
      if (isMeanOfTimes(reduction)) return null;
      return countsAll(reduction) ? [float] : [float, count(dtype, 0)];
    case "min":
    case "max":
      return [
        {
          dtype: dtype as KernelPlane["dtype"],
          identity: extremeOf(dtype, name, reduction.skipna),
          counts: false,
        },
      ];
    case "any":
    case "all":
      return [{ dtype: "bool", identity: name === "all" ? 1 : 0, counts: false }];
    case "count":
      return isFloat(dtype) || isTime(dtype) ? [count(dtype, 0)] : null;
    case "argmin":
    case "argmax":
      if (dtype === "bool") return null;
      return [
        {
          dtype: dtype as KernelPlane["dtype"],
          identity: isFloat(dtype) ? NaN : isTime(dtype) ? NAT : bitsOf(dtype) === 64 ? 0n : 0,
          counts: false,
        },
        count(dtype, -1),
      ];
    default:
      return null;
  }
}

/** What a step is given. */
export interface Step {
  readonly reduction: Reduction;
  readonly moment: boolean;
  readonly value: Vector;
  /** The planes so far. */
  readonly state: readonly Vector[];
  /** Elements that count at all; null for all of them. */
  readonly tail: Vector | null;
  /** Means, for moments. */
  readonly mean: Vector | null;
  /** Positions on the axis, as wide as the plane of positions. */
  readonly position: Vector | null;
}

/** The planes after eight elements entered. */
export function emitStep(asm: Assembler, step: Step): Vector[] {
  if (step.reduction.dtype === "float16")
    return emitStep(asm, {
      ...step,
      reduction: { ...step.reduction, dtype: "float32" },
      value: halfToSingle(asm, step.value),
    });
  const { reduction, value, state, tail } = step;
  const { name, dtype, skipna } = reduction;
  const valid = validMask(asm, dtype, value);
  const taken = both(asm, skipna || name === "count" ? valid : null, tail);
  const [acc, second] = state;
  if (step.moment) {
    const x = toDouble(asm, dtype, value);
    const mean = step.mean as Vector;
    const deviation = each(asm, "f64x2.sub", x, mean);
    const square = each(asm, "f64x2.mul", deviation, deviation);
    return [each(asm, "f64x2.add", acc, masked(asm, square, taken))];
  }
  switch (name) {
    case "sum":
    case "mean": {
      const counted = second ? [counts(asm, second, both(asm, valid, tail))] : [];
      if (name === "sum" && !isFloat(dtype)) {
        const wide = toLong(asm, dtype, masked(asm, value, taken));
        return [each(asm, "i64x2.add", acc, wide), ...counted];
      }
      // masked while still narrow: half the work for float32
      const x = toDouble(asm, dtype, masked(asm, value, taken));
      return [each(asm, "f64x2.add", acc, x), ...counted];
    }
    case "prod": {
      const counted = second ? [counts(asm, second, both(asm, valid, tail))] : [];
      if (!isFloat(dtype)) {
        const product = each(asm, "i64x2.mul", acc, toLong(asm, dtype, value));
        return [select(asm, taken, product, acc), ...counted];
      }
      const product = each(asm, "f64x2.mul", acc, toDouble(asm, dtype, value));
      return [select(asm, taken, product, acc), ...counted];
    }
    case "count":
      return [counts(asm, acc, taken)];
    case "any":
    case "all": {
      const zero = map(value, () => asm.i64(0n));
      const truthy = isVectorFloat(dtype)
        ? each(asm, `${laneOf(dtype) as "f32x4"}.ne`, value, zero)
        : dtype === "bool"
          ? value
          : truth(asm, value);
      if (name === "any") {
        const hit = resizeMask(asm, taken ? both2(asm, truthy, taken) : truthy, 8);
        return [each(asm, "v128.or", acc, hit)];
      }
      const false_ = each(asm, "v128.not", truthy);
      const miss = resizeMask(asm, taken ? both2(asm, false_, taken) : false_, 8);
      return [each(asm, "v128.andnot", acc, miss)];
    }
    case "min":
    case "max":
      return [extreme(asm, step, valid)];
    case "argmin":
    case "argmax":
      return argument(asm, step, valid);
    default:
      return [...state];
  }
}

function extreme(asm: Assembler, step: Step, valid: Vector | null): Vector {
  const { reduction, value, tail } = step;
  const { name, dtype, skipna } = reduction;
  const [acc] = step.state;
  const least = name === "min";
  if (dtype === "bool") {
    const bits = resizeMask(asm, value, 8);
    return select(asm, tail, each(asm, least ? "v128.and" : "v128.or", acc, bits), acc);
  }
  if (isVectorFloat(dtype)) {
    const lane = laneOf(dtype) as "f32x4" | "f64x2";
    if (!skipna) return select(asm, tail, each(asm, `${lane}.${name as "min" | "max"}`, acc, value), acc);
    // an accumulator that is NaN has met no element yet
    const better = each(asm, `${lane}.${least ? "lt" : "gt"}`, value, acc);
    const first = each(asm, `${lane}.ne`, acc, acc);
    const take = each(asm, "v128.or", better, first);
    return select(asm, both2(asm, take, tail), value, acc);
  }
  const better = compareIntegers(asm, least ? "lt" : "gt", isUnsigned(dtype), value, acc);
  if (!valid) return select(asm, both2(asm, better, tail), value, acc);
  const missing = each(asm, "v128.not", valid);
  const empty = map(acc, (reg) => asm.op("i64x2.eq", reg, asm.i64(NAT)));
  const take = skipna
    ? each(asm, "v128.and", valid, each(asm, "v128.or", better, empty))
    : each(asm, "v128.or", missing, each(asm, "v128.andnot", better, empty));
  return select(asm, both2(asm, take, tail), value, acc);
}

function argument(asm: Assembler, step: Step, valid: Vector | null): Vector[] {
  const { reduction, value, tail, state, position } = step;
  const { name, dtype, skipna } = reduction;
  const [acc, at] = state;
  const none = resizeMask(
    asm,
    compareIntegers(
      asm,
      "lt",
      false,
      at,
      map(at, () => asm.i64(0n)),
    ),
    value.bits,
  );
  const less = name === "argmin";
  const better = isVectorFloat(dtype)
    ? each(asm, `${laneOf(dtype) as "f32x4"}.${less ? "lt" : "gt"}`, value, acc)
    : compareIntegers(asm, less ? "lt" : "gt", isUnsigned(dtype), value, acc);
  let take: Vector;
  if (valid && !skipna) {
    // a missing element wins, and stays
    const held = validMask(asm, dtype, acc) as Vector;
    const wins = each(asm, "v128.or", each(asm, "v128.not", valid), better);
    take = each(asm, "v128.or", none, each(asm, "v128.and", held, wins));
  } else {
    take = each(asm, "v128.or", none, better);
    if (valid) take = each(asm, "v128.and", valid, take);
  }
  const mask = both2(asm, take, tail);
  return [select(asm, mask, value, acc), select(asm, mask, position as Vector, at)];
}

/** A mask of elements that are not missing; null where none can be. */
function validMask(asm: Assembler, dtype: Dtype, value: Vector): Vector | null {
  if (isVectorFloat(dtype)) return each(asm, `${laneOf(dtype) as "f32x4"}.eq`, value, value);
  return isTime(dtype) ? map(value, (reg) => asm.op("i64x2.ne", reg, asm.i64(NAT))) : null;
}

function both(asm: Assembler, a: Vector | null, b: Vector | null): Vector | null {
  return a ? both2(asm, a, b) : b;
}

function both2(asm: Assembler, a: Vector, b: Vector | null): Vector {
  return b ? each(asm, "v128.and", a, resizeMask(asm, b, a.bits)) : a;
}

function masked(asm: Assembler, value: Vector, mask: Vector | null): Vector {
  return mask ? each(asm, "v128.and", value, resizeMask(asm, mask, value.bits)) : value;
}

function select(asm: Assembler, mask: Vector | null, yes: Vector, no: Vector): Vector {
  if (!mask) return yes;
  const wide = resizeMask(asm, mask, yes.bits);
  return { bits: yes.bits, regs: wide.regs.map((reg, r) => asm.choose(reg, yes.regs[r], no.regs[r])) };
}

/** Adds 1 where the mask (null: everywhere) says so: a mask is -1. */
function counts(asm: Assembler, acc: Vector, mask: Vector | null): Vector {
  const lane = intLane(acc.bits);
  const ones = mask ? resizeMask(asm, mask, acc.bits) : map(acc, () => asm.i64(-1n));
  return each(asm, `${lane}.sub`, acc, ones);
}

function toDouble(asm: Assembler, dtype: Dtype, value: Vector): Vector {
  if (dtype === "float64") return value;
  if (dtype === "float32") return promote(asm, value);
  return castVector(asm, dtype, "float64", value) as Vector;
}

function toLong(asm: Assembler, dtype: Dtype, value: Vector): Vector {
  if (dtype === "bool") return castVector(asm, "bool", "int64", value) as Vector;
  return resize(asm, value, 64, !isUnsigned(dtype));
}
