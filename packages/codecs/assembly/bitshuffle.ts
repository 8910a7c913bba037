/* oxlint-disable no-loss-of-precision -- literals of AssemblyScript are exact, with 64 bits */
/**
 * Owns the bit half of bitshuffle: within each byte plane (see `shuffle.ts`), eight bits of n bytes ↔ eight rows
 * of n / 8 bytes. Bit k of bytes 8i … 8i + 7 is byte i of row k, first byte lowest. n is a multiple of 8.
 */

/** Transposes an 8 × 8 matrix of bits: byte r, bit c ↔ byte c, bit r. */
function transpose8(x: u64): u64 {
  let t = (x ^ (x >> 7)) & 0x00aa00aa00aa00aa;
  x = x ^ t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000cccc0000cccc;
  x = x ^ t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000f0f0f0f0;
  return x ^ t ^ (t << 28);
}

/** Rows of bits → bytes, for one plane of `count` bytes. */
function joinPlane(source: usize, target: usize, count: usize): void {
  const row = count >> 3;
  let i: usize = 0;
  const m4 = i8x16.splat(0x0f);
  const m2 = i8x16.splat(0x33);
  const m1 = i8x16.splat(0x55);
  for (; i + 16 <= row; i += 16) {
    let from = source + i;
    let r0 = v128.load(from);
    let r1 = v128.load((from += row));
    let r2 = v128.load((from += row));
    let r3 = v128.load((from += row));
    let r4 = v128.load((from += row));
    let r5 = v128.load((from += row));
    let r6 = v128.load((from += row));
    let r7 = v128.load((from += row));
    // the transposition, sixteen matrices at once: swap 4 × 4, 2 × 2, then 1 × 1 quarters of register pairs
    let t = v128.and(v128.xor(i64x2.shr_u(r0, 4), r4), m4);
    r4 = v128.xor(r4, t);
    r0 = v128.xor(r0, i64x2.shl(t, 4));
    t = v128.and(v128.xor(i64x2.shr_u(r1, 4), r5), m4);
    r5 = v128.xor(r5, t);
    r1 = v128.xor(r1, i64x2.shl(t, 4));
    t = v128.and(v128.xor(i64x2.shr_u(r2, 4), r6), m4);
    r6 = v128.xor(r6, t);
    r2 = v128.xor(r2, i64x2.shl(t, 4));
    t = v128.and(v128.xor(i64x2.shr_u(r3, 4), r7), m4);
    r7 = v128.xor(r7, t);
    r3 = v128.xor(r3, i64x2.shl(t, 4));

    t = v128.and(v128.xor(i64x2.shr_u(r0, 2), r2), m2);
    r2 = v128.xor(r2, t);
    r0 = v128.xor(r0, i64x2.shl(t, 2));
    t = v128.and(v128.xor(i64x2.shr_u(r1, 2), r3), m2);
    r3 = v128.xor(r3, t);
    r1 = v128.xor(r1, i64x2.shl(t, 2));
    t = v128.and(v128.xor(i64x2.shr_u(r4, 2), r6), m2);
    r6 = v128.xor(r6, t);
    r4 = v128.xor(r4, i64x2.shl(t, 2));
    t = v128.and(v128.xor(i64x2.shr_u(r5, 2), r7), m2);
    r7 = v128.xor(r7, t);
    r5 = v128.xor(r5, i64x2.shl(t, 2));

    t = v128.and(v128.xor(i64x2.shr_u(r0, 1), r1), m1);
    r1 = v128.xor(r1, t);
    r0 = v128.xor(r0, i64x2.shl(t, 1));
    t = v128.and(v128.xor(i64x2.shr_u(r2, 1), r3), m1);
    r3 = v128.xor(r3, t);
    r2 = v128.xor(r2, i64x2.shl(t, 1));
    t = v128.and(v128.xor(i64x2.shr_u(r4, 1), r5), m1);
    r5 = v128.xor(r5, t);
    r4 = v128.xor(r4, i64x2.shl(t, 1));
    t = v128.and(v128.xor(i64x2.shr_u(r6, 1), r7), m1);
    r7 = v128.xor(r7, t);
    r6 = v128.xor(r6, i64x2.shl(t, 1));

    // byte i of register k is byte 8i + k of the plane: interleave
    const a0 = i8x16.shuffle(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const a1 = i8x16.shuffle(r0, r1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const b0 = i8x16.shuffle(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const b1 = i8x16.shuffle(r2, r3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const c0 = i8x16.shuffle(r4, r5, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const c1 = i8x16.shuffle(r4, r5, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const d0 = i8x16.shuffle(r6, r7, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const d1 = i8x16.shuffle(r6, r7, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const ab0 = i16x8.shuffle(a0, b0, 0, 8, 1, 9, 2, 10, 3, 11);
    const ab1 = i16x8.shuffle(a0, b0, 4, 12, 5, 13, 6, 14, 7, 15);
    const ab2 = i16x8.shuffle(a1, b1, 0, 8, 1, 9, 2, 10, 3, 11);
    const ab3 = i16x8.shuffle(a1, b1, 4, 12, 5, 13, 6, 14, 7, 15);
    const cd0 = i16x8.shuffle(c0, d0, 0, 8, 1, 9, 2, 10, 3, 11);
    const cd1 = i16x8.shuffle(c0, d0, 4, 12, 5, 13, 6, 14, 7, 15);
    const cd2 = i16x8.shuffle(c1, d1, 0, 8, 1, 9, 2, 10, 3, 11);
    const cd3 = i16x8.shuffle(c1, d1, 4, 12, 5, 13, 6, 14, 7, 15);
    const to = target + (i << 3);
    v128.store(to, i32x4.shuffle(ab0, cd0, 0, 4, 1, 5));
    v128.store(to, i32x4.shuffle(ab0, cd0, 2, 6, 3, 7), 16);
    v128.store(to, i32x4.shuffle(ab1, cd1, 0, 4, 1, 5), 32);
    v128.store(to, i32x4.shuffle(ab1, cd1, 2, 6, 3, 7), 48);
    v128.store(to, i32x4.shuffle(ab2, cd2, 0, 4, 1, 5), 64);
    v128.store(to, i32x4.shuffle(ab2, cd2, 2, 6, 3, 7), 80);
    v128.store(to, i32x4.shuffle(ab3, cd3, 0, 4, 1, 5), 96);
    v128.store(to, i32x4.shuffle(ab3, cd3, 2, 6, 3, 7), 112);
  }
  for (; i < row; i++) {
    let bits: u64 = 0;
    for (let k: usize = 0; k < 8; k++) bits |= (<u64>load<u8>(source + k * row + i)) << ((<u64>k) << 3);
    store<u64>(target + (i << 3), transpose8(bits));
  }
}

/** Bytes → rows of bits, for one plane of `count` bytes. */
function splitPlane(source: usize, target: usize, count: usize): void {
  const row = count >> 3;
  let i: usize = 0;
  // the top bits of sixteen bytes make two bytes of the last row; doubling brings up the next bit
  for (; i + 2 <= row; i += 2) {
    let bytes = v128.load(source + (i << 3));
    for (let k: isize = 7; k >= 0; k--) {
      store<u16>(target + <usize>k * row + i, <u16>i8x16.bitmask(bytes));
      bytes = i8x16.add(bytes, bytes);
    }
  }
  for (; i < row; i++) {
    const bits = transpose8(load<u64>(source + (i << 3)));
    for (let k: usize = 0; k < 8; k++) store<u8>(target + k * row + i, <u8>(bits >> ((<u64>k) << 3)));
  }
}

/** All planes of `size` × `count` bytes. */
export function joinBits(size: usize, source: usize, target: usize, count: usize): void {
  for (let k: usize = 0; k < size; k++) joinPlane(source + k * count, target + k * count, count);
}

/** All planes of `size` × `count` bytes. */
export function splitBits(size: usize, source: usize, target: usize, count: usize): void {
  for (let k: usize = 0; k < size; k++) splitPlane(source + k * count, target + k * count, count);
}
