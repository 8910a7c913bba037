/**
 * Owns exp and log on four float32 lanes, at most 1 unit in the last place off. What is out of the ordinary (NaN,
 * infinities, what is or gives a subnormal number) goes by float64.
 */
import {
  SINGLE_EXP,
  SINGLE_LN2_HIGH,
  SINGLE_LN2_LOW,
  SINGLE_LOG,
  SINGLE_ROOT_HALF,
} from "../function-tables.js";
import type { Assembler, Local } from "./assembler.js";
import { expOf } from "./exponential.js";
import { logOf } from "./logarithm.js";
import { demote, promote } from "./vector.js";

/** In float32 numbers around this the last bit is worth 1. */
const MAGIC = 1.5 * 2 ** 23;

/** Formulas over vectors of four float32s. */
class Singles {
  readonly asm: Assembler;
  constructor(asm: Assembler) {
    this.asm = asm;
  }
  k(value: number): Local {
    return this.asm.f32(value);
  }
  add(a: Local, b: Local): Local {
    return this.asm.op("f32x4.add", a, b);
  }
  sub(a: Local, b: Local): Local {
    return this.asm.op("f32x4.sub", a, b);
  }
  mul(a: Local, b: Local): Local {
    return this.asm.op("f32x4.mul", a, b);
  }
  and(a: Local, b: Local): Local {
    return this.asm.op("v128.and", a, b);
  }
  lt(a: Local, b: Local): Local {
    return this.asm.op("f32x4.lt", a, b);
  }
  /** `c[0] + x·c[1] + x²·…`, in pairs: half as long a chain. `square` is x². */
  poly(x: Local, square: Local, coefficients: readonly number[]): Local {
    const pairs: Local[] = [];
    for (let i = 0; i < coefficients.length; i += 2) {
      const first = this.k(coefficients[i]);
      pairs.push(
        i + 1 < coefficients.length ? this.add(first, this.mul(x, this.k(coefficients[i + 1]))) : first,
      );
    }
    return pairs.reduceRight((sum, pair) => this.add(pair, this.mul(square, sum)));
  }
}

/** A function of float64s, for two vectors of float32s. */
function byDoubles(asm: Assembler, xs: readonly Local[], of: typeof expOf): readonly Local[] {
  const wide = promote(asm, { bits: 32, regs: xs }).regs;
  return demote(asm, { bits: 64, regs: of(asm, wide) }).regs;
}

/** e^x = 2^n·e^r. */
export function expSingle(asm: Assembler, xs: readonly Local[]): Local[] {
  const s = new Singles(asm);
  const values = xs.map((x) => {
    const shifted = s.add(s.mul(x, s.k(Math.LOG2E)), s.k(MAGIC));
    const n = s.sub(shifted, s.k(MAGIC));
    const r = s.sub(s.sub(x, s.mul(n, s.k(SINGLE_LN2_HIGH))), s.mul(n, s.k(SINGLE_LN2_LOW)));
    const square = s.mul(r, r);
    const value = s.add(s.k(1), s.add(r, s.mul(square, s.poly(r, square, SINGLE_EXP))));
    return asm.op("i32x4.add", value, asm.shift("i32x4.shl", shifted, 23));
  });
  const usual = xs.map((x) => s.lt(s.and(x, asm.i32(0x7fffffff)), s.k(87)));
  return asm.unless(usual, values, () => byDoubles(asm, xs, expOf));
}

/** ln x = k·ln 2 + ln(1 + f). */
export function logSingle(asm: Assembler, xs: readonly Local[]): Local[] {
  const s = new Singles(asm);
  const values = xs.map((x) => {
    const bits = asm.op("i32x4.sub", x, asm.i32(SINGLE_ROOT_HALF));
    const m = asm.op("i32x4.sub", x, s.and(bits, asm.i32(0xff800000)));
    const k = asm.op("f32x4.convert_i32x4_s", asm.shift("i32x4.shr_s", bits, 23));
    const f = s.sub(m, s.k(1));
    const square = s.mul(f, f);
    const cube = s.mul(s.mul(f, square), s.poly(f, square, SINGLE_LOG));
    const small = s.sub(s.add(cube, s.mul(k, s.k(SINGLE_LN2_LOW))), s.mul(square, s.k(0.5)));
    return s.add(s.mul(k, s.k(SINGLE_LN2_HIGH)), s.add(f, small));
  });
  const usual = xs.map((x) => s.and(asm.op("f32x4.ge", x, s.k(2 ** -126)), s.lt(x, s.k(Infinity))));
  return asm.unless(usual, values, () => byDoubles(asm, xs, logOf));
}
