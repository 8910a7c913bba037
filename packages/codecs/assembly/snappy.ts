/** Owns Snappy blocks, decoding only. */
import { copy, repeatExact, repeatFast } from "./copy";
import { BAD_OFFSET, MALFORMED, MARGIN, TOO_LONG, TRUNCATED } from "./workspace";

/** @returns bytes written, or an error code */
export function snappyDecode(source: usize, sourceLength: usize, target: usize, targetLength: usize): i32 {
  let ip = source;
  const inputEnd = source + sourceLength;
  let op = target;
  const outputEnd = target + targetLength;
  // the decoded length, seven bits a byte
  let total: u64 = 0;
  let shift: u64 = 0;
  let byte: u64;
  do {
    if (ip >= inputEnd) return TRUNCATED;
    if (shift > 28) return MALFORMED;
    byte = load<u8>(ip++);
    total |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  if (total !== <u64>targetLength) return TOO_LONG;
  while (ip < inputEnd) {
    const tag: usize = load<u8>(ip++);
    let length = tag >> 2;
    const kind = tag & 3;
    if (kind === 0) {
      if (length >= 60) {
        const extra = length - 59;
        if (inputEnd - ip < extra) return TRUNCATED;
        length = 0;
        for (let i: usize = 0; i < extra; i++) length |= (<usize>load<u8>(ip + i)) << (i << 3);
        ip += extra;
        if (length >= targetLength) return TOO_LONG;
      }
      length++;
      if (length > outputEnd - op) return TOO_LONG;
      if (length > inputEnd - ip) return TRUNCATED;
      copy(op, ip, length);
      ip += length;
      op += length;
      continue;
    }
    let offset: usize;
    if (kind === 1) {
      if (ip >= inputEnd) return TRUNCATED;
      offset = ((length >> 3) << 8) | <usize>load<u8>(ip++);
      length = (length & 7) + 4;
    } else if (kind === 2) {
      if (inputEnd - ip < 2) return TRUNCATED;
      offset = load<u16>(ip);
      ip += 2;
      length++;
    } else {
      if (inputEnd - ip < 4) return TRUNCATED;
      offset = load<u32>(ip);
      ip += 4;
      length++;
    }
    if (offset === 0 || offset > op - target) return BAD_OFFSET;
    const room = outputEnd - op;
    if (length > room) return TOO_LONG;
    if (room >= length + MARGIN) repeatFast(op, offset, length);
    else repeatExact(op, offset, length, outputEnd);
    op += length;
  }
  return <i32>(op - target);
}
