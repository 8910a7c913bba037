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

/** Blocks of one dtype behind each other along an axis. */
export function concatBlocks(blocks: readonly Block[], axis: number): Block {
  const [first] = blocks;
  const length = blocks.reduce((sum, block) => sum + block.shape[axis], 0);
  const out = allocateBlock(first.dtype, first.shape.with(axis, length));
  const outer = sizeOf(first.shape.slice(0, axis));
  const inner = sizeOf(out.shape.slice(axis + 1));
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const { data, shape } of blocks) {
      const count = shape[axis] * inner;
      if (Array.isArray(out.data))
        for (let i = 0; i < count; i++) out.data[at + i] = (data as readonly string[])[row * count + i];
      else (out.data as Uint8Array).set((data as Uint8Array).subarray(row * count, (row + 1) * count), at);
      at += count;
    }
  return out;
}

/** What `selection` picks out of a block. */
function selectBlock(block: Block, selection: readonly AxisSelection[]): Block {
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
  if (sizeOf(shape) === 0) return out;
  const { from, to, width } = cells(block.data, out.data);
  const rank = shape.length;
  const inner = rank === 0 ? Int32Array.of(0) : offsets[rank - 1];
  let k = 0;
  const walk = (axis: number, base: number): void => {
    if (axis < rank - 1) {
      for (const offset of offsets[axis]) walk(axis + 1, base + offset);
      return;
    }
    if (width === 1) for (let i = 0; i < inner.length; i++) to[k++] = from[base + inner[i]];
    else
      for (let i = 0; i < inner.length; i++) {
        const at = 2 * (base + inner[i]);
        to[k++] = from[at];
        to[k++] = from[at + 1];
      }
  };
  walk(0, 0);
  return out;
}

type Cells = { [index: number]: number | string };

/** What is copied one by one: elements, or the two halves of int64s, which are cheaper than bigints. */
function cells(from: BlockData, to: BlockData): { from: Cells; to: Cells; width: 1 | 2 } {
  const halves = (data: BigInt64Array | BigUint64Array): Int32Array =>
    new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const big = (data: BlockData): data is BigInt64Array | BigUint64Array =>
    data instanceof BigInt64Array || data instanceof BigUint64Array;
  if (big(from) && big(to)) return { from: halves(from), to: halves(to), width: 2 };
  return { from: from as Cells, to: to as Cells, width: 1 };
}
