/** Owns what stands where nothing was written: one element's values, and writing them all over a region. */
import { valuesOf } from "@hyperslab/codecs/element";
import { decodeElements } from "@hyperslab/codecs/element-bytes";
import { type BlockData, allocate } from "@hyperslab/core/dtype";
import { stridesOf } from "@hyperslab/core/shape";
import { type AxisCopy, copyRegion } from "../strided-copy.js";
import type { Hdf5Array } from "./hdf5-array.js";

/** The values of one element that was never written. */
export function fillOf({ element, fill }: Hdf5Array): BlockData {
  const { stored } = element;
  if (fill === null) return allocate(stored.dtype, valuesOf(stored));
  return decodeElements(new Uint8Array(Buffer.from(fill, "hex")), stored, true);
}

/** Writes one element all over a region. @param inner lengths of the axes within it, which are whole in each copy */
export function fillElements(
  values: BlockData,
  target: BlockData,
  axes: readonly AxisCopy[],
  inner: readonly number[],
): void {
  const rank = axes.length - inner.length;
  const strides = stridesOf(inner);
  copyRegion(
    values,
    target,
    axes.map((axis, i) => ({ ...axis, fromStride: i < rank ? 0 : strides[i - rank] })),
  );
}
