/** Owns floor quotients and remainders of floats, step by step as NumPy computes them. */
import type { Assembler, Local } from "./assembler.js";
import { Doubles } from "./doubles.js";
import type { VectorOp } from "./opcodes.js";
import { demote, each, map, promote, type Vector } from "./vector.js";

/** Quotients below this are multiplied back without an error, in two parts. */
const NEAR = 2 ** 20;

/** The remainder with the dividend's sign, exactly; large quotients are left to the engine, lane by lane. */
function remainders(asm: Assembler, as: readonly Local[], bs: readonly Local[]): Local[] {
  const d = new Doubles(asm);
  const values: Local[] = [];
  const usual: Local[] = [];
  as.forEach((a, i) => {
    const b = bs[i];
    const ratio = d.div(a, b);
    const whole = asm.op("f64x2.trunc", ratio);
    const high = d.head(b);
    const rest = d.sub(d.sub(a, d.mul(whole, high)), d.mul(whole, d.sub(b, high)));
    // a ratio that was rounded up to a whole number took one divisor too many
    const other = asm.op("v128.andnot", d.negative(d.xor(rest, a)), d.eq(rest, d.k(0)));
    const back = d.or(d.size(b), d.signBit(a));
    values.push(d.add(rest, d.and(other, back)));
    usual.push(d.and(d.lt(d.size(ratio), d.k(NEAR)), d.lt(d.size(b), d.k(Infinity))));
  });
  return asm.unless(usual, values, () => as.map((a, i) => asm.call("remainder", a, bs[i])));
}

/** `floorDivide` or `remainder` of float32s or float64s. */
export function divideFloats(
  asm: Assembler,
  name: "floorDivide" | "remainder",
  dtype: "float32" | "float64",
  a: Vector,
  b: Vector,
): Vector {
  const single = dtype === "float32";
  const lane = single ? "f32x4" : "f64x2";
  const k = (value: number): Local => (single ? asm.f32(value) : asm.f64(value));
  const op = (short: "add" | "sub" | "div" | "eq" | "ne" | "lt" | "gt", x: Vector, y: Vector): Vector =>
    each(asm, `${lane}.${short}` as VectorOp, x, y);
  const all = (value: number): Vector => map(a, () => k(value));
  const choose = (mask: Vector, yes: Vector, no: Vector): Vector => ({
    bits: a.bits,
    regs: mask.regs.map((reg, r) => asm.choose(reg, yes.regs[r], no.regs[r])),
  });
  const signOf = (x: Vector): Vector => each(asm, "v128.and", x, all(-0));
  const [as, bs] = single ? [promote(asm, a), promote(asm, b)] : [a, b];
  const wide: Vector = { bits: 64, regs: remainders(asm, as.regs, bs.regs) };
  const rest = single ? demote(asm, wide) : wide;
  const zero = all(0);
  // a remainder of the other sign than the divisor: the floor is one less
  const opposite = each(asm, "v128.xor", op("lt", rest, zero), op("lt", b, zero));
  const wrong = each(
    asm,
    "v128.and",
    opposite,
    each(asm, "v128.and", op("ne", rest, zero), op("eq", rest, rest)),
  );
  if (name === "remainder") {
    const moved = choose(wrong, op("add", rest, b), rest);
    const none = each(asm, "v128.andnot", op("eq", rest, zero), op("eq", b, zero));
    return choose(none, signOf(b), moved);
  }
  const ratio = op("div", a, b);
  const near = op("div", op("sub", a, rest), b);
  const quotient = choose(wrong, op("sub", near, all(1)), near);
  const floor = each(asm, `${lane}.floor`, quotient);
  const up = op("gt", op("sub", quotient, floor), all(0.5));
  const whole = choose(up, op("add", floor, all(1)), floor);
  const signed = choose(op("eq", quotient, zero), signOf(ratio), whole);
  const infinite = each(asm, "v128.or", op("eq", b, zero), op("ne", b, b));
  return choose(infinite, ratio, signed);
}
