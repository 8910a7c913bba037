/** Owns the form in which kernels are handed data: a buffer walked with strides, nothing copied. */
import type { Block } from "@hyperslab/core/block";
import type { BlockData, Dtype } from "@hyperslab/core/dtype";
import { type Shape, stridesOf } from "@hyperslab/core/shape";

/** Element `(i, j, …)` of a loop is `data[offset + i * strides[0] + j * strides[1] + …]`. A stride of 0 broadcasts. */
export interface Operand {
  readonly dtype: Dtype;
  readonly data: BlockData;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** A block as operand of a loop over `shape`: its axes of length 1 broadcast. */
export function operandOf(block: Block, shape: Shape): Operand {
  const strides = stridesOf(block.shape).map((stride, axis) =>
    block.shape[axis] === 1 && shape[axis] !== 1 ? 0 : stride,
  );
  return { dtype: block.dtype, data: block.data, offset: 0, strides };
}
