/**
 * Owns what is done at once to arrays that are in memory already: picking, and turning of axes.
 * Coordinates need it, so that labels are there without a plan; large arrays stay lazy.
 */
import { literal, select, view } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, isWhole, positionAt, selectionLength } from "@hyperslab/core/box";
import type { BlockData } from "@hyperslab/core/dtype";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";

/** Results with more elements than this stay lazy. */
const EAGER_ELEMENTS = 1 << 20;

/** `select`, at once for a result that is small and in memory. @throws ShapeError */
export function selectNode(node: Node, selection: readonly AxisSelection[]): Node {
  const made = select(node, selection);
  if (made === node || node.kind !== "literal" || sizeOf(made.shape) > EAGER_ELEMENTS) return made;
  return literal(selectBlock(node.block, selection));
}

/** `view`, at once for data in memory: without a copy where the order of axes stays. @throws ShapeError */
export function viewNode(node: Node, axes: readonly (number | null)[]): Node {
  const made = view(node, axes);
  if (made === node || node.kind !== "literal") return made;
  const used = axes.filter((axis) => axis !== null);
  if (used.every((axis, i) => i === 0 || axis > used[i - 1]))
    return literal({ ...node.block, shape: made.shape });
  return sizeOf(made.shape) > EAGER_ELEMENTS ? made : literal(viewBlock(node.block, axes, made.shape));
}

/** What `selection` picks out of a block. */
export function selectBlock(block: Block, selection: readonly AxisSelection[]): Block {
  if (selection.every((one, axis) => isWhole(one, block.shape[axis]))) return block;
  const shape = selection.map(selectionLength);
  const strides = stridesOf(block.shape);
  const offsets = selection.map((one, axis) =>
    Int32Array.from({ length: shape[axis] }, (_, i) => positionAt(one, i) * strides[axis]),
  );
  return gathered(block, shape, offsets);
}

function viewBlock(block: Block, axes: readonly (number | null)[], shape: readonly number[]): Block {
  const strides = stridesOf(block.shape);
  const offsets = axes.map((axis, i) =>
    Int32Array.from({ length: shape[i] }, (_, k) => (axis === null ? 0 : k * strides[axis])),
  );
  return gathered(block, shape, offsets);
}

/** Element `[i, j, …]` of the result is element `offsets[0][i] + offsets[1][j] + …` of the block. */
function gathered(block: Block, shape: readonly number[], offsets: readonly Int32Array[]): Block {
  const out = allocateBlock(block.dtype, shape);
  const from = block.data as (number | bigint | string)[] & BlockData;
  const to = out.data as (number | bigint | string)[] & BlockData;
  let k = 0;
  const walk = (axis: number, base: number): void => {
    if (axis === shape.length) to[k++] = from[base];
    else for (const offset of offsets[axis]) walk(axis + 1, base + offset);
  };
  if (sizeOf(shape) > 0) walk(0, 0);
  return out;
}
