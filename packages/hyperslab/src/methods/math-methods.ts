/** Owns the methods of one object that work element by element. Names are NumPy's. */
import type { Dtype } from "@hyperslab/core/dtype";
import type { OperatorName } from "@hyperslab/core/operator";
import { astype, unary } from "../ops/elementwise.js";
import { isnull, round } from "../ops/missing.js";
import { LabelledObject } from "./labelled-object.js";

/** Elementwise functions. Attributes stay; the dtype follows NumPy's rules. */
export abstract class MathMethods<Self> extends LabelledObject<Self> {
  #unary(name: OperatorName): Self {
    return this.wrap(unary(name, this.labelled));
  }

  /** Minus every element. `da.neg()` */
  neg(): Self {
    return this.#unary("negative");
  }

  /** Absolute value. `da.abs()` */
  abs(): Self {
    return this.#unary("absolute");
  }

  /** -1, 0 or 1. `da.sign()` */
  sign(): Self {
    return this.#unary("sign");
  }

  /** The square. `da.square()` */
  square(): Self {
    return this.#unary("square");
  }

  /** Rounded down. `da.floor()` */
  floor(): Self {
    return this.#unary("floor");
  }

  /** Rounded up. `da.ceil()` */
  ceil(): Self {
    return this.#unary("ceil");
  }

  /** Rounded towards 0. `da.trunc()` */
  trunc(): Self {
    return this.#unary("trunc");
  }

  /** Square root. `da.sqrt()` */
  sqrt(): Self {
    return this.#unary("sqrt");
  }

  /** e to the power. `da.exp()` */
  exp(): Self {
    return this.#unary("exp");
  }

  /** exp(x) - 1, exact near 0. `da.expm1()` */
  expm1(): Self {
    return this.#unary("expm1");
  }

  /** Natural logarithm. `da.log()` */
  log(): Self {
    return this.#unary("log");
  }

  /** log(1 + x), exact near 0. `da.log1p()` */
  log1p(): Self {
    return this.#unary("log1p");
  }

  /** Logarithm to base 2. `da.log2()` */
  log2(): Self {
    return this.#unary("log2");
  }

  /** Logarithm to base 10. `da.log10()` */
  log10(): Self {
    return this.#unary("log10");
  }

  /** Sine of radians. `da.sin()` */
  sin(): Self {
    return this.#unary("sin");
  }

  /** Cosine of radians. `da.cos()` */
  cos(): Self {
    return this.#unary("cos");
  }

  /** Tangent of radians. `da.tan()` */
  tan(): Self {
    return this.#unary("tan");
  }

  /** Arcsine, in radians. `da.asin()` */
  asin(): Self {
    return this.#unary("asin");
  }

  /** Arccosine, in radians. `da.acos()` */
  acos(): Self {
    return this.#unary("acos");
  }

  /** Arctangent, in radians. `da.atan()` */
  atan(): Self {
    return this.#unary("atan");
  }

  /** Hyperbolic sine. `da.sinh()` */
  sinh(): Self {
    return this.#unary("sinh");
  }

  /** Hyperbolic cosine. `da.cosh()` */
  cosh(): Self {
    return this.#unary("cosh");
  }

  /** Hyperbolic tangent. `da.tanh()` */
  tanh(): Self {
    return this.#unary("tanh");
  }

  /** Radians to degrees. `da.degrees()` */
  degrees(): Self {
    return this.#unary("degrees");
  }

  /** Degrees to radians. `da.radians()` */
  radians(): Self {
    return this.#unary("radians");
  }

  /** True where an element is NaN or NaT. `da.isnan()` */
  isnan(): Self {
    return this.#unary("isnan");
  }

  /** True where an element is a finite number. `da.isfinite()` */
  isfinite(): Self {
    return this.#unary("isfinite");
  }

  /** True where an element is infinite. `da.isinf()` */
  isinf(): Self {
    return this.#unary("isinf");
  }

  /** True where an element is false or 0. `da.not()` */
  not(): Self {
    return this.#unary("logicalNot");
  }

  /** Every bit turned. `da.bitwiseNot()` */
  bitwiseNot(): Self {
    return this.#unary("bitwiseNot");
  }

  /** Rounded to `decimals` places, half to even. `da.round(2)` */
  round(decimals = 0): Self {
    return this.wrap(round(this.labelled, decimals));
  }

  /** The same numbers in another dtype. `da.astype("float32")` @throws DtypeError */
  astype(dtype: Dtype): Self {
    return this.wrap(astype(this.labelled, dtype));
  }

  /** True where an element is missing (NaN, NaT). `da.isnull()` */
  isnull(): Self {
    return this.wrap(isnull(this.labelled, true));
  }

  /** True where an element is not missing. `da.notnull().sum()` */
  notnull(): Self {
    return this.wrap(isnull(this.labelled, false));
  }
}
