/** Owns arithmetic on two float64 lanes, in words short enough for formulas. */
import { type Assembler, bitsOfFloat64, type Local } from "./assembler.js";

/** Formulas over vectors of two float64s. `this.k(1.5)` is a constant. */
export class Doubles {
  readonly asm: Assembler;
  constructor(asm: Assembler) {
    this.asm = asm;
  }
  k(value: number): Local {
    return this.asm.f64(value);
  }
  add(a: Local, b: Local): Local {
    return this.asm.op("f64x2.add", a, b);
  }
  sub(a: Local, b: Local): Local {
    return this.asm.op("f64x2.sub", a, b);
  }
  mul(a: Local, b: Local): Local {
    return this.asm.op("f64x2.mul", a, b);
  }
  div(a: Local, b: Local): Local {
    return this.asm.op("f64x2.div", a, b);
  }
  sqrt(a: Local): Local {
    return this.asm.op("f64x2.sqrt", a);
  }
  abs(a: Local): Local {
    return this.asm.op("f64x2.abs", a);
  }
  /** `abs` by a constant that stays in a register: quicker where it is asked for often. */
  size(a: Local): Local {
    return this.and(a, this.asm.i64(2n ** 63n - 1n));
  }
  neg(a: Local): Local {
    return this.asm.op("f64x2.neg", a);
  }
  lt(a: Local, b: Local): Local {
    return this.asm.op("f64x2.lt", a, b);
  }
  gt(a: Local, b: Local): Local {
    return this.asm.op("f64x2.gt", a, b);
  }
  eq(a: Local, b: Local): Local {
    return this.asm.op("f64x2.eq", a, b);
  }
  isNaN(a: Local): Local {
    return this.asm.op("f64x2.ne", a, a);
  }
  and(a: Local, b: Local): Local {
    return this.asm.op("v128.and", a, b);
  }
  /** `a` where `b` has zeros. */
  without(a: Local, b: Local): Local {
    return this.asm.op("v128.andnot", a, b);
  }
  or(a: Local, b: Local): Local {
    return this.asm.op("v128.or", a, b);
  }
  xor(a: Local, b: Local): Local {
    return this.asm.op("v128.xor", a, b);
  }
  where(mask: Local, yes: Local, no: Local): Local {
    return this.asm.choose(mask, yes, no);
  }
  /** The bit that is set in negative numbers, -0 too. */
  signBit(a: Local): Local {
    return this.and(a, this.asm.i64(-(2n ** 63n)));
  }
  /** All ones where the sign bit is set. */
  negative(a: Local): Local {
    return this.asm.shift("i64x2.shr_s", a, 63);
  }
  /** `a` with its 32 lowest bits cleared: products of two such are exact. */
  head(a: Local): Local {
    return this.and(a, this.asm.i64(-(2n ** 32n)));
  }
  /** `c[0] + x·(c[1] + x·(…))`. */
  poly(x: Local, coefficients: readonly number[]): Local {
    let sum = this.k(coefficients[coefficients.length - 1]);
    for (let i = coefficients.length - 2; i >= 0; i--)
      sum = this.add(this.mul(sum, x), this.k(coefficients[i]));
    return sum;
  }
  /** The nearest whole number as float64 and as a 64-bit integer; for magnitudes below 2^51. */
  round(a: Local): Rounded {
    // in a + 1.5·2^52 the last bit is worth 1
    const shifted = this.add(a, this.k(MAGIC));
    return {
      whole: this.sub(shifted, this.k(MAGIC)),
      integer: this.asm.op("i64x2.sub", shifted, this.k(MAGIC)),
    };
  }
  /** `2^n` for a 64-bit integer `n` from -1022 to 1023. */
  powerOfTwo(n: Local): Local {
    const biased = this.asm.op("i64x2.add", n, this.asm.i64(1023n));
    return this.asm.shift("i64x2.shl", biased, 52);
  }
  /** `a · 2^n` for a rounded `n` from -2044 to 2046, rounded at most once more where that is subnormal. */
  scale(a: Local, n: Rounded): Local {
    const far = this.gt(this.abs(n.whole), this.k(1021));
    return this.asm.rarely(far, this.mul(a, this.powerOfTwo(n.integer)), () => {
      const half = this.asm.shift("i64x2.shr_s", n.integer, 1);
      const rest = this.asm.op("i64x2.sub", n.integer, half);
      return this.mul(this.mul(a, this.powerOfTwo(half)), this.powerOfTwo(rest));
    });
  }
  /** Limits x; a NaN passes through. */
  clamp(x: Local, low: number, high: number): Local {
    return this.asm.op("f64x2.pmax", this.asm.op("f64x2.pmin", x, this.k(high)), this.k(low));
  }
  /** `x = 2^k · m` with `from ≤ m < 2·from`, for a positive normal `x`: `k` as float64. */
  split(x: Local, from: number): { readonly k: Local; readonly m: Local } {
    // seen as integers, x - from counts exponents from where m starts; 1023 more keep it positive
    const bits = this.asm.op("i64x2.sub", x, this.asm.i64(bitsOfFloat64(from) - BIAS));
    const exponent = this.and(bits, this.asm.i64(-(2n ** 52n)));
    const m = this.asm.op("i64x2.sub", x, this.asm.op("i64x2.sub", exponent, this.asm.i64(BIAS)));
    const count = this.or(this.asm.shift("i64x2.shr_u", bits, 52), this.k(2 ** 52));
    return { k: this.sub(count, this.k(2 ** 52 + 1023)), m };
  }
}

/** A whole number as float64 and as a 64-bit integer. */
export interface Rounded {
  readonly whole: Local;
  readonly integer: Local;
}

const BIAS = 1023n << 52n;
/** In numbers around this the last bit is worth 1. */
export const MAGIC: number = 1.5 * 2 ** 52;
