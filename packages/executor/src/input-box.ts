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
 * @throws ArgumentError where a block that the box needs was not handed over
 */
export function readInputBox(
  grid: ChunkGrid,
  blocks: ReadonlyMap<number, readonly Block[]>,
  box: Box,
  wanted: WantedFields,
  allocate: Allocate,
): Value {
  const parts = inputParts(grid, blocks, box, wanted);
  if (parts.length === 1) return parts[0].value;
  const out = wanted.fields.map((dtype) => allocate(dtype, box.shape));
  for (const { value, start } of parts) value.forEach((field, k) => copyInto(field, out[k], start));
  return out.map(fromBlock);
}

/** Dtypes of the fields that are wanted, and the number of the first one. */
export interface WantedFields {
  readonly fields: readonly Dtype[];
  readonly first: number;
}

/** The part of a box that one block holds; `start` counts from the start of the box. */
export interface InputPart {
  readonly start: readonly number[];
  readonly value: Value;
}

/** A box (not empty) of an input, block by block in C order; nothing is copied. @throws ArgumentError */
export function inputParts(
  grid: ChunkGrid,
  blocks: ReadonlyMap<number, readonly Block[]>,
  box: Box,
  wanted: WantedFields,
): InputPart[] {
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
  const parts: InputPart[] = [];
  const coords = [...first];
  for (;;) {
    const here = blockBox(grid, coords);
    const lo = here.start.map((start, axis) => Math.max(start, box.start[axis]));
    const shape = lo.map(
      (start, axis) =>
        Math.min(here.start[axis] + here.shape[axis], box.start[axis] + box.shape[axis]) - start,
    );
    const from = { start: lo.map((start, axis) => start - here.start[axis]), shape };
    parts.push({
      start: lo.map((start, axis) => start - box.start[axis]),
      value: fieldsAt(coords).map((block) => sliceBox(fromBlock(block), from)),
    });
    let axis = coords.length - 1;
    while (axis >= 0 && coords[axis] === last[axis]) {
      coords[axis] = first[axis];
      axis--;
    }
    if (axis < 0) return parts;
    coords[axis]++;
  }
}
