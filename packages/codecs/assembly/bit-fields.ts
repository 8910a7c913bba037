/**
 * Owns numbers of any width, one after another, most significant bit first, as HDF5's scale-offset and n-bit filters
 * store them; and what scale-offset does to them then.
 */

/** `width` bits (1 … 64) from bit `at` on. Up to nine bytes from there are read. */
function fieldAt(source: usize, at: u64, width: u64): u64 {
  const place = source + <usize>(at >> 3);
  const word = bswap<u64>(load<u64>(place));
  const used = at & 7;
  let value = word << used;
  if (used + width > 64) value |= <u64>load<u8>(place, 8) >> (8 - used);
  return value >> (64 - width);
}

function put(at: usize, size: u32, value: u64): void {
  if (size === 1) store<u8>(at, <u8>value);
  else if (size === 2) store<u16>(at, <u16>value);
  else if (size === 4) store<u32>(at, <u32>value);
  else store<u64>(at, value);
}

/**
 * `count` numbers of `width` bits become elements of `size` bytes (1, 2, 4, 8), shifted left by `shift`. The source holds
 * them all; eight bytes after it may be read.
 */
export function unpackFields(
  source: usize,
  width: u32,
  shift: u32,
  target: usize,
  size: u32,
  count: u32,
): void {
  let at: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    put(target, size, fieldAt(source, at, <u64>width) << (<u64>shift));
    at += <u64>width;
    target += <usize>size;
  }
}

/** Integers in place: the least value is added; where there is a fill value, all bits set stand for it. */
export function offsetIntegers(
  at: usize,
  size: u32,
  count: u32,
  width: u32,
  least: u64,
  hasFill: bool,
  fill: u64,
): void {
  const mark: u64 = width === 0 ? 0 : u64.MAX_VALUE >> (64 - <u64>width);
  for (let i: u32 = 0; i < count; i++) {
    const value: u64 =
      size === 1
        ? <u64>load<u8>(at)
        : size === 2
          ? <u64>load<u16>(at)
          : size === 4
            ? <u64>load<u32>(at)
            : load<u64>(at);
    put(at, size, hasFill && value === mark ? fill : value + least);
    at += <usize>size;
  }
}

/** The same for floats of 4 or 8 bytes, whose integers were multiplied by `scale`. */
export function scaleFloats(
  at: usize,
  size: u32,
  count: u32,
  width: u32,
  scale: f64,
  least: f64,
  hasFill: bool,
  fill: u64,
): void {
  const mark: u64 = width === 0 ? 0 : u64.MAX_VALUE >> (64 - <u64>width);
  for (let i: u32 = 0; i < count; i++) {
    if (size === 4) {
      const value = load<u32>(at);
      if (hasFill && <u64>value === mark) store<u32>(at, <u32>fill);
      else store<f32>(at, <f32>(<i32>value) / <f32>scale + <f32>least);
    } else {
      const value = load<u64>(at);
      if (hasFill && value === mark) store<u64>(at, fill);
      else store<f64>(at, <f64>(<i64>value) / scale + least);
    }
    at += <usize>size;
  }
}
