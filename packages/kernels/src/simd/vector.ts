/**
 * Owns eight elements of a dtype in vectors: how they are loaded, stored, widened, narrowed.
 * 64-bit elements take four vectors, 32-bit two, 16-bit one, 8-bit the low half of one; a bool is a
 * mask (all ones or all zeros) of any of these widths.
 */
import { type Dtype, isBig, isFloat, isUnsigned, itemSize, storageOf } from "@hyperslab/core/dtype";
import type { Assembler, Local } from "./assembler.js";
import type { VectorOp } from "./opcodes.js";

/** Elements that one turn of a kernel's loop computes. */
export const GROUP = 8;

export type Bits = 8 | 16 | 32 | 64;

/** Eight elements: `bits` wide each, in as many vectors as that takes. */
export interface Vector {
  readonly bits: Bits;
  readonly regs: readonly Local[];
}

/** Width of a dtype's elements. */
export function bitsOf(dtype: Dtype): Bits {
  return (itemSize(dtype) * 8) as Bits;
}

/** Number of vectors that eight elements take. */
function registers(bits: Bits): number {
  return bits === 64 ? 4 : bits === 32 ? 2 : 1;
}

/** Prefix of the instructions on a dtype's lanes. */
export function laneOf(dtype: Dtype): "i8x16" | "i16x8" | "i32x4" | "i64x2" | "f32x4" | "f64x2" {
  if (dtype === "float32") return "f32x4";
  if (dtype === "float64") return "f64x2";
  return intLane(bitsOf(dtype));
}

export function intLane(bits: Bits): "i8x16" | "i16x8" | "i32x4" | "i64x2" {
  return bits === 8 ? "i8x16" : bits === 16 ? "i16x8" : bits === 32 ? "i32x4" : "i64x2";
}

/** True for dtypes that kernels compute in: all but strings. float16 is computed in float32, see `half.ts`. */
export function isVectorDtype(dtype: Dtype): boolean {
  return dtype !== "string";
}

/** Applies `op` to every vector of the arguments. */
export function each(asm: Assembler, op: VectorOp, ...args: readonly Vector[]): Vector {
  return {
    bits: args[0].bits,
    regs: args[0].regs.map((_, r) => asm.op(op, ...args.map((arg) => arg.regs[r]))),
  };
}

/** Applies a function to every vector. */
export function map(vector: Vector, apply: (reg: Local, r: number) => Local): Vector {
  return { bits: vector.bits, regs: vector.regs.map(apply) };
}

/** The same vector in every place. */
export function splat(bits: Bits, reg: Local): Vector {
  return { bits, regs: Array.from({ length: registers(bits) }, () => reg) };
}

/** Loads eight neighbours. A bool becomes a mask. */
export function load(asm: Assembler, dtype: Dtype, address: Local): Vector {
  const bits = bitsOf(dtype);
  if (bits === 8) {
    const bytes: Vector = { bits, regs: [asm.load("v128.load64_zero", address, 0)] };
    return dtype === "bool" ? truth(asm, bytes) : bytes;
  }
  return {
    bits,
    regs: Array.from({ length: registers(bits) }, (_, r) => asm.load("v128.load", address, 16 * r)),
  };
}

/** Loads one element into all eight places. */
export function loadSplat(asm: Assembler, dtype: Dtype, address: Local, offset: number): Vector {
  const bits = bitsOf(dtype);
  const reg = splat(bits, asm.load(`v128.load${bits}_splat`, address, offset));
  return dtype === "bool" ? truth(asm, reg) : reg;
}

/** A mask of the elements that are not 0. */
export function truth(asm: Assembler, vector: Vector): Vector {
  const zero = asm.i64(0n);
  const op: VectorOp = `${intLane(vector.bits)}.ne`;
  return map(vector, (reg) => asm.op(op, reg, zero));
}

/** Stores eight neighbours; a mask becomes bytes of 0 and 1. */
export function store(asm: Assembler, dtype: Dtype, address: Local, value: Vector): void {
  if (dtype === "bool") {
    const mask = resizeMask(asm, value, 8);
    asm.storeHalf(address, 0, asm.op("v128.and", mask.regs[0], asm.i64(0x0101010101010101n)));
  } else if (value.bits === 8) asm.storeHalf(address, 0, value.regs[0]);
  else value.regs.forEach((reg, r) => asm.store(address, 16 * r, reg));
}

/** A mask of another width. */
export function resizeMask(asm: Assembler, mask: Vector, bits: Bits): Vector {
  return resize(asm, mask, bits, true);
}

/** Integers of another width: sign- or zero-extended, or cut off. */
export function resize(asm: Assembler, value: Vector, bits: Bits, signed: boolean): Vector {
  let now = value;
  while (now.bits < bits) now = widen(asm, now, signed);
  while (now.bits > bits) now = narrow(asm, now);
  return now;
}

function widen(asm: Assembler, value: Vector, signed: boolean): Vector {
  const s = signed ? "s" : "u";
  switch (value.bits) {
    case 8:
      return { bits: 16, regs: [asm.op(`i16x8.extend_low_i8x16_${s}`, value.regs[0])] };
    case 16: {
      const [reg] = value.regs;
      return {
        bits: 32,
        regs: [asm.op(`i32x4.extend_low_i16x8_${s}`, reg), asm.op(`i32x4.extend_high_i16x8_${s}`, reg)],
      };
    }
    default:
      return {
        bits: 64,
        regs: value.regs.flatMap((reg) => [
          asm.op(`i64x2.extend_low_i32x4_${s}`, reg),
          asm.op(`i64x2.extend_high_i32x4_${s}`, reg),
        ]),
      };
  }
}

/** Keeps the low half of every element. */
function narrow(asm: Assembler, value: Vector): Vector {
  const { regs } = value;
  switch (value.bits) {
    case 64: {
      const lanes = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27];
      return {
        bits: 32,
        regs: [asm.shuffle(regs[0], regs[1], lanes), asm.shuffle(regs[2], regs[3], lanes)],
      };
    }
    case 32:
      return {
        bits: 16,
        regs: [asm.shuffle(regs[0], regs[1], [0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29])],
      };
    default:
      return {
        bits: 8,
        regs: [asm.shuffle(regs[0], regs[0], [0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0])],
      };
  }
}

/** float32 elements as float64. */
export function promote(asm: Assembler, value: Vector): Vector {
  return {
    bits: 64,
    regs: value.regs.flatMap((reg) => [
      asm.op("f64x2.promote_low_f32x4", reg),
      asm.op("f64x2.promote_low_f32x4", highHalf(asm, reg)),
    ]),
  };
}

/** float64 elements rounded to float32. */
export function demote(asm: Assembler, value: Vector): Vector {
  const low = value.regs.map((reg) => asm.op("f32x4.demote_f64x2_zero", reg));
  return { bits: 32, regs: [joinLow(asm, low[0], low[1]), joinLow(asm, low[2], low[3])] };
}

/** The high half, in the low half. */
export function highHalf(asm: Assembler, reg: Local): Local {
  return asm.shuffle(reg, reg, [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
}

/** The low halves of two vectors, side by side. */
export function joinLow(asm: Assembler, a: Local, b: Local): Local {
  return asm.shuffle(a, b, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
}

/** True for dtypes whose lanes compare as unsigned. */
export function isUnsignedLane(dtype: Dtype): boolean {
  return dtype === "bool" || isUnsigned(dtype);
}

/** True for floats that kernels compute in. */
export function isVectorFloat(dtype: Dtype): dtype is "float32" | "float64" {
  return isFloat(dtype) && dtype !== "float16";
}

/** True for dtypes of 64-bit integers. */
export function isLong(dtype: Dtype): boolean {
  return isBig(dtype) && storageOf(dtype) !== "float64";
}
