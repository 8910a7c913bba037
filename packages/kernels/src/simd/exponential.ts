/**
 * Owns exp and its kin on two float64 lanes. Method: x = n·ln 2 + r with |r| ≤ ln 2 / 2, a polynomial
 * in r, and a scaling by 2^n. Errors stay below 2 units in the last place.
 */
import { EXP_BITS, EXP_SERIES, LN2_HIGH, LN2_LOW, STEP_HIGH, STEP_LOW, STEPS } from "../function-tables.js";
import type { Assembler, Local } from "./assembler.js";
import { Doubles, MAGIC, type Rounded } from "./doubles.js";
import { lookUpExp } from "./tables.js";

/** (e^r - 1 - r - r²/2) / r³ on |r| ≤ ln 2 / 2, to 2.6e-17 and to 1.6e-8 of e^r, and to 1e-9 of e^r - 1. */
const EXP = [
  0.16666666666666666, 0.041666666666651246, 0.008333333333332147, 0.0013888888905973543,
  0.00019841269854409363, 2.480153620505534e-5, 2.755727992579576e-6, 2.761390867578486e-7,
  2.509563297507093e-8,
];
const EXP_SINGLE = [0.1666663068148552, 0.04166662170022709, 0.008357247975823195, 0.0013918773446553218];

const EXPM1_SINGLE = [
  0.16666666666666666, 0.04166655421298415, 0.008333320842276708, 0.0013926250831497611,
  0.00019882773016255759,
];

interface Reduced {
  readonly n: Rounded;
  readonly r: Local;
  /** What `r` lost to rounding. */
  readonly tail: Local;
}

function reduce(d: Doubles, x: Local): Reduced {
  const n = d.round(d.mul(x, d.k(Math.LOG2E)));
  const { whole } = n;
  const high = d.sub(x, d.mul(whole, d.k(LN2_HIGH)));
  const low = d.mul(whole, d.k(LN2_LOW));
  const r = d.sub(high, low);
  return { n, r, tail: d.sub(d.sub(high, r), low) };
}

/** e^r - 1 for a reduced r. */
function tiny(d: Doubles, r: Local, single: boolean): Local {
  const square = d.mul(r, r);
  const series = d.add(d.k(0.5), d.mul(r, d.poly(r, single ? EXP_SINGLE : EXP)));
  return d.add(r, d.mul(square, series));
}

/** e^x · 2^shift. */
function expShifted(asm: Assembler, x: Local, single: boolean, shift: number): Local {
  const d = new Doubles(asm);
  const limited = single ? d.clamp(x, -200, 200) : d.clamp(x, -746, 711);
  const { n, r } = reduce(d, limited);
  const value = d.add(d.k(1), tiny(d, r, single));
  const power: Rounded =
    shift === 0
      ? n
      : {
          whole: d.add(n.whole, d.k(shift)),
          integer: asm.op("i64x2.add", n.integer, asm.i64(BigInt(shift))),
        };
  // within float32's range one multiplication does
  return single ? d.mul(value, d.powerOfTwo(power.integer)) : d.scale(value, power);
}

/** What e^(x + tail) is made of: `power`·(1 + p), where `power` is 2^(n / 2048) once `scaled` by 2^⌊n / 2048⌋. */
export interface Steps {
  readonly n: Local;
  /** The entry of the table. */
  readonly power: Local;
  readonly p: Local;
}

/** For x from -746 to 711. */
export function expSteps(d: Doubles, x: Local, tail: Local | null = null): Steps {
  const { asm } = d;
  const all = tail === null ? x : d.add(x, tail);
  const shifted = d.add(d.mul(all, d.k(STEPS / Math.LN2)), d.k(MAGIC));
  const whole = d.sub(shifted, d.k(MAGIC));
  const near = d.sub(d.sub(x, d.mul(whole, d.k(STEP_HIGH))), d.mul(whole, d.k(STEP_LOW)));
  const r = tail === null ? near : d.add(near, tail);
  const p = d.add(r, d.mul(d.mul(r, r), d.poly(r, EXP_SERIES)));
  const offsets = d.and(asm.shift("i64x2.shl", shifted, 3), asm.i64(BigInt(8 * (STEPS - 1))));
  return { n: shifted, power: lookUpExp(asm, offsets), p };
}

/** The value, where it is a normal number. */
export function joinSteps(d: Doubles, { n, power, p }: Steps): Local {
  const scaled = d.asm.op("i64x2.add", power, d.asm.shift("i64x2.shl", n, 52 - EXP_BITS));
  return d.add(scaled, d.mul(scaled, p));
}

/** The value for any exponent: rounded once more where it is subnormal. */
export function joinFar(d: Doubles, { n, power, p }: Steps): Local {
  const { asm } = d;
  const place = d.and(n, asm.i64(BigInt(STEPS - 1)));
  const at = asm.op("i64x2.add", power, asm.shift("i64x2.shl", place, 52 - EXP_BITS));
  const exponent = asm.shift("i64x2.shr_s", asm.op("i64x2.sub", n, d.k(MAGIC)), EXP_BITS);
  const half = asm.shift("i64x2.shr_s", exponent, 1);
  const rest = asm.op("i64x2.sub", exponent, half);
  const near = d.add(at, d.mul(at, p));
  return d.mul(d.mul(near, d.powerOfTwo(half)), d.powerOfTwo(rest));
}

/** e^x for all of a group: what may leave the range of normal numbers goes apart. */
export function expOf(asm: Assembler, xs: readonly Local[]): Local[] {
  const d = new Doubles(asm);
  const near = xs.map((x) => d.lt(d.size(x), d.k(708)));
  const values = xs.map((x) => joinSteps(d, expSteps(d, x)));
  return asm.unless(near, values, () => xs.map((x) => joinFar(d, expSteps(d, d.clamp(x, -746, 711)))));
}

/** e^x - 1, accurate near 0. */
function expm1Of(asm: Assembler, x: Local, single: boolean): Local {
  const d = new Doubles(asm);
  const { n, r, tail } = reduce(d, d.clamp(x, -40, single ? 200 : 711));
  const square = d.mul(r, r);
  const series = d.add(d.k(0.5), d.mul(r, d.poly(r, single ? EXPM1_SINGLE : EXP)));
  // the tail counts e^r times
  const rest = d.add(d.mul(square, series), d.add(tail, d.mul(tail, r)));
  const p = d.add(r, rest);
  // 2^n·(p + 1) - 1 = 2^n·(p + (1 - 2^-n)); beyond 2^60 the 1 has no weight
  const inverse = d.powerOfTwo(asm.op("i64x2.neg", n.integer));
  const weight = d.sub(d.k(1), d.without(inverse, d.gt(n.whole, d.k(60))));
  const value = d.scale(d.add(p, weight), n);
  return d.or(value, d.signBit(x));
}

export function expm1(single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => expm1Of(asm, x, single);
}

/** (e^x + e^-x) / 2, from e^x / 2, which does not overflow before the result does. */
export function cosh(single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const half = expShifted(asm, d.abs(x), single, -1);
    return d.add(half, d.div(d.k(0.25), half));
  };
}

/** (t + t / (t + 1)) / 2 with t = e^|x| - 1; far out e^|x| / 2. */
export function sinh(single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const size = d.abs(x);
    const t = expm1Of(asm, d.clamp(size, 0, 40), single);
    const near = d.mul(d.k(0.5), d.add(t, d.div(t, d.add(t, d.k(1)))));
    const far = expShifted(asm, size, single, -1);
    return d.or(d.where(d.gt(size, d.k(22)), far, near), d.signBit(x));
  };
}

/** 1 - 2 / (t + 2) with t = e^2|x| - 1, or near 0 -t / (t + 2) with t = e^-2|x| - 1. */
export function tanh(single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const size = d.abs(x);
    const large = d.gt(size, d.k(1));
    const double = d.add(size, size);
    const limited = d.clamp(double, 0, 50);
    const t = expm1Of(asm, d.where(large, limited, d.neg(limited)), single);
    const top = d.where(large, d.k(2), d.neg(t));
    const ratio = d.div(top, d.add(t, d.k(2)));
    const value = d.where(large, d.sub(d.k(1), ratio), ratio);
    return d.or(value, d.signBit(x));
  };
}
