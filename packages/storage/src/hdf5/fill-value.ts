/** Owns fill value messages, old and new: one element's bytes, or that there is none. */
import type { Cursor } from "./cursor.js";

/** The bytes of one element; null where none is defined: what was never written is zeros, or anything. */
export function readFillValue(cursor: Cursor): Uint8Array | null {
  const version = cursor.version("a fill value", 1, 2, 3);
  let isDefined: boolean;
  if (version === 3) {
    const flags = cursor.uint8();
    isDefined = (flags & 0x20) !== 0;
  } else {
    cursor.skip(2);
    isDefined = cursor.uint8() !== 0;
    if (version === 1 && cursor.left < 4) return null;
  }
  return isDefined ? sized(cursor) : null;
}

/** The message of HDF5 before 1.6. */
export function readOldFillValue(cursor: Cursor): Uint8Array | null {
  return sized(cursor);
}

function sized(cursor: Cursor): Uint8Array | null {
  const size = cursor.uint32();
  // -1: said to be undefined; 0: the default, which is zeros
  return size === 0 || size === 0xffffffff ? null : cursor.take(size);
}
