/** Owns LZF: decoding, every length and offset checked. */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";

/** @returns bytes written, or an error code */
export function lzfDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  let ip = source;
  const end = source + sourceLength;
  let op = target;
  const limit = target + targetLength;
  while (ip < end) {
    const control: usize = load<u8>(ip++);
    if (control < 32) {
      const literals = control + 1;
      if (literals > end - ip) return TRUNCATED;
      if (literals > limit - op) return TOO_LONG;
      copy(op, ip, literals);
      ip += literals;
      op += literals;
      continue;
    }
    let length = (control >> 5) + 2;
    if (length === 9) {
      if (ip >= end) return TRUNCATED;
      length += <usize>load<u8>(ip++);
    }
    if (ip >= end) return TRUNCATED;
    const offset = (((control & 31) << 8) | <usize>load<u8>(ip++)) + 1;
    if (offset > op - target) return BAD_OFFSET;
    const room = limit - op;
    if (length > room) return TOO_LONG;
    if (room >= length + MARGIN) repeatFast(op, offset, length);
    else repeatExact(op, offset, length, limit);
    op += length;
  }
  return <i32>(op - target);
}
