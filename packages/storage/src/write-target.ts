/** Owns writing a block to whatever a TargetRef names: what a task does with its result. */
import type { Block } from "@hyperslab/core/block";
import type { ChunkGrid } from "@hyperslab/core/chunk-grid";
import type { TargetRef } from "@hyperslab/core/source-ref";
import { unreachable } from "@hyperslab/core/unreachable";
import { type ZarrArray, storedGrid } from "./zarr/zarr-metadata.js";
import { writeZarrBlock } from "./zarr/zarr-write.js";

/** The grid of the chunks that a target is written in: its blocks have to be unions of these. Shards, where there are any. */
export function targetGrid(target: TargetRef): ChunkGrid {
  switch (target.format) {
    case "zarr":
      return storedGrid(target.detail as ZarrArray);
    default:
      return unreachable(target.format);
  }
}

/**
 * Writes `block` at `start` of the target, whole chunks of it.
 * @throws ShapeError for a block that doesn't cover whole chunks, StorageError, CodecError, CancelledError
 */
export function writeTarget(
  target: TargetRef,
  start: readonly number[],
  block: Block,
  options?: { signal?: AbortSignal },
): Promise<void> {
  switch (target.format) {
    case "zarr":
      return writeZarrBlock(target, start, block, options);
    default:
      return unreachable(target.format);
  }
}
