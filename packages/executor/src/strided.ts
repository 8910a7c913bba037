/**
 * Owns strided arrays: what passes between the steps of a program. Transposes, slices and broadcasts
 * are other strides over the same elements; nothing is copied before somebody needs a block.
 * Knows no steps and no storage.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, type Box, type Slice, selectionLength, slice } from "@hyperslab/core/box";
import type { Dtype } from "@hyperslab/core/dtype";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { copyStrided, gatherAxes } from "@hyperslab/kernels/move";
import type { Operand } from "@hyperslab/kernels/operand";

/** An operand with its shape. */
export interface Strided extends Operand {
  readonly shape: Shape;
}

/** What a step yields for a box: one array, or one for each field of a partial state. */
export type Value = readonly Strided[];

/** Gives a block whose elements are undefined. */
export type Allocate = (dtype: Dtype, shape: Shape) => Block;

export function fromBlock(block: Block): Strided {
  return {
    dtype: block.dtype,
    data: block.data,
    offset: 0,
    shape: block.shape,
    strides: stridesOf(block.shape),
  };
}

/** True where the elements stand in C order without gaps. */
export function isContiguous(array: Strided): boolean {
  const { shape, strides } = array;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 0) return true;
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** The elements as a block: a view where they are contiguous, else a copy. */
export function toBlock(array: Strided, shared = false): Block {
  if (!isContiguous(array)) return copyOf(array, shared);
  const { dtype, shape, data, offset } = array;
  const length = sizeOf(shape);
  if (offset === 0 && length === data.length) return { dtype, shape, data };
  if (Array.isArray(data)) return { dtype, shape, data: data.slice(offset, offset + length) };
  return { dtype, shape, data: data.subarray(offset, offset + length) };
}

/** The elements as a block of their own. */
export function copyOf(array: Strided, shared = false): Block {
  const block = allocateBlock(array.dtype, array.shape, shared);
  copyInto(
    array,
    block,
    array.shape.map(() => 0),
  );
  return block;
}

/** Copies the elements to the box of `block` that starts at `start`. */
export function copyInto(array: Strided, block: Block, start: readonly number[]): void {
  if (sizeOf(array.shape) === 0) return;
  copyStrided(array, array.shape, sliceBox(fromBlock(block), { start, shape: array.shape }));
}

/** The part of an array that `box` covers. */
export function sliceBox(array: Strided, box: Box): Strided {
  let offset = array.offset;
  for (let axis = 0; axis < box.start.length; axis++) offset += box.start[axis] * array.strides[axis];
  return { ...array, offset, shape: box.shape };
}

/** Axis `i` is axis `axes[i]` of the array, or new and of length 1 where null. */
export function permuteAxes(array: Strided, axes: readonly (number | null)[]): Strided {
  return {
    ...array,
    shape: axes.map((axis) => (axis === null ? 1 : array.shape[axis])),
    strides: axes.map((axis) => (axis === null ? 0 : array.strides[axis])),
  };
}

/** The array stretched along its axes of length 1. */
export function stretch(array: Strided, shape: Shape): Strided {
  const strides = array.strides.map((stride, axis) =>
    array.shape[axis] === 1 && shape[axis] !== 1 ? 0 : stride,
  );
  return { ...array, shape, strides };
}

/** What `selection` (one for each axis) picks: slices by strides, positions by a copy. */
export function selectAxes(array: Strided, selection: readonly AxisSelection[], allocate: Allocate): Strided {
  const slices = selection.map((one, axis): Slice =>
    one.kind === "slice" ? one : slice(0, array.shape[axis]),
  );
  if (selection.every((one) => one.kind === "slice")) return sliceAxes(array, slices);
  const out = allocate(array.dtype, selection.map(selectionLength));
  // a block is gathered from as it is; of anything else only what the slices leave is made a block
  if (isContiguous(array)) gatherAxes(toBlock(array), selection, out);
  else {
    const left = selection.map((one) => (one.kind === "slice" ? slice(0, one.length) : one));
    gatherAxes(toBlock(sliceAxes(array, slices)), left, out);
  }
  return fromBlock(out);
}

function sliceAxes(array: Strided, slices: readonly Slice[]): Strided {
  let offset = array.offset;
  slices.forEach((one, axis) => (offset += one.length > 0 ? one.start * array.strides[axis] : 0));
  return {
    ...array,
    offset,
    shape: slices.map((one) => one.length),
    strides: slices.map((one, axis) => one.step * array.strides[axis]),
  };
}

/** Arrays of no elements, one for each field. */
export function emptyValue(fields: readonly Dtype[], shape: Shape): Value {
  return fields.map((dtype) => fromBlock(allocateBlock(dtype, shape)));
}
