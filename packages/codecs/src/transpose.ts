/**
 * Owns the permutation of axes in C-ordered data: v3's `transpose` codec and v2's F order. Knows no bytes but
 * through {@link transposeCodec}.
 */
import { CodecError } from "@hyperslab/core/errors";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { Codec } from "./codec.js";
import { deliver, outputFor, sizeError } from "./output.js";
import { shown } from "./shown.js";

/** True for a permutation that leaves C-ordered data as they are: only axes of length 1 move. */
export function isIdentity(shape: Shape, order: readonly number[]): boolean {
  const moved = order.filter((axis) => shape[axis] !== 1);
  return moved.every((axis, i) => i === 0 || axis > moved[i - 1]);
}

export function inverse(order: readonly number[]): number[] {
  const out = new Array<number>(order.length);
  order.forEach((axis, i) => (out[axis] = i));
  return out;
}

/** The order in a `transpose` configuration, checked. @throws CodecError */
export function checkedOrder(order: unknown, rank: number): number[] {
  const forward = Array.from({ length: rank }, (_, axis) => axis);
  if (order === "C") return forward;
  if (order === "F") return forward.reverse();
  if (
    Array.isArray(order) &&
    order.length === rank &&
    [...order].sort((a, b) => a - b).every((axis, i) => axis === i)
  )
    return order.map(Number);
  throw new CodecError({
    codec: "transpose",
    reason: `order ${shown(order)} for chunks of ${rank} dimensions`,
    hint: "the order has to name every dimension once",
  });
}

const TILE = 32;

/** Elements that can be set: a typed array or a list. */
interface Writable<E> {
  [index: number]: E;
}

/**
 * Copies C-ordered `from` of the given shape into C-ordered `to` of shape `order.map(axis => shape[axis])`.
 * Goes tile by tile over the two axes along which source and target are contiguous, so that neither is
 * read or written with long strides through the whole array.
 */
export function permute<E>(
  from: ArrayLike<E>,
  shape: Shape,
  order: readonly number[],
  to: Writable<E>,
): void {
  const rank = shape.length;
  const strides = stridesOf(shape);
  const outShape = order.map((axis) => shape[axis]);
  const source = order.map((axis) => strides[axis]);
  const target = stridesOf(outShape);
  if (sizeOf(shape) === 0) return;
  if (rank < 2) return copy(from, to);
  const inner = rank - 1;
  const contiguous = order.indexOf(rank - 1);
  const outer = contiguous === inner ? inner - 1 : contiguous;
  const rest: number[] = [];
  for (let axis = 0; axis < rank; axis++) if (axis !== inner && axis !== outer) rest.push(axis);
  const [rows, columns] = [outShape[outer], outShape[inner]];
  const [fromRow, fromColumn, toRow] = [source[outer], source[inner], target[outer]];
  const index = new Array<number>(rest.length).fill(0);
  for (let a = 0, b = 0; ;) {
    if (fromColumn === 1) copyRows(from, to, a, b, rows, columns, fromRow, toRow);
    else tiles(from, to, a, b, rows, columns, fromRow, fromColumn, toRow);
    let k = rest.length - 1;
    for (; k >= 0; k--) {
      a += source[rest[k]];
      b += target[rest[k]];
      if (++index[k] < outShape[rest[k]]) break;
      a -= source[rest[k]] * outShape[rest[k]];
      b -= target[rest[k]] * outShape[rest[k]];
      index[k] = 0;
    }
    if (k < 0) return;
  }
}

/** Rows that lie the same way in both. */
function copyRows<E>(
  from: ArrayLike<E>,
  to: Writable<E>,
  fromStart: number,
  toStart: number,
  rows: number,
  columns: number,
  fromRow: number,
  toRow: number,
): void {
  if (columns > 16 && ArrayBuffer.isView(from) && ArrayBuffer.isView(to)) {
    // two typed arrays of one dtype
    const [source, target] = [from as unknown as Uint8Array, to as unknown as Uint8Array];
    for (let r = 0, f = fromStart, t = toStart; r < rows; r++, f += fromRow, t += toRow)
      target.set(source.subarray(f, f + columns), t);
    return;
  }
  for (let r = 0; r < rows; r++)
    for (let c = 0, f = fromStart + r * fromRow, t = toStart + r * toRow; c < columns; c++)
      to[t++] = from[f++];
}

function tiles<E>(
  from: ArrayLike<E>,
  to: Writable<E>,
  fromStart: number,
  toStart: number,
  rows: number,
  columns: number,
  fromRow: number,
  fromColumn: number,
  toRow: number,
): void {
  for (let r0 = 0; r0 < rows; r0 += TILE)
    for (let c0 = 0; c0 < columns; c0 += TILE) {
      const r1 = Math.min(rows, r0 + TILE);
      const c1 = Math.min(columns, c0 + TILE);
      for (let r = r0; r < r1; r++)
        for (
          let c = c0, f = fromStart + r * fromRow + c0 * fromColumn, t = toStart + r * toRow + c0;
          c < c1;
          c++
        ) {
          to[t++] = from[f];
          f += fromColumn;
        }
    }
}

function copy<E>(from: ArrayLike<E>, to: Writable<E>): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}

/** The permutation as a codec over elements of `itemSize` bytes, for use after filters that made bytes of them. */
export function transposeCodec(shape: Shape, order: readonly number[], itemSize: number): Codec {
  const name = "transpose";
  const length = sizeOf(shape) * itemSize;
  const move = (bytes: Uint8Array, axes: readonly number[], from: Shape, out: Uint8Array): void => {
    // an element of any size is one more axis, of bytes, that stays last
    permute(bytes, [...from, itemSize], [...axes, axes.length], out);
  };
  return {
    name,
    decode(bytes, size, out) {
      if (bytes.length !== length) throw sizeError(name, bytes.length, length);
      if (isIdentity(shape, order)) return deliver(name, bytes, size, out);
      const target = outputFor(name, length, size, out);
      move(
        bytes,
        inverse(order),
        order.map((axis) => shape[axis]),
        target,
      );
      return target;
    },
    encode(bytes) {
      const out = new Uint8Array(bytes.length);
      move(bytes, order, shape, out);
      return out;
    },
    encodedSize: (size) => size,
  };
}
