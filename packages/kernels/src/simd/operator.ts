/**
 * Owns operators on eight elements. Returns null for what only the plain loops compute: powers of
 * integers, scaled times.
 */
import { type Dtype, isTime, NAT } from "@hyperslab/core/dtype";
import type { OperatorName } from "@hyperslab/core/operator";
import type { Assembler, Local } from "./assembler.js";
import { castVector } from "./cast.js";
import { divideFloats } from "./float-division.js";
import { doubleFunction, doubleFunction2, groupFunction } from "./functions.js";
import { halfToSingle, singleToHalf } from "./half.js";
import { divideLong, shiftVector } from "./long.js";
import type { VectorOp } from "./opcodes.js";
import {
  demote,
  each,
  intLane,
  isLong,
  isUnsignedLane,
  isVectorDtype,
  isVectorFloat,
  laneOf,
  map,
  promote,
  resize,
  resizeMask,
  type Vector,
} from "./vector.js";

/** `name` over arguments of dtype `dtypes`, giving `result`; null where it can't be done here. */
export function operateVector(
  asm: Assembler,
  name: OperatorName,
  dtypes: readonly Dtype[],
  result: Dtype,
  args: readonly Vector[],
): Vector | null {
  const dtype = dtypes[0];
  if (!dtypes.every(isVectorDtype) || !isVectorDtype(result)) return null;
  if (dtypes.some(isTime)) return dtypes.every(isTime) ? timeVector(asm, name, args) : null;
  if (dtype === "bool") return boolVector(asm, name, args);
  if (dtype === "float16") {
    const singles = args.map((arg) => halfToSingle(asm, arg));
    const value = floatVector(asm, name, "float32", singles);
    return value && result === "float16" ? singleToHalf(asm, value) : value;
  }
  return isVectorFloat(dtype) ? floatVector(asm, name, dtype, args) : integerVector(asm, name, dtype, args);
}

function boolVector(asm: Assembler, name: OperatorName, args: readonly Vector[]): Vector | null {
  const bits = Math.max(...args.map((arg) => arg.bits)) as Vector["bits"];
  const [a, b] = args.map((arg) => resizeMask(asm, arg, bits));
  const not = (mask: Vector): Vector => each(asm, "v128.not", mask);
  switch (name) {
    case "add":
    case "logicalOr":
    case "bitwiseOr":
    case "maximum":
    case "fmax":
      return each(asm, "v128.or", a, b);
    case "multiply":
    case "logicalAnd":
    case "bitwiseAnd":
    case "minimum":
    case "fmin":
      return each(asm, "v128.and", a, b);
    case "logicalXor":
    case "bitwiseXor":
    case "notEqual":
      return each(asm, "v128.xor", a, b);
    case "equal":
      return not(each(asm, "v128.xor", a, b));
    case "greater":
      return each(asm, "v128.andnot", a, b);
    case "less":
      return each(asm, "v128.andnot", b, a);
    case "greaterEqual":
      return not(each(asm, "v128.andnot", b, a));
    case "lessEqual":
      return not(each(asm, "v128.andnot", a, b));
    case "logicalNot":
    case "bitwiseNot":
      return not(a);
    case "absolute":
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
      return a;
    default:
      return null;
  }
}

const COMPARISONS: Partial<Record<OperatorName, "eq" | "ne" | "lt" | "le" | "gt" | "ge">> = {
  equal: "eq",
  notEqual: "ne",
  less: "lt",
  lessEqual: "le",
  greater: "gt",
  greaterEqual: "ge",
};

function floatVector(
  asm: Assembler,
  name: OperatorName,
  dtype: "float32" | "float64",
  args: readonly Vector[],
): Vector | null {
  const lane = laneOf(dtype) as "f32x4" | "f64x2";
  const single = dtype === "float32";
  const [a, b] = args;
  const op = (short: "add" | "sub" | "mul" | "div" | "min" | "max"): Vector =>
    each(asm, `${lane}.${short}` as VectorOp, a, b);
  const constant = (value: number): Local => (single ? asm.f32(value) : asm.f64(value));
  const scaled = (factor: number): Vector => map(a, (reg) => asm.op(`${lane}.mul`, reg, constant(factor)));
  const compare = COMPARISONS[name];
  if (compare) return each(asm, `${lane}.${compare}`, a, b);
  switch (name) {
    case "add":
      return op("add");
    case "subtract":
      return op("sub");
    case "multiply":
      return op("mul");
    case "divide":
      return op("div");
    case "square":
      return each(asm, `${lane}.mul`, a, a);
    case "minimum":
      return op("min");
    case "maximum":
      return op("max");
    case "fmin":
    case "fmax": {
      const best = each(asm, `${lane}.${name === "fmin" ? "min" : "max"}`, a, b);
      return {
        bits: a.bits,
        regs: best.regs.map((reg, r) => {
          const x = a.regs[r];
          const y = b.regs[r];
          const noY = asm.choose(asm.op(`${lane}.ne`, y, y), x, reg);
          return asm.choose(asm.op(`${lane}.ne`, x, x), y, noY);
        }),
      };
    }
    case "negative":
      return each(asm, `${lane}.neg`, a);
    case "absolute":
      return each(asm, `${lane}.abs`, a);
    case "sign":
      return map(a, (reg) => {
        const zero = asm.i64(0n);
        const one = constant(1);
        const positive = asm.op("v128.and", asm.op(`${lane}.gt`, reg, zero), one);
        const negative = asm.op("v128.and", asm.op(`${lane}.lt`, reg, zero), one);
        const both = asm.op(`${lane}.sub`, positive, negative);
        return asm.choose(asm.op(`${lane}.ne`, reg, reg), reg, both);
      });
    case "floor":
      return each(asm, `${lane}.floor`, a);
    case "ceil":
      return each(asm, `${lane}.ceil`, a);
    case "trunc":
      return each(asm, `${lane}.trunc`, a);
    case "round":
      return each(asm, `${lane}.nearest`, a);
    case "sqrt":
      return each(asm, `${lane}.sqrt`, a);
    case "degrees":
      return scaled(single ? Math.fround(180 / Math.fround(Math.PI)) : 180 / Math.PI);
    case "radians":
      return scaled(single ? Math.fround(Math.fround(Math.PI) / 180) : Math.PI / 180);
    case "floorDivide":
    case "remainder":
      return divideFloats(asm, name, dtype, a, b);
    case "isnan":
      return each(asm, `${lane}.ne`, a, a);
    case "isinf":
      return map(a, (reg) => asm.op(`${lane}.eq`, asm.op(`${lane}.abs`, reg), constant(Infinity)));
    case "isfinite":
      return map(a, (reg) => asm.op(`${lane}.lt`, asm.op(`${lane}.abs`, reg), constant(Infinity)));
  }
  const group = groupFunction(name, dtype);
  if (group) return { bits: a.bits, regs: group(asm, ...args.map((arg) => arg.regs)) };
  const doubles = single ? args.map((arg) => promote(asm, arg)) : args;
  const unary = doubleFunction(name, single);
  if (unary) {
    const value = map(doubles[0], (reg) => unary(asm, reg));
    return single ? demote(asm, value) : value;
  }
  const binary = doubleFunction2(name, single);
  if (!binary) return null;
  const value: Vector = {
    bits: 64,
    regs: doubles[0].regs.map((reg, r) => binary(asm, reg, doubles[1].regs[r])),
  };
  return single ? demote(asm, value) : value;
}

function integerVector(
  asm: Assembler,
  name: OperatorName,
  dtype: Dtype,
  args: readonly Vector[],
): Vector | null {
  const [a, b] = args;
  const lane = intLane(a.bits);
  const unsigned = isUnsignedLane(dtype);
  const s = unsigned ? "u" : "s";
  const compare = COMPARISONS[name];
  if (compare) return compareIntegers(asm, compare, unsigned, a, b);
  switch (name) {
    case "add":
      return each(asm, `${lane}.add`, a, b);
    case "subtract":
      return each(asm, `${lane}.sub`, a, b);
    case "multiply":
      return multiply(asm, a, b);
    case "square":
      return multiply(asm, a, a);
    case "minimum":
    case "fmin":
    case "maximum":
    case "fmax": {
      const least = name === "minimum" || name === "fmin";
      if (lane !== "i64x2") return each(asm, `${lane}.${least ? "min" : "max"}_${s}`, a, b);
      const less = compareIntegers(asm, "lt", unsigned, a, b);
      return {
        bits: 64,
        regs: less.regs.map((mask, r) => asm.choose(mask, (least ? a : b).regs[r], (least ? b : a).regs[r])),
      };
    }
    case "bitwiseAnd":
      return each(asm, "v128.and", a, b);
    case "bitwiseOr":
      return each(asm, "v128.or", a, b);
    case "bitwiseXor":
      return each(asm, "v128.xor", a, b);
    case "bitwiseNot":
      return each(asm, "v128.not", a);
    case "negative":
      return each(asm, `${lane}.neg`, a);
    case "absolute":
      return unsigned ? a : each(asm, `${lane}.abs`, a);
    case "sign": {
      const zero: Vector = map(a, () => asm.i64(0n));
      const positive = compareIntegers(asm, "gt", unsigned, a, zero);
      if (unsigned) return each(asm, `${lane}.neg`, positive);
      return each(asm, `${lane}.sub`, compareIntegers(asm, "lt", unsigned, a, zero), positive);
    }
    case "floor":
    case "ceil":
    case "trunc":
    case "round":
      return a;
    case "floorDivide":
    case "remainder":
      return isLong(dtype) ? divideLong(asm, name, !unsigned, a, b) : divide(asm, name, dtype, a, b);
    case "leftShift":
    case "rightShift":
      return shiftVector(asm, name === "leftShift", !unsigned, a, b);
    default:
      return null;
  }
}

function multiply(asm: Assembler, a: Vector, b: Vector): Vector {
  if (a.bits !== 8) return each(asm, `${intLane(a.bits) as "i16x8"}.mul`, a, b);
  const wide = each(asm, "i16x8.mul", resize(asm, a, 16, true), resize(asm, b, 16, true));
  return resize(asm, wide, 8, true);
}

/** Quotients of 32-bit integers are exact in float64; their floor is NumPy's. Division by 0 gives 0. */
function divide(
  asm: Assembler,
  name: "floorDivide" | "remainder",
  dtype: Dtype,
  a: Vector,
  b: Vector,
): Vector | null {
  const x = castVector(asm, dtype, "float64", a);
  const y = castVector(asm, dtype, "float64", b);
  if (!x || !y) return null;
  const quotient: Vector = {
    bits: 64,
    regs: x.regs.map((reg, r) => {
      const floor = asm.op("f64x2.floor", asm.op("f64x2.div", reg, y.regs[r]));
      return asm.op("v128.and", floor, asm.op("f64x2.ne", y.regs[r], asm.i64(0n)));
    }),
  };
  // the low 52 bits of q + 1.5·2^52 are q in two's complement, whatever its sign
  const magic = asm.f64(1.5 * 2 ** 52);
  const words = resize(
    asm,
    map(quotient, (reg) => asm.op("f64x2.add", reg, magic)),
    a.bits,
    true,
  );
  if (name === "floorDivide") return words;
  const rest = each(asm, `${intLane(a.bits)}.sub`, a, multiply(asm, words, b));
  const zero = compareIntegers(
    asm,
    "ne",
    true,
    b,
    map(b, () => asm.i64(0n)),
  );
  return each(asm, "v128.and", rest, zero);
}

/** Compares integers; the instruction set lacks the unsigned 64-bit ones. */
export function compareIntegers(
  asm: Assembler,
  compare: "eq" | "ne" | "lt" | "le" | "gt" | "ge",
  unsigned: boolean,
  a: Vector,
  b: Vector,
): Vector {
  const lane = intLane(a.bits);
  if (compare === "eq" || compare === "ne") return each(asm, `${lane}.${compare}`, a, b);
  if (lane !== "i64x2") return each(asm, `${lane}.${compare}_${unsigned ? "u" : "s"}`, a, b);
  if (!unsigned) return each(asm, `i64x2.${compare}_s`, a, b);
  const flip = (vector: Vector): Vector => map(vector, (reg) => asm.op("v128.xor", reg, asm.i64(NAT)));
  return each(asm, `i64x2.${compare}_s`, flip(a), flip(b));
}

function timeVector(asm: Assembler, name: OperatorName, args: readonly Vector[]): Vector | null {
  const nat = asm.i64(NAT);
  const [a, b] = args;
  const missing = (vector: Vector): Vector => map(vector, (reg) => asm.op("i64x2.eq", reg, nat));
  const choose = (mask: Vector, yes: Vector, no: Vector): Vector => ({
    bits: 64,
    regs: mask.regs.map((reg, r) => asm.choose(reg, yes.regs[r], no.regs[r])),
  });
  const nats: Vector = map(a, () => nat);
  const either = (): Vector => each(asm, "v128.or", missing(a), missing(b));
  const compare = COMPARISONS[name];
  if (compare) {
    const plain = each(
      asm,
      compare === "eq" || compare === "ne" ? `i64x2.${compare}` : `i64x2.${compare}_s`,
      a,
      b,
    );
    return compare === "ne"
      ? each(asm, "v128.or", plain, either())
      : each(asm, "v128.andnot", plain, either());
  }
  const less = (): Vector => each(asm, "i64x2.lt_s", a, b);
  switch (name) {
    case "add":
      return choose(either(), nats, each(asm, "i64x2.add", a, b));
    case "subtract":
      return choose(either(), nats, each(asm, "i64x2.sub", a, b));
    case "negative":
      return each(asm, "i64x2.neg", a);
    case "absolute":
      return each(asm, "i64x2.abs", a);
    // NaT is the smallest count: the lesser of two is NaT where one is
    case "minimum":
      return choose(less(), a, b);
    case "maximum":
      return choose(either(), nats, choose(less(), b, a));
    case "fmin":
      return choose(missing(a), b, choose(missing(b), a, choose(less(), a, b)));
    case "fmax":
      return choose(less(), b, a);
    case "isnan":
      return missing(a);
    case "isfinite":
      return each(asm, "v128.not", missing(a));
    case "isinf":
      return map(a, () => asm.i64(0n));
    default:
      return null;
  }
}
