/**
 * Owns pow and hypot on two float64 lanes. pow takes log2 in two parts, so that the exponent, which may
 * be as large as 1024, loses no digit. Errors stay below 2 units in the last place.
 */
import type { Assembler, Local } from "./assembler.js";
import { Doubles } from "./doubles.js";
import { exp } from "./exponential.js";
import { log } from "./logarithm.js";

const L = [
  5.99999999999994648725e-1, 4.28571428578550184252e-1, 3.33333329818377432918e-1, 2.72728123808534006489e-1,
  2.30660745775561754067e-1, 2.06975017800338417784e-1,
];
const P = [
  1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5, -1.6533902205465251539e-6,
  4.13813679705723846039e-8,
];
/** log2(3/2), and 2 / (3·ln 2), in parts. */
const LOG_HIGH = 5.84962487220764160156e-1;
const LOG_LOW = 1.35003920212974897128e-8;
const CP = 9.61796693925975554329e-1;
const CP_HIGH = 9.61796700954437255859e-1;
const CP_LOW = -7.02846165095275826516e-9;
const LN2_HIGH = 6.93147182464599609375e-1;
const LN2_LOW = -1.90465429995776804525e-9;

/**
 * log2 of a positive normal number, less `less`, in two parts; the first has 32 bits less than a
 * float64. The mantissa from √¾ to √3 lies near 1, or near 3/2.
 */
function log2Parts(d: Doubles, a: Local, less: Local | null): { readonly high: Local; readonly low: Local } {
  const { asm } = d;
  const { k, m: x } = d.split(a, Math.sqrt(0.75));
  const n = less ? d.sub(k, less) : k;
  const upper = asm.op("f64x2.ge", x, d.k(Math.sqrt(1.5)));
  const point = d.where(upper, d.k(1.5), d.k(1));
  const u = d.sub(x, point);
  const v = d.div(d.k(1), d.add(x, point));
  const s = d.mul(u, v);
  const sHigh = d.head(s);
  const sum = d.head(d.add(x, point));
  const sumLow = d.sub(x, d.sub(sum, point));
  const sLow = d.mul(v, d.sub(d.sub(u, d.mul(sHigh, sum)), d.mul(sHigh, sumLow)));
  // log(x) as a series in s
  const square = d.mul(s, s);
  const series = d.mul(d.mul(square, square), d.poly(square, L));
  const r = d.add(series, d.mul(sLow, d.add(sHigh, s)));
  const highSquare = d.mul(sHigh, sHigh);
  const tHigh = d.head(d.add(d.add(d.k(3), highSquare), r));
  const tLow = d.sub(r, d.sub(d.sub(tHigh, d.k(3)), highSquare));
  const p = d.mul(sHigh, tHigh);
  const q = d.add(d.mul(sLow, tHigh), d.mul(tLow, s));
  const pHigh = d.head(d.add(p, q));
  const pLow = d.sub(q, d.sub(pHigh, p));
  const zHigh = d.mul(d.k(CP_HIGH), pHigh);
  const base = d.and(upper, d.k(LOG_HIGH));
  const zLow = d.add(d.add(d.mul(d.k(CP_LOW), pHigh), d.mul(pLow, d.k(CP))), d.and(upper, d.k(LOG_LOW)));
  const high = d.head(d.add(d.add(d.add(zHigh, zLow), base), n));
  const low = d.sub(zLow, d.sub(d.sub(d.sub(high, n), base), zHigh));
  return { high, low };
}

/** 2^(high + low), where `z` is their sum, from -1080 to 1030. */
function exp2Parts(d: Doubles, z: Local, high: Local, low: Local): Local {
  const n = d.round(z);
  const rest = d.sub(high, n.whole);
  const t = d.head(d.add(low, rest));
  const u = d.mul(t, d.k(LN2_HIGH));
  const v = d.add(d.mul(d.sub(low, d.sub(t, rest)), d.k(Math.LN2)), d.mul(t, d.k(LN2_LOW)));
  const x = d.add(u, v);
  const w = d.sub(v, d.sub(x, u));
  const square = d.mul(x, x);
  const c = d.sub(x, d.mul(square, d.poly(square, P)));
  const r = d.sub(d.div(d.mul(x, c), d.sub(c, d.k(2))), d.add(w, d.mul(x, w)));
  return d.scale(d.sub(d.k(1), d.sub(r, x)), n);
}

/** y · log2(a), in two parts. */
function exponent(
  d: Doubles,
  a: Local,
  less: Local | null,
  y: Local,
): { readonly high: Local; readonly low: Local } {
  const { high, low } = log2Parts(d, a, less);
  const yHigh = d.head(y);
  return { high: d.mul(yHigh, high), low: d.add(d.mul(d.sub(y, yHigh), high), d.mul(y, low)) };
}

export function power(single: boolean): (asm: Assembler, x: Local, y: Local) => Local {
  return (asm, x, y) => {
    const d = new Doubles(asm);
    const usual = d.and(asm.op("f64x2.ge", x, d.k(2 ** -1022)), d.lt(x, d.k(Infinity)));
    if (single) {
      // float64's own digits are enough for float32's exponents
      const value = exp(true)(asm, d.mul(y, log(false)(asm, x)));
      const plain = d.and(usual, d.lt(d.abs(y), d.k(Infinity)));
      return asm.rarely(asm.op("v128.not", plain), value, () => anyPower(d, x, y));
    }
    const { high, low } = exponent(d, x, null, y);
    const z = d.add(high, low);
    // not so for what would leave the range, nor for NaN
    const plain = d.and(usual, d.lt(d.abs(z), d.k(1020)));
    return asm.rarely(asm.op("v128.not", plain), exp2Parts(d, z, high, low), () => anyPower(d, x, y));
  };
}

/** The power of any base and exponent. */
function anyPower(d: Doubles, x: Local, y: Local): Local {
  const { asm } = d;
  const a = d.abs(x);
  const one = d.k(1);
  const zero = d.k(0);
  const infinity = d.k(Infinity);
  const small = d.lt(a, d.k(2 ** -1022));
  const up = d.where(small, d.mul(a, d.k(2 ** 54)), a);
  // exponents so large that only the side of 1 counts would overflow in between
  const limit = d.k(2 ** 70);
  const size = d.where(d.gt(d.abs(y), limit), d.or(limit, d.signBit(y)), y);
  const { high, low } = exponent(d, up, d.and(small, d.k(54)), size);
  const z = d.add(high, low);
  const inside = exp2Parts(d, d.clamp(z, -1080, 1030), high, low);
  // beyond the limits the remainder is meaningless
  const over = d.where(d.gt(z, d.k(1024.5)), infinity, inside);
  let value = d.where(d.lt(z, d.k(-1076)), zero, over);
  const ends = d.or(d.eq(a, zero), d.eq(a, infinity));
  // 0 and ∞: one of them again, by the sign of the exponent
  const toInfinity = asm.op("i64x2.eq", d.gt(y, zero), d.eq(a, infinity));
  value = d.where(ends, d.and(toInfinity, infinity), value);
  // negative bases: odd whole exponents give negative results, fractions none
  const isWhole = d.eq(asm.op("f64x2.floor", y), y);
  const half = d.mul(y, d.k(0.5));
  const odd = d.and(isWhole, asm.op("f64x2.ne", asm.op("f64x2.floor", half), half));
  value = d.xor(value, d.signBit(d.and(odd, d.negative(x))));
  const invalid = d.without(d.without(d.lt(x, zero), isWhole), ends);
  value = d.where(d.or(invalid, d.or(d.isNaN(x), d.isNaN(y))), d.k(NaN), value);
  const trivial = d.or(d.eq(y, zero), d.eq(x, one));
  const turning = d.and(d.eq(x, d.k(-1)), d.eq(d.abs(y), infinity));
  return d.where(d.or(trivial, turning), one, value);
}

/** √(x² + y²), scaled where squares would leave the range. */
export function hypot(single: boolean): (asm: Assembler, x: Local, y: Local) => Local {
  return (asm, x, y) => {
    const d = new Doubles(asm);
    let a = d.abs(x);
    let b = d.abs(y);
    const infinite = d.or(d.eq(a, d.k(Infinity)), d.eq(b, d.k(Infinity)));
    let back: Local | null = null;
    if (!single) {
      const most = d.where(d.gt(a, b), a, b);
      const large = d.gt(most, d.k(2 ** 500));
      const small = d.lt(most, d.k(2 ** -500));
      const factor = d.where(large, d.k(2 ** -600), d.where(small, d.k(2 ** 600), d.k(1)));
      back = d.where(large, d.k(2 ** 600), d.where(small, d.k(2 ** -600), d.k(1)));
      a = d.mul(a, factor);
      b = d.mul(b, factor);
    }
    const length = d.sqrt(d.add(d.mul(a, a), d.mul(b, b)));
    return d.where(infinite, d.k(Infinity), back ? d.mul(length, back) : length);
  };
}
