/** Owns the writing of bits, lowest first, as zstd's entropy codes want them: readers begin at the end. */

let word: u64 = 0;
let count: u64 = 0;
let place: usize = 0;

export function beginBits(op: usize): void {
  word = 0;
  count = 0;
  place = op;
}

/** Adds the lowest `width` bits of `value`, whose others are 0; 56 at most between flushes. */
export function addBits(value: u64, width: u32): void {
  word |= value << count;
  count += <u64>width;
}

/** Writes the whole bytes. Eight bytes are stored, whatever there is. */
export function flushBits(): void {
  store<u64>(place, word);
  place += <usize>(count >> 3);
  word >>= count & 56;
  count &= 7;
}

/** Ends with a 1, by which readers find the last bit. @returns the end */
export function endBits(): usize {
  addBits(1, 1);
  return endBytes();
}

/** Ends without it. @returns the end */
export function endBytes(): usize {
  flushBits();
  return place + (count > 0 ? 1 : 0);
}
