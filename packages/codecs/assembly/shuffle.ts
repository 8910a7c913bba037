/**
 * Owns the byte shuffle: n elements of s bytes ↔ s planes of n bytes. Any s works; 2, 4 and 8 go sixteen elements
 * at a time. Source and target don't overlap.
 */

/** Interleaves the low, then the high halves of two registers, byte by byte. */
function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
function low16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
function high16(a: v128, b: v128): v128 {
  return i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
function low32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}
function high32(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}
/** Even, then odd bytes of two registers. */
function even8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
function odd8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/** Planes → elements. `length` is in bytes; those after the last whole element are copied. */
export function unshuffle(size: usize, source: usize, target: usize, length: usize): void {
  const count = length / size;
  let i: usize = 0;
  if (size === 4) {
    const s1 = source + count;
    const s2 = s1 + count;
    const s3 = s2 + count;
    for (; i + 16 <= count; i += 16) {
      const a = v128.load(source + i);
      const b = v128.load(s1 + i);
      const c = v128.load(s2 + i);
      const d = v128.load(s3 + i);
      const ab = low8(a, b);
      const AB = high8(a, b);
      const cd = low8(c, d);
      const CD = high8(c, d);
      const to = target + (i << 2);
      v128.store(to, low16(ab, cd));
      v128.store(to, high16(ab, cd), 16);
      v128.store(to, low16(AB, CD), 32);
      v128.store(to, high16(AB, CD), 48);
    }
  } else if (size === 2) {
    const s1 = source + count;
    for (; i + 16 <= count; i += 16) {
      const a = v128.load(source + i);
      const b = v128.load(s1 + i);
      v128.store(target + (i << 1), low8(a, b));
      v128.store(target + (i << 1), high8(a, b), 16);
    }
  } else if (size === 8) {
    for (; i + 16 <= count; i += 16) {
      let from = source + i;
      const a = v128.load(from);
      const b = v128.load((from += count));
      const c = v128.load((from += count));
      const d = v128.load((from += count));
      const e = v128.load((from += count));
      const f = v128.load((from += count));
      const g = v128.load((from += count));
      const h = v128.load((from += count));
      const ab = low8(a, b);
      const AB = high8(a, b);
      const cd = low8(c, d);
      const CD = high8(c, d);
      const ef = low8(e, f);
      const EF = high8(e, f);
      const gh = low8(g, h);
      const GH = high8(g, h);
      const abcd0 = low16(ab, cd);
      const abcd1 = high16(ab, cd);
      const abcd2 = low16(AB, CD);
      const abcd3 = high16(AB, CD);
      const efgh0 = low16(ef, gh);
      const efgh1 = high16(ef, gh);
      const efgh2 = low16(EF, GH);
      const efgh3 = high16(EF, GH);
      const to = target + (i << 3);
      v128.store(to, low32(abcd0, efgh0));
      v128.store(to, high32(abcd0, efgh0), 16);
      v128.store(to, low32(abcd1, efgh1), 32);
      v128.store(to, high32(abcd1, efgh1), 48);
      v128.store(to, low32(abcd2, efgh2), 64);
      v128.store(to, high32(abcd2, efgh2), 80);
      v128.store(to, low32(abcd3, efgh3), 96);
      v128.store(to, high32(abcd3, efgh3), 112);
    }
  }
  for (let k: usize = 0; k < size; k++) {
    const from = source + k * count;
    let to = target + i * size + k;
    for (let j = i; j < count; j++) {
      store<u8>(to, load<u8>(from + j));
      to += size;
    }
  }
  for (let at = count * size; at < length; at++) store<u8>(target + at, load<u8>(source + at));
}

/** Elements → planes. */
export function shuffle(size: usize, source: usize, target: usize, length: usize): void {
  const count = length / size;
  let i: usize = 0;
  if (size === 4) {
    const t1 = target + count;
    const t2 = t1 + count;
    const t3 = t2 + count;
    for (; i + 16 <= count; i += 16) {
      const from = source + (i << 2);
      const a = v128.load(from);
      const b = v128.load(from, 16);
      const c = v128.load(from, 32);
      const d = v128.load(from, 48);
      const even0 = even8(a, b);
      const even1 = even8(c, d);
      const odd0 = odd8(a, b);
      const odd1 = odd8(c, d);
      v128.store(target + i, even8(even0, even1));
      v128.store(t1 + i, even8(odd0, odd1));
      v128.store(t2 + i, odd8(even0, even1));
      v128.store(t3 + i, odd8(odd0, odd1));
    }
  } else if (size === 2) {
    const t1 = target + count;
    for (; i + 16 <= count; i += 16) {
      const from = source + (i << 1);
      const a = v128.load(from);
      const b = v128.load(from, 16);
      v128.store(target + i, even8(a, b));
      v128.store(t1 + i, odd8(a, b));
    }
  } else if (size === 8) {
    for (; i + 16 <= count; i += 16) {
      const from = source + (i << 3);
      const a = v128.load(from);
      const b = v128.load(from, 16);
      const c = v128.load(from, 32);
      const d = v128.load(from, 48);
      const e = v128.load(from, 64);
      const f = v128.load(from, 80);
      const g = v128.load(from, 96);
      const h = v128.load(from, 112);
      // bytes 0 2 4 6 and 1 3 5 7 of every element, then halved twice more
      const even0 = even8(a, b);
      const even1 = even8(c, d);
      const even2 = even8(e, f);
      const even3 = even8(g, h);
      const odd0 = odd8(a, b);
      const odd1 = odd8(c, d);
      const odd2 = odd8(e, f);
      const odd3 = odd8(g, h);
      const b04 = even8(even0, even1);
      const b04b = even8(even2, even3);
      const b26 = odd8(even0, even1);
      const b26b = odd8(even2, even3);
      const b15 = even8(odd0, odd1);
      const b15b = even8(odd2, odd3);
      const b37 = odd8(odd0, odd1);
      const b37b = odd8(odd2, odd3);
      let to = target + i;
      v128.store(to, even8(b04, b04b));
      v128.store((to += count), even8(b15, b15b));
      v128.store((to += count), even8(b26, b26b));
      v128.store((to += count), even8(b37, b37b));
      v128.store((to += count), odd8(b04, b04b));
      v128.store((to += count), odd8(b15, b15b));
      v128.store((to += count), odd8(b26, b26b));
      v128.store((to += count), odd8(b37, b37b));
    }
  }
  for (let k: usize = 0; k < size; k++) {
    const to = target + k * count;
    let from = source + i * size + k;
    for (let j = i; j < count; j++) {
      store<u8>(to + j, load<u8>(from));
      from += size;
    }
  }
  for (let at = count * size; at < length; at++) store<u8>(target + at, load<u8>(source + at));
}
