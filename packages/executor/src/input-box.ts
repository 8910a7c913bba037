/**
 * Owns reading a box of an earlier stage out of the blocks that a task was handed: a view where one
 * block holds it, else one copy from each.
 */
import type { Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import {
  type ChunkAxis,
  type ChunkGrid,
  blockBox,
  blockCounts,
  blockIndex,
  chunkOf,
} from "@hyperslab/core/chunk-grid";
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
  const line = grid.length === 1 && readLine(grid[0], blocks, box, wanted, allocate);
  if (line) return line;
  const parts = inputParts(grid, blocks, box, wanted);
  if (parts.length === 1) return parts[0].value;
  const out = wanted.fields.map((dtype) => allocate(dtype, box.shape));
  for (const { value, start } of parts) value.forEach((field, k) => copyInto(field, out[k], start));
  return out.map(fromBlock);
}

/** A box of one axis over several equal blocks of numbers; null where it is not such a box, or a block is missing. */
function readLine(
  axis: ChunkAxis,
  blocks: ReadonlyMap<number, readonly Block[]>,
  { start: [start], shape: [length] }: Box,
  { fields, first }: WantedFields,
  allocate: Allocate,
): Value | null {
  if (axis.kind !== "regular" || length <= axis.chunk || fields.includes("string")) return null;
  const out = fields.map((dtype) => allocate(dtype, [length]));
  for (let at = 0; at < length;) {
    const number = Math.floor((start + at) / axis.chunk);
    const from = start + at - number * axis.chunk;
    const count = Math.min(axis.chunk - from, length - at);
    const found = blocks.get(number);
    if (!found) return null;
    for (let k = 0; k < out.length; k++) {
      const into = out[k].data;
      const { data } = found[first + k];
      if (Array.isArray(into) || Array.isArray(data)) return null;
      if (count === 1) into[at] = data[from];
      else
        into.set(
          (from === 0 && count === data.length ? data : data.subarray(from, from + count)) as never,
          at,
        );
    }
    at += count;
  }
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
