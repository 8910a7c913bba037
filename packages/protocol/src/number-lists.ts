/**
 * Owns lists of numbers on the wire: task and block numbers come in runs, sizes repeat. Both are pairs of
 * little-endian 32-bit numbers in one binary field, so that a thousand neighbours cost 8 bytes. Pure.
 */
import { ProtocolError } from "@hyperslab/core/errors";

/** Numbers in one list, at most. */
const MAX_NUMBERS = 2 ** 26;

/** Task numbers as pairs `first, count`; the order is kept. */
export function packRuns(numbers: ArrayLike<number>): Uint8Array {
  const pairs: number[] = [];
  for (let i = 0; i < numbers.length;) {
    const first = numbers[i];
    let count = 1;
    while (i + count < numbers.length && numbers[i + count] === first + count) count++;
    pairs.push(first, count);
    i += count;
  }
  return bytesOf(pairs);
}

/** The numbers that {@link packRuns} packed. @throws ProtocolError */
export function unpackRuns(bytes: Uint8Array): Int32Array {
  return expandPairs(bytes, 1);
}

/** Sizes as pairs `value, count`. */
export function packRepeats(values: ArrayLike<number>): Uint8Array {
  const pairs: number[] = [];
  for (let i = 0; i < values.length;) {
    let count = 1;
    while (i + count < values.length && values[i + count] === values[i]) count++;
    pairs.push(values[i], count);
    i += count;
  }
  return bytesOf(pairs);
}

/** The values that {@link packRepeats} packed. @throws ProtocolError */
export function unpackRepeats(bytes: Uint8Array): Int32Array {
  return expandPairs(bytes, 0);
}

/** Pairs as they are, one after another. */
export function packPairs(pairs: readonly number[]): Uint8Array {
  return bytesOf(pairs);
}

/** The pairs that {@link packPairs} packed. @throws ProtocolError */
export function unpackPairs(bytes: Uint8Array): Int32Array {
  if (bytes.length % 8 !== 0)
    throw new ProtocolError({ asked: "read pairs of numbers", found: `${bytes.length} bytes that are none` });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

function bytesOf(pairs: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * pairs.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pairs.length; i++) view.setInt32(4 * i, pairs[i], true);
  return bytes;
}

function expandPairs(bytes: Uint8Array, step: number): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let total = 0;
  if (bytes.length % 8 === 0)
    for (let at = 4; at < bytes.length; at += 8) {
      const count = view.getInt32(at, true);
      total += count > 0 ? count : Infinity;
    }
  if (bytes.length % 8 !== 0 || total > MAX_NUMBERS)
    throw new ProtocolError({
      asked: "read a list of numbers",
      found: `${bytes.length} bytes that are none`,
    });
  const numbers = new Int32Array(total);
  let to = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    const first = view.getInt32(at, true);
    const count = view.getInt32(at + 4, true);
    for (let i = 0; i < count; i++) numbers[to++] = first + step * i;
  }
  return numbers;
}
