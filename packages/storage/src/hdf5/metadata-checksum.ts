/** Owns the checksum of HDF5's metadata: Bob Jenkins' lookup3 (public domain), and its verification. */
import type { Cursor } from "./cursor.js";

/** Verifies the four bytes at the cursor against everything before them, and moves past them. */
export function verifyChecksum(cursor: Cursor, what: string): void {
  const end = cursor.at;
  const stored = cursor.uint32();
  const found = lookup3(cursor.bytes, end);
  if (stored !== found)
    cursor.fail(`the checksum of ${what} is ${hex(found)} where ${hex(stored)} was stored`, end);
}

const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;

/** The hash of the first `length` bytes, as an unsigned 32-bit number. */
export function lookup3(bytes: Uint8Array, length: number = bytes.length): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let a = (0xdeadbeef + length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  let left = length;
  for (; left > 12; left -= 12, at += 12) {
    a = (a + view.getInt32(at, true)) | 0;
    b = (b + view.getInt32(at + 4, true)) | 0;
    c = (c + view.getInt32(at + 8, true)) | 0;
    a = ((a - c) ^ ((c << 4) | (c >>> 28))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 6) | (a >>> 26))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 8) | (b >>> 24))) | 0;
    b = (b + a) | 0;
    a = ((a - c) ^ ((c << 16) | (c >>> 16))) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ ((a << 19) | (a >>> 13))) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ ((b << 4) | (b >>> 28))) | 0;
    b = (b + a) | 0;
  }
  if (left === 0) return c >>> 0;
  const word = (from: number): number => {
    let value = 0;
    for (let i = Math.min(3, left - from - 1); i >= 0; i--) value = (value << 8) | bytes[at + from + i];
    return value;
  };
  a = (a + word(0)) | 0;
  if (left > 4) b = (b + word(4)) | 0;
  if (left > 8) c = (c + word(8)) | 0;
  c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0;
  a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0;
  b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0;
  c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0;
  a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0;
  b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0;
  c = ((c ^ b) - ((b << 24) | (b >>> 8))) | 0;
  return c >>> 0;
}
