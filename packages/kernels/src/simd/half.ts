/** Owns float16 in vectors: eight binary16 patterns become float32s to compute with, and are rounded back. */
import type { Assembler } from "./assembler.js";
import { map, resize, type Vector } from "./vector.js";

/** binary16 patterns as float32: exact. */
export function halfToSingle(asm: Assembler, value: Vector): Vector {
  const words = resize(asm, value, 32, false);
  return map(words, (reg) => {
    const sign = asm.shift("i32x4.shl", asm.op("v128.and", reg, asm.i32(0x8000)), 16);
    const size = asm.op("v128.and", reg, asm.i32(0x7fff));
    // moved to float32's places the exponent is 112 too small; subnormals come right by the same factor
    const scaled = asm.op("f32x4.mul", asm.shift("i32x4.shl", size, 13), asm.i32(0x77800000));
    const special = asm.op("v128.and", asm.op("i32x4.ge_s", size, asm.i32(0x7c00)), asm.i32(0x7f800000));
    return asm.op("v128.or", asm.op("v128.or", scaled, special), sign);
  });
}

/** float32s rounded to binary16 patterns, ties to even. */
export function singleToHalf(asm: Assembler, value: Vector): Vector {
  const words = map(value, (reg) => {
    const size = asm.op("v128.and", reg, asm.i32(0x7fffffff));
    const sign = asm.shift("i32x4.shr_u", asm.op("v128.xor", reg, size), 16);
    // normal: the exponent less 112, and half of the last kept bit (less one, plus whether it is odd)
    const odd = asm.op("v128.and", asm.shift("i32x4.shr_u", size, 13), asm.i32(1));
    const moved = asm.op("i32x4.add", asm.op("i32x4.add", size, asm.i32(0xc8000fff)), odd);
    const normal = asm.shift("i32x4.shr_u", moved, 13);
    // subnormal: adding ½ rounds at 2^-24 and leaves the result in the lowest bits
    const half = asm.i32(0x3f000000);
    const small = asm.op("i32x4.sub", asm.op("f32x4.add", size, half), half);
    const tiny = asm.op("i32x4.lt_s", size, asm.i32(0x38800000));
    const finite = asm.choose(tiny, small, normal);
    // from 65536 on infinity, NaN above that
    const large = asm.op("i32x4.ge_s", size, asm.i32(0x47800000));
    const quiet = asm.op("v128.and", asm.op("i32x4.gt_s", size, asm.i32(0x7f800000)), asm.i32(0x0200));
    const special = asm.op("v128.or", asm.i32(0x7c00), quiet);
    return asm.op("v128.or", asm.choose(large, special, finite), sign);
  });
  return resize(asm, words, 16, false);
}
