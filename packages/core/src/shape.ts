/** Owns arithmetic on shapes and strides: sizes, C-order strides, broadcasting. No data. */
import { ShapeError } from "./errors.js";

export type Shape = readonly number[];

/** Number of elements; 1 for a zero-dimensional shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

/** C-order strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** NumPy's broadcasting of shapes of one rank: lengths are equal or 1. @throws ShapeError */
export function broadcastShapes(shapes: readonly Shape[]): number[] {
  const rank = shapes[0]?.length ?? 0;
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    if (shape.length !== rank)
      throw new ShapeError({ asked: "broadcast", found: `ranks ${shapes.map((s) => s.length).join(", ")}` });
    shape.forEach((length, axis) => {
      if (length === 1) return;
      if (out[axis] !== 1 && out[axis] !== length)
        throw new ShapeError({
          asked: "broadcast",
          found: `shapes ${shapes.map((s) => `(${s.join(", ")})`).join(" and ")} differ on axis ${axis}`,
        });
      out[axis] = length;
    });
  }
  return out;
}

/** An axis counted from the end where negative. @throws ShapeError when out of range */
export function normaliseAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank)
    throw new ShapeError({ asked: `axis ${axis}`, found: `an array of rank ${rank}` });
  return positive;
}
