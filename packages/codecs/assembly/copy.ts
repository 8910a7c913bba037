/** Owns copies: exact ones, and those of LZ-family matches, whose source may overlap the target. */
import { patterns, steps } from "./workspace";

/** Copies `length` bytes that don't overlap. Never touches a byte more. */
export function copy(to: usize, from: usize, length: usize): void {
  let i: usize = 0;
  for (; i + 64 <= length; i += 64) {
    const a = v128.load(from + i);
    const b = v128.load(from + i, 16);
    const c = v128.load(from + i, 32);
    const d = v128.load(from + i, 48);
    v128.store(to + i, a);
    v128.store(to + i, b, 16);
    v128.store(to + i, c, 32);
    v128.store(to + i, d, 48);
  }
  for (; i + 16 <= length; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i));
}

/**
 * Copies `length` bytes from `offset` bytes before `to`: bytes written are read again where the offset is short.
 * Writes up to 16 bytes past the end: there have to be `MARGIN`.
 */
export function repeatFast(to: usize, offset: usize, length: usize): void {
  let from = to - offset;
  const end = to + length;
  if (offset >= 16) {
    v128.store(to, v128.load(from));
    if (length > 16) {
      to += 16;
      from += 16;
      do {
        v128.store(to, v128.load(from));
        to += 16;
        from += 16;
      } while (to < end);
    }
  } else {
    // the period fits a register: it is written over and over, a whole number of periods a step
    const period = i8x16.swizzle(v128.load(from), v128.load(patterns + (offset << 4)));
    const step: usize = load<u8>(steps + offset);
    do {
      v128.store(to, period);
      to += step;
    } while (to < end);
  }
}

/** The same, and never touches a byte more; `limit` is the end of what may be written, at or after the end of the copy. */
export function repeatExact(to: usize, offset: usize, length: usize, limit: usize): void {
  const end = to + length;
  let from = to - offset;
  if (limit - to >= 32) {
    const last = limit - 32 < end ? limit - 32 : end;
    if (offset >= 16) {
      while (to < last) {
        v128.store(to, v128.load(from));
        to += 16;
        from += 16;
      }
    } else if (to < last) {
      const period = i8x16.swizzle(v128.load(from), v128.load(patterns + (offset << 4)));
      const step: usize = load<u8>(steps + offset);
      while (to < last) {
        v128.store(to, period);
        to += step;
      }
      from = to - offset;
    }
  }
  while (to < end) store<u8>(to++, load<u8>(from++));
}
