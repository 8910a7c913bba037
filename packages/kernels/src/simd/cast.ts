/** Owns casts of eight elements from dtype to dtype, with the values of the plain loops. */
import { type Dtype, isTime, isUnsigned, NAT } from "@hyperslab/core/dtype";
import type { Assembler, Local } from "./assembler.js";
import { halfToSingle, singleToHalf } from "./half.js";
import { I64 } from "./wasm-module.js";
import {
  bitsOf,
  demote,
  isLong,
  isVectorDtype,
  isVectorFloat,
  joinLow,
  highHalf,
  map,
  promote,
  resize,
  resizeMask,
  truth,
  type Vector,
} from "./vector.js";

/** Eight elements cast; null where only the plain loops can. */
export function castVector(asm: Assembler, from: Dtype, to: Dtype, value: Vector): Vector | null {
  if (from === to) return value;
  if (!isVectorDtype(from) || !isVectorDtype(to) || (isTime(from) && isTime(to))) return null;
  if (from === "float16") return castVector(asm, "float32", to, halfToSingle(asm, value));
  if (to === "float16") {
    // from float64 through float32 would round twice
    if (from === "float64") return null;
    const single = castVector(asm, from, "float32", value);
    return single && singleToHalf(asm, single);
  }
  if (to === "bool") return toBool(asm, from, value);
  if (from === "bool") return fromBool(asm, to, value);
  if (isVectorFloat(from))
    return isVectorFloat(to)
      ? from === "float32"
        ? promote(asm, value)
        : demote(asm, value)
      : fromFloat(asm, from, to, value);
  if (!isVectorFloat(to)) return resize(asm, value, bitsOf(to), !isUnsigned(from));
  return isLong(from) ? fromLong(asm, from, to, value) : fromInteger(asm, from, to, value);
}

function toBool(asm: Assembler, from: Dtype, value: Vector): Vector {
  if (!isVectorFloat(from)) return truth(asm, value);
  const op = from === "float32" ? "f32x4.ne" : "f64x2.ne";
  return map(value, (reg) => asm.op(op, reg, asm.i64(0n)));
}

function fromBool(asm: Assembler, to: Dtype, value: Vector): Vector {
  const mask = resizeMask(asm, value, bitsOf(to));
  const one =
    to === "float64"
      ? asm.f64(1)
      : to === "float32"
        ? asm.i32(0x3f800000)
        : mask.bits === 64
          ? asm.i64(1n)
          : mask.bits === 32
            ? asm.i32(1)
            : mask.bits === 16
              ? asm.i32(0x00010001)
              : asm.i32(0x01010101);
  return map(mask, (reg) => asm.op("v128.and", reg, one));
}

/** Integers of at most 32 bits. */
function fromInteger(asm: Assembler, from: Dtype, to: "float32" | "float64", value: Vector): Vector {
  const s = isUnsigned(from) ? "u" : "s";
  const words = resize(asm, value, 32, s === "s");
  if (to === "float32") return map(words, (reg) => asm.op(`f32x4.convert_i32x4_${s}`, reg));
  return {
    bits: 64,
    regs: words.regs.flatMap((reg) => [
      asm.op(`f64x2.convert_low_i32x4_${s}`, reg),
      asm.op(`f64x2.convert_low_i32x4_${s}`, highHalf(asm, reg)),
    ]),
  };
}

/** 64-bit integers and times, lane by lane: there is no instruction for two. */
function fromLong(asm: Assembler, from: Dtype, to: "float32" | "float64", value: Vector): Vector {
  const s = isUnsigned(from) ? "u" : "s";
  const nan = (reg: Local, result: Local): Local =>
    isTime(from) ? asm.choose(asm.op("i64x2.eq", reg, asm.i64(NAT)), asm.f64(NaN), result) : result;
  const doubles = map(value, (reg) => {
    let result = asm.i64(0n);
    for (const lane of [0, 1]) {
      const element = asm.extract("i64x2.extract_lane", reg, lane);
      result = asm.replaceTop("f64x2.replace_lane", result, lane, () => {
        asm.get(element);
        asm.scalar(`f64.convert_i64_${s}`);
      });
    }
    return nan(reg, result);
  });
  if (to === "float64") return doubles;
  if (isTime(from)) return demote(asm, doubles);
  // through float64 would round twice
  let words = [asm.i64(0n), asm.i64(0n)];
  value.regs.forEach((reg, r) => {
    for (const lane of [0, 1]) {
      const element = asm.extract("i64x2.extract_lane", reg, lane);
      words = words.map((word, w) =>
        w !== r >> 1
          ? word
          : asm.replaceTop("f32x4.replace_lane", word, (r & 1) * 2 + lane, () => {
              asm.get(element);
              asm.scalar(`f32.convert_i64_${s}`);
            }),
      );
    }
  });
  return { bits: 32, regs: words };
}

/** Truncates; what is out of range becomes the smallest integer of 32 or 64 bits, then is cut to width. */
function fromFloat(asm: Assembler, from: "float32" | "float64", to: Dtype, value: Vector): Vector | null {
  if (to === "uint64") return null;
  if (isLong(to) || to === "uint32") {
    const doubles = from === "float32" ? promote(asm, value) : value;
    const long = map(doubles, (reg) => toLong(asm, reg));
    return to === "uint32" ? resize(asm, long, 32, true) : long;
  }
  const least = asm.i32(-2147483648);
  let words: Vector;
  if (from === "float32") {
    const low = asm.i32(0xcf000000);
    const high = asm.i32(0x4f000000);
    words = map(value, (reg) => {
      const inside = asm.op("v128.and", asm.op("f32x4.ge", reg, low), asm.op("f32x4.lt", reg, high));
      return asm.choose(inside, asm.op("i32x4.trunc_sat_f32x4_s", reg), least);
    });
  } else {
    // saturates at both ends: only the upper end and NaN have to be mended
    const cut = value.regs.map((reg) => {
      const inside = asm.op("f64x2.lt", reg, asm.f64(2147483648));
      const kept = asm.choose(inside, reg, asm.f64(-2147483648));
      return asm.op("i32x4.trunc_sat_f64x2_s_zero", kept);
    });
    words = { bits: 32, regs: [joinLow(asm, cut[0], cut[1]), joinLow(asm, cut[2], cut[3])] };
  }
  return resize(asm, words, bitsOf(to), true);
}

function toLong(asm: Assembler, reg: Local): Local {
  const inside = asm.op(
    "v128.and",
    asm.op("f64x2.ge", reg, asm.f64(-9223372036854775808)),
    asm.op("f64x2.lt", reg, asm.f64(9223372036854775808)),
  );
  let result = asm.i64(0n);
  for (const lane of [0, 1]) {
    const element = asm.extract("f64x2.extract_lane", reg, lane);
    const whole = asm.scalarOp("i64.trunc_sat_f64_s", I64, element);
    result = asm.replaceTop("i64x2.replace_lane", result, lane, () => asm.get(whole));
  }
  return asm.choose(inside, result, asm.i64(NAT));
}
