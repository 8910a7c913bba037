/**
 * Owns the methods between two objects, or an object and a scalar. Labels are aligned (`inner` unless
 * `join` says otherwise), dimensions broadcast by name; attributes that differ are dropped.
 */
import type { OperatorName } from "@hyperslab/core/operator";
import type { HasLabels } from "../labelled.js";
import { type BinaryOptions, type ScalarLike, binary } from "../ops/elementwise.js";
import { MathMethods } from "./math-methods.js";

/** Arithmetic, comparison and logic. All throw DtypeError, ShapeError or (`join: "exact"`) AlignmentError. */
export abstract class ArithmeticMethods<Self, Other extends HasLabels> extends MathMethods<Self> {
  #binary(name: OperatorName, other: Other | ScalarLike, options?: BinaryOptions, swapped = false): Self {
    return this.wrap(binary(name, this.labelled, other, options, swapped));
  }

  /** Sum. `da.add(other)` */
  add(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("add", other, options);
  }

  /** Difference. `da.sub(other)` */
  sub(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("subtract", other, options);
  }

  /** Product. `da.mul(other)` */
  mul(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("multiply", other, options);
  }

  /** Quotient; integers give floats. `da.div(other)` */
  div(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("divide", other, options);
  }

  /** Quotient rounded down. `da.floorDiv(other)` */
  floorDiv(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("floorDivide", other, options);
  }

  /** Remainder, with the sign of the divisor. `da.mod(other)` */
  mod(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("remainder", other, options);
  }

  /** Power. `da.pow(other)` */
  pow(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("power", other, options);
  }

  /** The smaller of two; NaN where one is. `da.minimum(other)` */
  minimum(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("minimum", other, options);
  }

  /** The larger of two; NaN where one is. `da.maximum(other)` */
  maximum(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("maximum", other, options);
  }

  /** The smaller of two; NaN only where both are. `da.fmin(other)` */
  fmin(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("fmin", other, options);
  }

  /** The larger of two; NaN only where both are. `da.fmax(other)` */
  fmax(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("fmax", other, options);
  }

  /** Length of the hypotenuse. `da.hypot(other)` */
  hypot(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("hypot", other, options);
  }

  /** Angle of the point (other, this), in radians. `da.atan2(other)` */
  atan2(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("atan2", other, options);
  }

  /** True where equal. `da.eq("2000-01-01")` */
  eq(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("equal", other, options);
  }

  /** True where not equal. `da.ne(other)` */
  ne(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("notEqual", other, options);
  }

  /** True where less. `da.lt(other)` */
  lt(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("less", other, options);
  }

  /** True where less or equal. `da.le(other)` */
  le(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("lessEqual", other, options);
  }

  /** True where greater. `da.gt(other)` */
  gt(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("greater", other, options);
  }

  /** True where greater or equal. `da.ge(other)` */
  ge(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("greaterEqual", other, options);
  }

  /** True where both are. `da.and(mask)` */
  and(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("logicalAnd", other, options);
  }

  /** True where one is, or both. `da.or(mask)` */
  or(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("logicalOr", other, options);
  }

  /** True where just one is. `da.xor(mask)` */
  xor(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("logicalXor", other, options);
  }

  /** Bits of both. `da.bitwiseAnd(other)` */
  bitwiseAnd(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("bitwiseAnd", other, options);
  }

  /** Bits of either. `da.bitwiseOr(other)` */
  bitwiseOr(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("bitwiseOr", other, options);
  }

  /** Bits of just one. `da.bitwiseXor(other)` */
  bitwiseXor(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("bitwiseXor", other, options);
  }

  /** Bits moved up. `da.leftShift(other)` */
  leftShift(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("leftShift", other, options);
  }

  /** Bits moved down. `da.rightShift(other)` */
  rightShift(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("rightShift", other, options);
  }

  /** `other - this`. `da.rsub(1)` */
  rsub(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("subtract", other, options, true);
  }

  /** `other / this`. `da.rdiv(1)` */
  rdiv(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("divide", other, options, true);
  }

  /** `other ** this`. `da.rpow(1)` */
  rpow(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.#binary("power", other, options, true);
  }

  /** The same as {@link sub}. `da.subtract(other)` */
  subtract(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.sub(other, options);
  }

  /** The same as {@link mul}. `da.multiply(other)` */
  multiply(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.mul(other, options);
  }

  /** The same as {@link div}. `da.divide(other)` */
  divide(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.div(other, options);
  }

  /** The same as {@link eq}. `da.equal(other)` */
  equal(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.eq(other, options);
  }

  /** The same as {@link ne}. `da.notEqual(other)` */
  notEqual(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.ne(other, options);
  }

  /** The same as {@link lt}. `da.less(other)` */
  less(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.lt(other, options);
  }

  /** The same as {@link le}. `da.lessEqual(other)` */
  lessEqual(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.le(other, options);
  }

  /** The same as {@link gt}. `da.greater(other)` */
  greater(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.gt(other, options);
  }

  /** The same as {@link ge}. `da.greaterEqual(other)` */
  greaterEqual(other: Other | ScalarLike, options?: BinaryOptions): Self {
    return this.ge(other, options);
  }
}
