/**
 * Owns sin, cos, tan and their inverses on two float64 lanes. Arguments beyond 2^20 go to the engine's
 * own functions, lane by lane. Errors stay below 2 units in the last place.
 */
import type { Assembler, Local } from "./assembler.js";
import { Doubles } from "./doubles.js";

/** π/2 in three parts of 33 bits, and what is left after each. */
const PIO2 = [1.57079632673412561417, 6.0771005063039659766e-11, 2.0222662487111664558e-21] as const;
const PIO2_REST = [
  6.07710050650619224932e-11, 2.02226624879595063154e-21, 8.47842766036889956997e-32,
] as const;

const SIN = [
  -1.66666666666666324348e-1, 8.33333333332248946124e-3, -1.98412698298579493134e-4,
  2.75573137070700676789e-6, -2.50507602534068634195e-8, 1.58969099521155010221e-10,
];
const COS = [
  4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5,
  -2.75573143513906633035e-7, 2.0875723212981748279e-9, -1.13596475577881948265e-11,
];
const SIN_SINGLE = [
  -0.16666666663832763, 0.008333331865959415, -0.00019840082012765537, 2.7249314054698804e-6,
];
const COS_SINGLE = [
  0.0416666666643024, -0.0013888887664713619, 2.4800596435621998e-5, -2.7300448619488353e-7,
];

const FAR = 2 ** 20;

interface Angle {
  /** Which quarter turn, in the lowest two bits. */
  readonly quarter: Local;
  readonly y: Local;
  /** What `y` lost to rounding; null where float32 doesn't care. */
  readonly tail: Local | null;
}

/** x = n·π/2 + y + tail. */
function reduce(d: Doubles, x: Local, single: boolean): Angle {
  const { whole, integer } = d.round(d.mul(x, d.k(2 / Math.PI)));
  const first = d.sub(x, d.mul(whole, d.k(PIO2[0])));
  if (single) {
    return { quarter: integer, y: d.sub(first, d.mul(whole, d.k(PIO2_REST[0]))), tail: null };
  }
  const step = d.mul(whole, d.k(PIO2[1]));
  const second = d.sub(first, step);
  const rest = d.sub(d.mul(whole, d.k(PIO2_REST[1])), d.sub(d.sub(first, second), step));
  const y = d.sub(second, rest);
  return { quarter: integer, y, tail: d.sub(d.sub(second, y), rest) };
}

/** sin(y + tail) for |y| ≤ π/4. */
function sine(d: Doubles, { y, tail }: Angle, z: Local): Local {
  const cube = d.mul(z, y);
  if (!tail) return d.add(y, d.mul(cube, d.poly(z, SIN_SINGLE)));
  const r = d.poly(z, SIN.slice(1));
  const inner = d.sub(d.mul(z, d.sub(d.mul(d.k(0.5), tail), d.mul(cube, r))), tail);
  return d.sub(y, d.sub(inner, d.mul(cube, d.k(SIN[0]))));
}

/** cos(y + tail) for |y| ≤ π/4. */
function cosine(d: Doubles, { y, tail }: Angle, z: Local): Local {
  const half = d.mul(d.k(0.5), z);
  const w = d.sub(d.k(1), half);
  const r = d.mul(z, d.poly(z, tail ? COS : COS_SINGLE));
  const lost = d.sub(d.sub(d.k(1), w), half);
  const small = d.mul(z, r);
  return d.add(w, d.add(lost, tail ? d.sub(small, d.mul(y, tail)) : small));
}

function circular(name: "sin" | "cos" | "tan", single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const angle = reduce(d, x, single);
    const z = d.mul(angle.y, angle.y);
    const s = sine(d, angle, z);
    const c = cosine(d, angle, z);
    const odd = asm.op("i64x2.eq", d.and(angle.quarter, asm.i64(1n)), asm.i64(1n));
    let value: Local;
    if (name === "tan") {
      // -cot in odd quarters
      const ratio = d.div(d.where(odd, c, s), d.where(odd, s, c));
      value = d.xor(ratio, d.signBit(odd));
    } else {
      const shifted = name === "sin" ? angle.quarter : asm.op("i64x2.add", angle.quarter, asm.i64(1n));
      const flip = asm.shift("i64x2.shl", d.and(shifted, asm.i64(2n)), 62);
      const [even, other] = name === "sin" ? [s, c] : [c, s];
      value = d.xor(d.where(odd, other, even), flip);
    }
    // sin and tan of -0 are -0
    if (name !== "cos") value = d.where(d.eq(x, d.k(0)), x, value);
    const far = asm.op("v128.not", d.lt(d.abs(x), d.k(FAR)));
    return asm.rarely(far, value, () => asm.call(name, x));
  };
}

export function sin(single: boolean): (asm: Assembler, x: Local) => Local {
  return circular("sin", single);
}
export function cos(single: boolean): (asm: Assembler, x: Local) => Local {
  return circular("cos", single);
}
export function tan(single: boolean): (asm: Assembler, x: Local) => Local {
  return circular("tan", single);
}

const PIO2_HIGH = 1.570796326794896558;
const PIO2_LOW = 6.12323399573676603587e-17;
const PIO4_HIGH = 7.85398163397448278999e-1;
/** (asin(x) - x) / x³ = p(x²) / q(x²) for |x| ≤ ½. */
const ASIN_P = [
  1.66666666666666657415e-1, -3.25565818622400915405e-1, 2.01212532134862925881e-1,
  -4.00555345006794114027e-2, 7.91534994289814532176e-4, 3.4793310759602116757e-5,
];
const ASIN_Q = [
  1, -2.40339491173441421878, 2.02094576023350569471, -6.8828397160545329303e-1, 7.70381505559019352791e-2,
];

function asinRatio(d: Doubles, z: Local): Local {
  return d.div(d.mul(z, d.poly(z, ASIN_P)), d.poly(z, ASIN_Q));
}

/** Beyond ½: z = (1 - |x|) / 2, its root in two parts. */
function root(d: Doubles, z: Local): { readonly s: Local; readonly head: Local; readonly low: Local } {
  const s = d.sqrt(z);
  const head = d.head(s);
  const low = d.div(d.sub(z, d.mul(head, head)), d.add(s, head));
  // at |x| = 1 that is 0 / 0
  return { s, head, low: d.where(d.eq(z, d.k(0)), d.k(0), low) };
}

export function asin(_single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const size = d.abs(x);
    const near = d.lt(size, d.k(0.5));
    const z = d.where(near, d.mul(x, x), d.mul(d.k(0.5), d.sub(d.k(1), size)));
    const ratio = asinRatio(d, z);
    const close = d.add(size, d.mul(size, ratio));
    const { s, head, low } = root(d, z);
    const p = d.sub(d.mul(d.add(s, s), ratio), d.sub(d.k(PIO2_LOW), d.add(low, low)));
    const q = d.sub(d.k(PIO4_HIGH), d.add(head, head));
    const wide = d.sub(d.k(PIO4_HIGH), d.sub(p, q));
    return d.or(d.where(near, close, wide), d.signBit(x));
  };
}

export function acos(_single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    const size = d.abs(x);
    const near = d.lt(size, d.k(0.5));
    const z = d.where(near, d.mul(x, x), d.mul(d.k(0.5), d.sub(d.k(1), size)));
    const ratio = asinRatio(d, z);
    const close = d.sub(d.k(PIO2_HIGH), d.sub(x, d.sub(d.k(PIO2_LOW), d.mul(x, ratio))));
    const { s, head, low } = root(d, z);
    const right = d.add(head, d.add(d.mul(ratio, s), low));
    const left = d.add(s, d.sub(d.mul(ratio, s), d.k(PIO2_LOW)));
    const far = d.where(d.negative(x), d.sub(d.k(Math.PI), d.add(left, left)), d.add(right, right));
    return d.where(near, close, far);
  };
}

const ATAN = [
  3.33333333333329318027e-1, -1.99999999998764832476e-1, 1.42857142725034663711e-1, -1.1111110405462355788e-1,
  9.09088713343650656196e-2, -7.69187620504482999495e-2, 6.66107313738753120669e-2,
  -5.83357013379057348645e-2, 4.97687799461593236017e-2, -3.6531572744216915527e-2, 1.62858201153657823623e-2,
];
/** atan of ½, 1, 3/2 and ∞, in two parts. */
const ATAN_HIGH = [
  4.63647609000806093515e-1,
  7.85398163397448278999e-1,
  9.82793723247329054082e-1,
  PIO2_HIGH,
] as const;
const ATAN_LOW = [
  2.26987774529616870924e-17,
  3.06161699786838301793e-17,
  1.39033110312309984516e-17,
  PIO2_LOW,
] as const;

/** atan of numbers that are not negative. */
function atanOf(d: Doubles, size: Local): Local {
  const { k } = { k: (value: number): Local => d.k(value) };
  const masks = [7 / 16, 11 / 16, 19 / 16, 39 / 16].map((limit) => d.asm.op("f64x2.ge", size, k(limit)));
  const pick = (first: Local, ...later: readonly Local[]): Local =>
    later.reduce((value, next, i) => d.where(masks[i], next, value), first);
  const half = d.mul(size, k(1.5));
  // t = (x - c) / (1 + c·x), where atan(c) is the part looked up
  const top = pick(size, d.sub(d.add(size, size), k(1)), d.sub(size, k(1)), d.sub(size, k(1.5)), k(-1));
  const bottom = pick(k(1), d.add(size, k(2)), d.add(size, k(1)), d.add(half, k(1)), size);
  const t = d.div(top, bottom);
  const z = d.mul(t, t);
  const correction = d.mul(t, d.mul(z, d.poly(z, ATAN)));
  const high = pick(k(0), ...ATAN_HIGH.map(k));
  const low = pick(k(0), ...ATAN_LOW.map(k));
  return d.sub(high, d.sub(d.sub(correction, low), t));
}

export function atan(_single: boolean): (asm: Assembler, x: Local) => Local {
  return (asm, x) => {
    const d = new Doubles(asm);
    return d.or(atanOf(d, d.abs(x)), d.signBit(x));
  };
}

export function atan2(_single: boolean): (asm: Assembler, y: Local, x: Local) => Local {
  return (asm, y, x) => {
    const d = new Doubles(asm);
    const infinity = d.k(Infinity);
    let top = d.abs(y);
    let bottom = d.abs(x);
    const both = d.and(d.eq(top, infinity), d.eq(bottom, infinity));
    top = d.where(both, d.k(1), top);
    bottom = d.where(both, d.k(1), bottom);
    // 0 / 0: the angle of the nearer axis
    bottom = d.where(d.and(d.eq(top, d.k(0)), d.eq(bottom, d.k(0))), d.k(1), bottom);
    const angle = atanOf(d, d.div(top, bottom));
    const left = d.sub(d.k(Math.PI), d.sub(angle, d.k(2 * PIO2_LOW)));
    const turned = d.where(d.negative(x), left, angle);
    const value = d.or(turned, d.signBit(y));
    const missing = d.or(d.isNaN(x), d.isNaN(y));
    return d.where(missing, d.k(NaN), value);
  };
}
