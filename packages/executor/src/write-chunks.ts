/**
 * Owns the writing of a step's argument: one whole chunk of the target at a time, so that no chunk
 * is ever read back. Knows no formats.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { type ChunkGrid, blockBox, blockCoords } from "@hyperslab/core/chunk-grid";
import { sizeOf } from "@hyperslab/core/shape";
import { type Value, fromBlock, sliceBox, toBlock } from "./strided.js";

/** Chunks of one task that are written at once. */
const WRITES_AT_ONCE = 4;

/**
 * Writes the chunks `box` of `grid`.
 * @param argument what the chunks hold; it starts where the first of them does
 * @returns true for each chunk, once all are written
 */
export async function writeChunks(
  grid: ChunkGrid,
  box: Box,
  argument: Value | null,
  write: (start: readonly number[], chunk: Block) => Promise<void>,
): Promise<Value> {
  const done = allocateBlock("bool", box.shape);
  if (!argument) return [fromBlock(done)];
  const origin = blockBox(grid, box.start).start;
  let next = 0;
  let failure: { error: unknown } | null = null;
  const writeSome = async (): Promise<void> => {
    while (next < done.data.length && !failure) {
      const index = next++;
      const coords = blockCoords(box.shape, index).map((at, axis) => at + box.start[axis]);
      const { start, shape } = blockBox(grid, coords);
      if (sizeOf(shape) > 0) {
        const part = { start: start.map((at, axis) => at - origin[axis]), shape };
        await write(start, toBlock(sliceBox(argument[0], part))).catch((error: unknown) => {
          failure ??= { error };
        });
      }
      done.data[index] = 1;
    }
  };
  // all writes end before the first failure is told: the memory they read may be used again then
  await Promise.all(Array.from({ length: Math.min(WRITES_AT_ONCE, done.data.length) }, writeSome));
  throwFailure(failure);
  return [fromBlock(done)];
}

function throwFailure(failure: { error: unknown } | null): void {
  if (failure) throw failure.error;
}
