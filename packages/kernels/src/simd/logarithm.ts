/**
 * Owns logarithms on two float64 lanes. Method: x = 2^k·(1 + f) with √½ ≤ 1 + f < √2, s = f / (2 + f),
 * and ln(1 + f) = 2·atanh(s) as a polynomial in s². Errors stay below 2 units in the last place.
 */
import { LN2_HIGH, LN2_LOW, LOG_BITS, LOG_FIRST, LOG_SERIES } from "../function-tables.js";
import type { Assembler, Local } from "./assembler.js";
import { Doubles } from "./doubles.js";
import { lookUpLog } from "./tables.js";

/** (2·atanh(s) - 2s) / s³ over z = s², s² ≤ 0.0295. */
const ATANH = [
  0.666666666666667, 0.3999999999989827, 0.2857142862653362, 0.22222211043776857, 0.18182895750119193,
  0.1533150161114533, 0.1461916613488797,
];
const ATANH_SINGLE = [0.6666668515145278, 0.39988734820244165, 0.2958202356203656];

interface Parts {
  /** The power of two, as float64. */
  readonly k: Local;
  readonly f: Local;
  readonly halfSquare: Local;
  /** ln(1 + f) = f - halfSquare + rest. */
  readonly rest: Local;
}

/** Of a positive normal number. */
function parts(d: Doubles, x: Local, single: boolean): Parts {
  const { k, m } = d.split(x, Math.SQRT1_2);
  const f = d.sub(m, d.k(1));
  const s = d.div(f, d.add(f, d.k(2)));
  const z = d.mul(s, s);
  const series = d.mul(z, d.poly(z, single ? ATANH_SINGLE : ATANH));
  const halfSquare = d.mul(d.k(0.5), d.mul(f, f));
  return { k, f, halfSquare, rest: d.mul(s, d.add(halfSquare, series)) };
}

/**
 * A logarithm of any number, from one (`of`) of normal numbers, which is given the power of two to take
 * away again: -∞ at 0, NaN below, ∞ at ∞; subnormals are brought up by 2^54 first.
 */
function withLimits(d: Doubles, x: Local, of: (x: Local, less: Local | null) => Local): Local {
  const usual = d.and(d.asm.op("f64x2.ge", x, d.k(2 ** -1022)), d.lt(x, d.k(Infinity)));
  return d.asm.rarely(d.asm.op("v128.not", usual), of(x, null), () => limited(d, x, of));
}

/** Of what is no positive normal number, or so large that its inverse is none. */
function limited(d: Doubles, x: Local, of: (x: Local, less: Local) => Local): Local {
  const large = d.gt(x, d.k(1));
  const scaled = d.mul(x, d.where(large, d.k(2 ** -54), d.k(2 ** 54)));
  const some = of(scaled, d.where(large, d.k(-54), d.k(54)));
  const small = d.where(d.gt(x, d.k(0)), some, d.k(NaN));
  const zero = d.where(d.eq(x, d.k(0)), d.k(-Infinity), small);
  return d.where(d.eq(x, d.k(Infinity)), x, zero);
}

/** ln(x), less `less`·ln 2, and `tail` more. */
function lnOf(d: Doubles, x: Local, less: Local | null, tail: Local | null, single: boolean): Local {
  const { k: power, f, halfSquare, rest } = parts(d, x, single);
  const k = less ? d.sub(power, less) : power;
  const low = d.mul(k, d.k(LN2_LOW));
  const small = d.add(rest, tail ? d.add(low, tail) : low);
  return d.add(d.mul(k, d.k(LN2_HIGH)), d.sub(f, d.sub(halfSquare, small)));
}

const EXPONENT = 1n << 52n;
const STEP = 1n << BigInt(52 - LOG_BITS);
/** A positive normal number by the point c next to its mantissa: x = 2^k·c·(1 + r). */
export interface Near {
  /** k as float64. */
  readonly k: Local;
  /** x - 2^k·c, exactly. */
  readonly rest: Local;
  /** Where the point stands in a table with entries of so many bytes. */
  readonly offsets: Local;
  /** What to take from the table's 1/c, as bits, for 2^-k / c. */
  readonly top: Local;
}

export function nearest(d: Doubles, x: Local, bytes: 16 | 32): Near {
  const { asm } = d;
  // 1023 is added to the exponent: it stays positive
  const bits = asm.op("i64x2.sub", x, asm.i64(LOG_FIRST - 1023n * EXPONENT));
  const top = d.and(bits, asm.i64(-EXPONENT));
  const point = asm.op(
    "i64x2.add",
    d.and(bits, asm.i64(-STEP)),
    asm.i64(LOG_FIRST + STEP / 2n - 1023n * EXPONENT),
  );
  const offsets = d.and(
    asm.shift("i64x2.shr_u", bits, 52 - LOG_BITS - Math.log2(bytes)),
    asm.i64(((1n << BigInt(LOG_BITS)) - 1n) * BigInt(bytes)),
  );
  const count = d.or(asm.shift("i64x2.shr_u", bits, 52), d.k(2 ** 52));
  return { k: d.sub(count, d.k(2 ** 52 + 1023)), rest: d.sub(x, point), offsets, top };
}

/** ln x of a positive normal number, less `less`·ln 2. */
export function lnNear(d: Doubles, x: Local, less: Local | null): Local {
  const { k: power, rest, offsets, top } = nearest(d, x, 16);
  const [inverse, logarithm] = lookUpLog(d.asm, offsets);
  const r = d.mul(rest, d.asm.op("i64x2.sub", inverse, top));
  const k = less ? d.sub(power, less) : power;
  const main = d.add(d.mul(k, d.k(LN2_HIGH)), logarithm);
  const square = d.mul(r, r);
  const a = d.add(d.k(LOG_SERIES[0]), d.mul(r, d.k(LOG_SERIES[1])));
  const b = d.add(d.k(LOG_SERIES[2]), d.mul(r, d.k(LOG_SERIES[3])));
  const series = d.mul(square, d.add(a, d.mul(square, b)));
  return d.add(main, d.add(r, d.add(series, d.mul(k, d.k(LN2_LOW)))));
}

/** A mask of the positive normal numbers whose inverse is normal too. */
export function isUsual(d: Doubles, x: Local): Local {
  return d.and(d.asm.op("f64x2.ge", x, d.k(2 ** -1022)), d.lt(x, d.k(2 ** 1021)));
}

/** ln x of a group. */
export function logOf(asm: Assembler, xs: readonly Local[]): Local[] {
  const d = new Doubles(asm);
  const values = xs.map((x) => lnNear(d, x, null));
  const usual = xs.map((x) => isUsual(d, x));
  return asm.unless(usual, values, () => xs.map((x) => limited(d, x, (up, less) => lnNear(d, up, less))));
}

/** ln(u) with u = 1 + x rounded, and what was lost to rounding, over u. */
export function log1p(single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const u = d.add(x, d.k(1));
    const back = d.sub(u, d.k(1));
    const lost = d.add(d.sub(d.k(1), d.sub(u, back)), d.sub(x, back));
    const tail = d.div(lost, u);
    const value = withLimits(d, u, (normal, less) => lnOf(d, normal, less, tail, single));
    // a result like x itself: 0 keeps its sign, and what is as small as that its value
    return d.where(d.lt(d.abs(x), d.k(2 ** -54)), x, value);
  };
}

/**
 * Logarithm to another base: 1/ln b in two parts, the first short enough for exact products with the
 * head of ln(1 + f); log_b 2 likewise. Powers of the base come out whole.
 */
function toBase(
  single: boolean,
  scale: readonly [number, number],
  two: readonly [number, number],
): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    return withLimits(d, x, (normal, less) => {
      const { k: power, f, halfSquare, rest } = parts(d, normal, single);
      const k = less ? d.sub(power, less) : power;
      const high = d.head(d.sub(f, halfSquare));
      const low = d.add(d.sub(d.sub(f, high), halfSquare), rest);
      const whole = d.mul(k, d.k(two[0]));
      const main = d.mul(high, d.k(scale[0]));
      let small = d.add(d.mul(d.add(low, high), d.k(scale[1])), d.mul(low, d.k(scale[0])));
      if (two[1] !== 0) small = d.add(d.mul(k, d.k(two[1])), small);
      const sum = d.add(whole, main);
      const lost = d.add(d.sub(whole, sum), main);
      return d.add(d.add(small, lost), sum);
    });
  };
}

export function log2(single: boolean): (asm: Assembler, x: Local) => Local {
  return toBase(single, [1.44269504072144627571, 1.67517131648865118353e-10], [1, 0]);
}

export function log10(single: boolean): (asm: Assembler, x: Local) => Local {
  return toBase(
    single,
    [4.34294481878168880939e-1, 2.50829467116452752298e-11],
    [3.01029995663611771306e-1, 3.69423907715893078616e-13],
  );
}
