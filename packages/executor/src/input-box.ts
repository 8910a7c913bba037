/**
 * Owns reading a box of an earlier stage out of the blocks that a task was handed: a view where one
 * block holds it, else one copy from each.
 */
import type { Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { type ChunkGrid, blockBox, blockCounts, blockIndex, chunkOf } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import { type Allocate, type Value, copyInto, fromBlock, sliceBox } from "./strided.js";
import { boxText } from "./task-stage.js";

/**
 * A box (not empty) of an input.
 * @param blocks fields of the input's blocks, by their number in `grid`
 * @param wanted dtypes of the fields that are wanted, and the number of the first one
 * @throws ArgumentError where a block that the box needs was not handed over
 */
export function readInputBox(
  grid: ChunkGrid,
  blocks: ReadonlyMap<number, readonly Block[]>,
  box: Box,
  wanted: { readonly fields: readonly Dtype[]; readonly first: number },
  allocate: Allocate,
): Value {
  const counts = blockCounts(grid);
  const first = grid.map((axis, i) => chunkOf(axis, box.start[i]));
  const last = grid.map((axis, i) => chunkOf(axis, box.start[i] + box.shape[i] - 1));
  const fieldsAt = (coords: readonly number[]): readonly Block[] => {
    const found = blocks.get(blockIndex(counts, coords));
    if (found) return found.slice(wanted.first, wanted.first + wanted.fields.length);
    throw new ArgumentError({
      asked: `box ${boxText(box)} of an input`,
      found: `its block (${coords.join(", ")}) is not among the blocks of the task`,
      hint: "the plan's inputs and its program disagree",
    });
  };
  if (first.every((chunk, axis) => chunk === last[axis])) {
    const { start } = blockBox(grid, first);
    const part = { start: box.start.map((at, axis) => at - start[axis]), shape: box.shape };
    return fieldsAt(first).map((block) => sliceBox(fromBlock(block), part));
  }
  const out = wanted.fields.map((dtype) => allocate(dtype, box.shape));
  const coords = [...first];
  for (;;) {
    const here = blockBox(grid, coords);
    const lo = here.start.map((start, axis) => Math.max(start, box.start[axis]));
    const shape = lo.map(
      (start, axis) =>
        Math.min(here.start[axis] + here.shape[axis], box.start[axis] + box.shape[axis]) - start,
    );
    const from = { start: lo.map((start, axis) => start - here.start[axis]), shape };
    const to = lo.map((start, axis) => start - box.start[axis]);
    fieldsAt(coords).forEach((block, k) => copyInto(sliceBox(fromBlock(block), from), out[k], to));
    let axis = coords.length - 1;
    while (axis >= 0 && coords[axis] === last[axis]) {
      coords[axis] = first[axis];
      axis--;
    }
    if (axis < 0) return out.map(fromBlock);
    coords[axis]++;
  }
}
