/**
 * Owns pow and hypot on vectors of two float64s. pow takes ln x in two parts, from a table and a series, so that the
 * exponent y·ln x, which may be as large as 709, loses no digit. Errors stay below 2 units in the last place.
 */
import { LN2_HEAD, LN2_TAIL, POWER_SERIES } from "../function-tables.js";
import type { Assembler, Local } from "./assembler.js";
import { Doubles } from "./doubles.js";
import { expSteps, joinFar, joinSteps } from "./exponential.js";
import { isUsual, lnNear, nearest } from "./logarithm.js";
import { lookUpPower } from "./tables.js";
import { demote, promote } from "./vector.js";

/** A number in two parts. */
interface Parts {
  readonly high: Local;
  readonly low: Local;
}

/** ln x of a positive normal number, less `less`·ln 2; the first part has 32 bits less than a float64. */
function lnParts(d: Doubles, x: Local, less: Local | null): Parts {
  const { asm } = d;
  const { k: power, rest, offsets, top } = nearest(d, x, 32);
  const [inverse, excess, logHigh, logLow] = lookUpPower(asm, offsets);
  const k = less ? d.sub(power, less) : power;
  // exact: 1/c has so few digits that nothing is rounded
  const r = d.add(d.mul(rest, asm.op("i64x2.sub", inverse, top)), excess);
  const main = d.add(d.mul(k, d.k(LN2_HEAD)), logHigh);
  const high = d.head(d.add(main, r));
  const left = d.add(d.sub(main, high), r);
  const small = d.add(d.mul(k, d.k(LN2_TAIL)), logLow);
  const square = d.mul(r, r);
  // in pairs: half as long a chain
  const [a, b, c] = [0, 2, 4].map((i) => d.add(d.k(POWER_SERIES[i]), d.mul(r, d.k(POWER_SERIES[i + 1]))));
  const series = d.mul(square, d.add(a, d.mul(square, d.add(b, d.mul(square, c)))));
  return { high, low: d.add(left, d.add(small, series)) };
}

/** y·ln x. */
function exponentParts(d: Doubles, x: Local, less: Local | null, y: Local): Parts {
  const { high, low } = lnParts(d, x, less);
  const yHigh = d.head(y);
  return {
    high: d.mul(yHigh, high),
    low: d.add(d.mul(d.sub(y, yHigh), high), d.mul(y, low)),
  };
}

/** x^y of a group: what is no positive normal number, or leads to none, goes apart. */
export function powerOf(asm: Assembler, xs: readonly Local[], ys: readonly Local[]): Local[] {
  const d = new Doubles(asm);
  // all look into the first table before any looks into the second: loads keep their order, and what hangs on them
  const exponents = xs.map((x, i) => exponentParts(d, x, null, ys[i]));
  const steps = exponents.map(({ high, low }) => expSteps(d, high, low));
  const usual = exponents.map(({ high }, i) => d.and(isUsual(d, xs[i]), d.lt(d.size(high), d.k(707))));
  const values = steps.map((one) => joinSteps(d, one));
  return asm.unless(usual, values, () => xs.map((x, i) => anyPower(d, x, ys[i])));
}

/** x^y of float32s, two vectors of them: float64's own digits are enough for their exponents. */
export function powerSingle(asm: Assembler, xs: readonly Local[], ys: readonly Local[]): Local[] {
  const d = new Doubles(asm);
  const [bases, exponents] = [xs, ys].map((regs) => promote(asm, { bits: 32, regs }).regs);
  const sums = bases.map((x, i) => d.mul(exponents[i], lnNear(d, x, null)));
  const values = sums.map((sum) => joinSteps(d, expSteps(d, sum)));
  const usual = sums.map((sum, i) => d.and(isUsual(d, bases[i]), d.lt(d.size(sum), d.k(700))));
  const powers = asm.unless(usual, values, () => bases.map((x, i) => anyPower(d, x, exponents[i])));
  return [...demote(asm, { bits: 64, regs: powers }).regs];
}

/** The power of any base and exponent. */
function anyPower(d: Doubles, x: Local, y: Local): Local {
  const { asm } = d;
  const a = d.abs(x);
  const one = d.k(1);
  const zero = d.k(0);
  const infinity = d.k(Infinity);
  const small = d.lt(a, d.k(2 ** -1022));
  const large = d.gt(a, d.k(2 ** 1020));
  const factor = d.where(small, d.k(2 ** 54), d.where(large, d.k(2 ** -54), one));
  const less = d.or(d.and(small, d.k(54)), d.and(large, d.k(-54)));
  // exponents so large that only the side of 1 counts would overflow in between
  const limit = d.k(2 ** 70);
  const size = d.where(d.gt(d.abs(y), limit), d.or(limit, d.signBit(y)), y);
  const { high, low } = exponentParts(d, d.mul(a, factor), less, size);
  const inside = joinFar(d, expSteps(d, d.clamp(high, -750, 715), d.clamp(low, -1, 1)));
  // beyond these limits the parts are meaningless
  const over = d.where(d.gt(high, d.k(712)), infinity, inside);
  let value = d.where(d.lt(high, d.k(-748)), zero, over);
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
