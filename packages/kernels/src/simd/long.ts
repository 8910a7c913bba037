/** Owns what has no vector instruction on integers: shifts by vectors, quotients of 64 bits. Lane by lane. */
import type { Assembler, Local } from "./assembler.js";
import { I32, I64 } from "./wasm-module.js";
import { type Bits, resize, type Vector } from "./vector.js";

/** Applies a function of two 64-bit integers to every pair of elements, widened as their sign says. */
function eachLong(
  asm: Assembler,
  a: Vector,
  b: Vector,
  signed: boolean,
  apply: (x: Local, y: Local) => Local,
): Vector {
  const bits: Bits = a.bits;
  const left = resize(asm, a, 64, signed);
  const right = resize(asm, b, 64, signed);
  const regs = left.regs.map((reg, r) => {
    let result = reg;
    for (const lane of [0, 1]) {
      const x = asm.extract("i64x2.extract_lane", reg, lane);
      const y = asm.extract("i64x2.extract_lane", right.regs[r], lane);
      const value = apply(x, y);
      result = asm.replaceTop("i64x2.replace_lane", result, lane, () => asm.get(value));
    }
    return result;
  });
  return resize(asm, { bits: 64, regs }, bits, signed);
}

/** Shifts; by a negative count or one beyond the width, everything is shifted out. */
export function shiftVector(asm: Assembler, left: boolean, signed: boolean, a: Vector, b: Vector): Vector {
  const zero = asm.i64Scalar(0n);
  const width = asm.i64Scalar(64n);
  const most = asm.i64Scalar(63n);
  return eachLong(asm, a, b, signed, (x, y) => {
    const inside = asm.scalarOp("i64.lt_u", I32, y, width);
    if (!left && signed)
      return asm.scalarOp("i64.shr_s", I64, x, asm.scalarOp("select", I64, y, most, inside));
    const shifted = asm.scalarOp(left ? "i64.shl" : "i64.shr_u", I64, x, y);
    return asm.scalarOp("select", I64, shifted, zero, inside);
  });
}

/** Floor of the quotient, or the remainder with the divisor's sign; 0 where the divisor is. */
export function divideLong(
  asm: Assembler,
  name: "floorDivide" | "remainder",
  signed: boolean,
  a: Vector,
  b: Vector,
): Vector {
  const zero = asm.i64Scalar(0n);
  const one = asm.i64Scalar(1n);
  const minusOne = asm.i64Scalar(-1n);
  const floor = name === "floorDivide";
  return eachLong(asm, a, b, signed, (x, y) => {
    const none = asm.scalarOp("i64.eqz", I32, y);
    if (!signed) {
      const divisor = asm.scalarOp("select", I64, one, y, none);
      const value = asm.scalarOp(floor ? "i64.div_u" : "i64.rem_u", I64, x, divisor);
      return asm.scalarOp("select", I64, zero, value, none);
    }
    // dividing the smallest integer by -1 traps: -1 is done without division
    const minus = asm.scalarOp("i64.eq", I32, y, minusOne);
    const divisor = asm.scalarOp("select", I64, one, asm.scalarOp("select", I64, one, y, none), minus);
    const rest = asm.scalarOp("i64.rem_s", I64, x, divisor);
    const opposite = asm.scalarOp("i64.lt_s", I32, asm.scalarOp("i64.xor", I64, rest, y), zero);
    const inexact = asm.scalarOp("i64.ne", I32, rest, zero);
    const mend = asm.scalarOp("i32.and", I32, opposite, inexact);
    let value: Local;
    if (floor) {
      const quotient = asm.scalarOp("i64.div_s", I64, x, divisor);
      const less = asm.scalarOp("i64.sub", I64, quotient, asm.scalarOp("select", I64, one, zero, mend));
      value = asm.scalarOp("select", I64, asm.scalarOp("i64.sub", I64, zero, x), less, minus);
    } else {
      const more = asm.scalarOp("i64.add", I64, rest, asm.scalarOp("select", I64, y, zero, mend));
      value = asm.scalarOp("select", I64, zero, more, minus);
    }
    return asm.scalarOp("select", I64, zero, value, none);
  });
}
