/**
 * Owns exp, log and pow of single numbers, in plain JavaScript: operation by operation what the kernels do with
 * vectors (`simd/exponential.ts`, `logarithm.ts`, `power.ts`, `singles.ts`), so that both give the same bits.
 * Knows no arrays.
 */
import {
  EXP_SERIES,
  expTable,
  LN2_HEAD,
  LN2_HIGH,
  LN2_LOW,
  LN2_TAIL,
  LOG_FIRST,
  LOG_SERIES,
  logTable,
  POWER_SERIES,
  powerTable,
  SINGLE_EXP,
  SINGLE_LN2_HIGH,
  SINGLE_LN2_LOW,
  SINGLE_LOG,
  SINGLE_ROOT_HALF,
  STEP_HIGH,
  STEP_LOW,
  STEPS,
} from "./function-tables.js";

const F = Math.fround;
const F64: Float64Array = new Float64Array(1);
/** The two halves of a float64, the low one first. */
const WORDS: Int32Array = new Int32Array(F64.buffer);
const F32: Float32Array = new Float32Array(1);
const I32: Int32Array = new Int32Array(F32.buffer);

/** A table by words and by numbers, made when it is first asked for. */
interface Table {
  readonly words: Int32Array;
  readonly numbers: Float64Array;
}
const tables: { exp?: Table; log?: Table; power?: Table } = {};

function tableOf({ buffer }: BigUint64Array): Table {
  return { words: new Int32Array(buffer), numbers: new Float64Array(buffer) };
}

/** A float64 from its words. */
function float(high: number, low: number): number {
  WORDS[0] = low;
  WORDS[1] = high;
  return F64[0];
}

/** `x` with its 32 lowest bits cleared. */
function head(x: number): number {
  F64[0] = x;
  WORDS[0] = 0;
  return F64[0];
}

const MAGIC = 1.5 * 2 ** 52;
const SHIFT = 9;

/** e^(x + tail), whatever it is; `far` where its exponent may leave the normal ones. */
function expSum(x: number, tail: number, far: boolean): number {
  const { words } = (tables.exp ??= tableOf(expTable()));
  const shifted = (x + tail) * (STEPS / Math.LN2) + MAGIC;
  const whole = shifted - MAGIC;
  const r = x - whole * STEP_HIGH - whole * STEP_LOW + tail;
  const p = r + r * r * (EXP_SERIES[0] + r * EXP_SERIES[1]);
  F64[0] = shifted;
  const n = WORDS[0];
  const place = n & (STEPS - 1);
  const low = words[2 * place];
  const high = words[2 * place + 1];
  if (!far) {
    const scaled = float(high + (n << SHIFT), low);
    return scaled + scaled * p;
  }
  const at = float(high + (place << SHIFT), low);
  const exponent = whole >> 11;
  const half = exponent >> 1;
  return (at + at * p) * 2 ** half * 2 ** (exponent - half);
}

/** e^x of a float64. */
export function exp(x: number): number {
  if (Math.abs(x) < 708) return expSum(x, 0, false);
  return expSum(x < -746 ? -746 : x > 711 ? 711 : x, 0, true);
}

/** The high words of where points begin, and of the points, less 1023 at the exponent's place. */
const FIRST: number = Number((LOG_FIRST >> 32n) - (1023n << 20n));
const POINT: number = FIRST + 2 ** 10;

/** x near a point c: x = 2^k·c·(1 + r). */
const near = { k: 0, rest: 0, place: 0, top: 0 };

function findNear(x: number): void {
  F64[0] = x;
  const high = WORDS[1] - FIRST;
  near.top = high & 0xfff00000;
  near.place = (high >>> 11) & 511;
  near.k = (high >>> 20) - 1023;
  near.rest = x - float((high & -2048) + POINT, 0);
}

/** ln x of a positive normal number, less `less`·ln 2. */
function lnNear(x: number, less: number): number {
  const { words, numbers } = (tables.log ??= tableOf(logTable()));
  findNear(x);
  const i = 2 * near.place;
  const r = near.rest * float(words[2 * i + 1] - near.top, words[2 * i]);
  const k = near.k - less;
  const main = k * LN2_HIGH + numbers[i + 1];
  const square = r * r;
  const a = LOG_SERIES[0] + r * LOG_SERIES[1];
  const b = LOG_SERIES[2] + r * LOG_SERIES[3];
  return main + (r + (square * (a + square * b) + k * LN2_LOW));
}

function isUsual(x: number): boolean {
  return x >= 2 ** -1022 && x < 2 ** 1021;
}

/** ln x of a float64. */
export function log(x: number): number {
  if (isUsual(x)) return lnNear(x, 0);
  if (x === Infinity) return x;
  if (x === 0) return -Infinity;
  return x > 0 ? (x > 1 ? lnNear(x * 2 ** -54, -54) : lnNear(x * 2 ** 54, 54)) : NaN;
}

/** y·ln x in two parts. */
const parts = { high: 0, low: 0 };

function findExponent(x: number, less: number, y: number): void {
  const { words, numbers } = (tables.power ??= tableOf(powerTable()));
  findNear(x);
  const i = 4 * near.place;
  const r = near.rest * float(words[2 * i + 1] - near.top, words[2 * i]) + numbers[i + 1];
  const k = near.k - less;
  const main = k * LN2_HEAD + numbers[i + 2];
  const high = head(main + r);
  const left = main - high + r;
  const small = k * LN2_TAIL + numbers[i + 3];
  const square = r * r;
  const a = POWER_SERIES[0] + r * POWER_SERIES[1];
  const b = POWER_SERIES[2] + r * POWER_SERIES[3];
  const c = POWER_SERIES[4] + r * POWER_SERIES[5];
  const low = left + (small + square * (a + square * (b + square * c)));
  const yHigh = head(y);
  parts.high = yHigh * high;
  parts.low = (y - yHigh) * high + y * low;
}

/** x^y of float64s; C's: 1 to any power is 1, and -1 to an infinite one. */
export function power(x: number, y: number): number {
  if (isUsual(x)) {
    findExponent(x, 0, y);
    if (Math.abs(parts.high) < 707) return expSum(parts.high, parts.low, false);
  }
  return anyPower(x, y);
}

function anyPower(x: number, y: number): number {
  if (y === 0 || x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  const a = Math.abs(x);
  const ends = a === 0 || a === Infinity;
  const whole = Math.floor(y) === y;
  if (x !== x || y !== y || (x < 0 && !whole && !ends)) return NaN;
  const odd = whole && Math.floor(y * 0.5) !== y * 0.5;
  const negative = odd && (x < 0 || Object.is(x, -0));
  const value = ends ? (y > 0 === (a === Infinity) ? Infinity : 0) : size(a, y);
  return negative ? -value : value;
}

/** a^y for a positive number. */
function size(a: number, y: number): number {
  const small = a < 2 ** -1022;
  const large = a > 2 ** 1020;
  const scaled = small ? a * 2 ** 54 : large ? a * 2 ** -54 : a;
  // exponents so large that only the side of 1 counts would overflow in between
  const limit = 2 ** 70;
  findExponent(scaled, small ? 54 : large ? -54 : 0, y > limit ? limit : y < -limit ? -limit : y);
  const { high, low } = parts;
  if (high > 712) return Infinity;
  if (high < -748) return 0;
  return expSum(Math.max(-750, Math.min(high, 715)), Math.max(-1, Math.min(low, 1)), true);
}

/** `c[0] + x·c[1] + x²·…` in float32, in pairs. */
function singlePoly(x: number, square: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = (coefficients.length - 1) & ~1; i >= 0; i -= 2) {
    const pair =
      i + 1 < coefficients.length ? F(coefficients[i] + F(x * coefficients[i + 1])) : coefficients[i];
    sum = i + 2 < coefficients.length ? F(pair + F(square * sum)) : pair;
  }
  return sum;
}

const SINGLE_MAGIC = 1.5 * 2 ** 23;
const LOG2E: number = F(Math.LOG2E);

/** e^x of a float32. */
export function singleExp(x: number): number {
  if (!(Math.abs(x) < 87)) return F(exp(x));
  const shifted = F(F(x * LOG2E) + SINGLE_MAGIC);
  const n = F(shifted - SINGLE_MAGIC);
  const r = F(F(x - F(n * SINGLE_LN2_HIGH)) - F(n * SINGLE_LN2_LOW));
  const square = F(r * r);
  const value = F(1 + F(r + F(square * singlePoly(r, square, SINGLE_EXP))));
  F32[0] = value;
  I32[0] += n << 23;
  return F32[0];
}

/** ln x of a float32. */
export function singleLog(x: number): number {
  if (!(x >= 2 ** -126 && x < Infinity)) return F(log(x));
  F32[0] = x;
  const bits = I32[0] - SINGLE_ROOT_HALF;
  const k = bits >> 23;
  I32[0] -= bits & 0xff800000;
  const f = F(F32[0] - 1);
  const square = F(f * f);
  const cube = F(F(f * square) * singlePoly(f, square, SINGLE_LOG));
  const small = F(F(cube + F(k * SINGLE_LN2_LOW)) - F(square * 0.5));
  return F(F(k * SINGLE_LN2_HIGH) + F(f + small));
}

/** x^y of float32s. */
export function singlePower(x: number, y: number): number {
  if (isUsual(x)) {
    const sum = y * lnNear(x, 0);
    if (Math.abs(sum) < 700) return F(expSum(sum, 0, false));
  }
  return F(anyPower(x, y));
}
