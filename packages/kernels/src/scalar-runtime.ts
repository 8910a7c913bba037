/**
 * Owns the scalar arithmetic that generated loops call where JavaScript's own differs from NumPy's.
 * Plain functions of numbers and bigints; knows no arrays.
 */
import { NAT } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";

const F32: Float32Array = new Float32Array(1);
const U32: Uint32Array = new Uint32Array(F32.buffer);
const TWO52 = 2 ** 52;
const INT64_MIN = NAT;

/** Nearest whole number, ties to even; the sign of zero is kept. */
export function roundEven(x: number): number {
  if (!(Math.abs(x) < TWO52) || x === 0) return x;
  return x > 0 ? x + TWO52 - TWO52 : -(-x + TWO52 - TWO52);
}

/** The binary16 value nearest to the float32 value of `x`. */
export function toHalf(x: number): number {
  return fromFloat16(toFloat16(x));
}

/** `x` in float32, rounded to odd: a further rounding to fewer bits is then as exact as one rounding. */
function roundToOdd(x: number): number {
  F32[0] = x;
  const near = F32[0];
  if (near === x || x !== x || U32[0] & 1 || !Number.isFinite(near)) return near;
  const away = Math.abs(near) < Math.abs(x) ? 1 : -1;
  U32[0] += away;
  return F32[0];
}

/** The binary16 value nearest to a float64, rounded once. */
export function doubleToHalf(x: number): number {
  return toHalf(roundToOdd(x));
}

/** The float32 nearest to a bigint of at most 64 bits, rounded once. */
export function bigToFloat32(x: bigint): number {
  if (x > -9007199254740992n && x < 9007199254740992n) return Math.fround(Number(x));
  // 24 low bits become one sticky bit: what is left is exact in float64, and rounds once
  const high = x >> 24n;
  return Math.fround(Number(high << 24n === x ? high : high | 1n)) * 2 ** 24;
}

/** Float to int32 as x86 does: truncated; out of range or NaN gives the smallest. */
export function toInt32(x: number): number {
  return x > -2147483649 && x < 2147483648 ? x | 0 : -2147483648;
}

/** Float to uint32: truncated, small negatives wrap; out of the range of int64 or NaN gives 0. */
export function toUint32(x: number): number {
  return x > -9223372036854775808 && x < 9223372036854775808 ? x >>> 0 : 0;
}

export function toInt64(x: number): bigint {
  return x >= -9223372036854775808 && x < 9223372036854775808 ? BigInt(Math.trunc(x)) : INT64_MIN;
}

export function toUint64(x: number): bigint {
  if (x >= 9223372036854775808 && x < 18446744073709551616) return BigInt(x);
  return BigInt.asUintN(64, toInt64(x));
}

/** Floor of the quotient, computed step by step as NumPy does; `f` rounds to the dtype. */
export function floorDivide(a: number, b: number, f: (x: number) => number): number {
  if (b === 0 || b !== b) return f(a / b);
  let mod = a % b;
  let quotient = f(f(a - mod) / b);
  if (mod !== 0 && mod === mod) {
    if (b < 0 !== mod < 0) {
      mod = f(mod + b);
      quotient = f(quotient - 1);
    }
  }
  if (quotient === 0) return a / b < 0 || Object.is(a / b, -0) ? -0 : 0;
  const floor = Math.floor(quotient);
  return quotient - floor > 0.5 ? f(floor + 1) : floor;
}

/** Remainder with the sign of the divisor. */
export function remainder(a: number, b: number, f: (x: number) => number): number {
  const mod = a % b;
  if (b === 0 || mod !== mod) return mod;
  if (mod === 0) return b < 0 ? -0 : 0;
  return b < 0 !== mod < 0 ? f(mod + b) : mod;
}

export function sign(x: number): number {
  return x > 0 ? 1 : x < 0 ? -1 : x === 0 ? 0 : x;
}

export function fmin(a: number, b: number): number {
  return a !== a ? b : b !== b ? a : Math.min(a, b);
}

export function fmax(a: number, b: number): number {
  return a !== a ? b : b !== b ? a : Math.max(a, b);
}

function negativePower(): never {
  throw new ArgumentError({
    asked: "power of integers",
    found: "a negative exponent",
    hint: "cast the base to a float first",
  });
}

/** Integer power modulo 2^32. @throws ArgumentError for a negative exponent */
export function intPower(base: number, exponent: number): number {
  if (exponent < 0) negativePower();
  let result = 1;
  let square = base;
  for (let e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** Integer power modulo 2^64. @throws ArgumentError for a negative exponent */
export function bigPower(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) negativePower();
  let result = 1n;
  let square = base;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = BigInt.asUintN(64, result * square);
    square = BigInt.asUintN(64, square * square);
  }
  return result;
}

export function intFloorDivide(a: number, b: number): number {
  return b === 0 ? 0 : Math.floor(a / b);
}

export function intRemainder(a: number, b: number): number {
  if (b === 0) return 0;
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest + 0;
}

export function bigFloorDivide(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

export function bigRemainder(a: bigint, b: bigint): bigint {
  if (b === 0n) return 0n;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

/** Time counts added, subtracted, divided: NaT wherever an argument is, or nothing sensible comes out. */
export function timeAdd(a: bigint, b: bigint): bigint {
  return a === NAT || b === NAT ? NAT : BigInt.asIntN(64, a + b);
}

export function timeSubtract(a: bigint, b: bigint): bigint {
  return a === NAT || b === NAT ? NAT : BigInt.asIntN(64, a - b);
}

export function timeMultiply(a: bigint, b: bigint): bigint {
  return a === NAT || b === NAT ? NAT : BigInt.asIntN(64, a * b);
}

export function timeRemainder(a: bigint, b: bigint): bigint {
  return a === NAT || b === NAT || b === 0n ? NAT : bigRemainder(a, b);
}

/** Truncates, as NumPy's `timedelta // int` does. */
export function timeDivideInteger(a: bigint, b: bigint): bigint {
  return a === NAT || b === 0n ? NAT : BigInt.asIntN(64, a / b);
}

export function timeRatio(a: bigint, b: bigint): number {
  return a === NAT || b === NAT ? NaN : Number(a) / Number(b);
}

export function timeFloorRatio(a: bigint, b: bigint): bigint {
  return a === NAT || b === NAT || b === 0n ? 0n : bigFloorDivide(a, b);
}

/** A timedelta scaled by a float factor: truncated; NaT where that isn't finite. */
export function timeScale(a: bigint, factor: number): bigint {
  return a === NAT ? NAT : toInt64(Number(a) * factor);
}

export function timeDivide(a: bigint, divisor: number): bigint {
  return a === NAT ? NAT : toInt64(Number(a) / divisor);
}

/** Counts of a finer unit. */
export function timeRefine(a: bigint, factor: bigint): bigint {
  return a === NAT ? NAT : BigInt.asIntN(64, a * factor);
}

/** Counts of a coarser unit, towards the past. */
export function timeCoarsen(a: bigint, factor: bigint): bigint {
  return a === NAT ? NAT : bigFloorDivide(a, factor);
}

/** NaT becomes NaN (NumPy gives the bare count -2^63). */
export function timeToFloat(a: bigint): number {
  return a === NAT ? NaN : Number(a);
}
