/** Owns BloscLZ streams (Blosc's relative of FastLZ), decoding only. */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";

/** Distances of 13 bits; longer ones are written as this and 16 bits more. */
const FAR: usize = 8191;

/** @returns bytes written, or an error code */
export function blosclzDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  let ip = source;
  const inputEnd = source + sourceLength;
  let op = target;
  const outputEnd = target + targetLength;
  if (sourceLength === 0) return TRUNCATED;
  // the first control byte carries the format's level in its upper bits, and is always a literal
  let control: usize = <usize>load<u8>(ip++) & 31;
  while (true) {
    if (control >= 32) {
      let length = (control >> 5) + 2;
      let offset = (control & 31) << 8;
      if (length === 9) {
        let more: usize;
        do {
          if (ip >= inputEnd) return TRUNCATED;
          more = load<u8>(ip++);
          length += more;
        } while (more === 255);
        if (length > targetLength) return TOO_LONG;
      }
      if (ip >= inputEnd) return TRUNCATED;
      const low: usize = load<u8>(ip++);
      if (low === 255 && offset === 31 << 8) {
        if (inputEnd - ip < 2) return TRUNCATED;
        offset = (((<usize>load<u8>(ip)) << 8) | <usize>load<u8>(ip, 1)) + FAR;
        ip += 2;
      } else offset += low;
      offset += 1;
      if (offset > op - target) return BAD_OFFSET;
      const room = outputEnd - op;
      if (length > room) return TOO_LONG;
      if (room >= length + MARGIN) repeatFast(op, offset, length);
      else repeatExact(op, offset, length, outputEnd);
      op += length;
    } else {
      const literals = control + 1;
      if (literals > outputEnd - op) return TOO_LONG;
      if (literals > inputEnd - ip) return TRUNCATED;
      copy(op, ip, literals);
      op += literals;
      ip += literals;
    }
    if (ip >= inputEnd) return <i32>(op - target);
    control = load<u8>(ip++);
  }
}
