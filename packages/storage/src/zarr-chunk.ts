/** Owns the last step of reading: one chunk's bytes into their place in a block. Knows no metadata and no grids. */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { BlockData } from "@hyperslab/core/dtype";
import { StorageError, isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { ChunkProjection } from "./chunk-projection.js";
import type { Semaphore } from "./concurrent.js";
import type { ShardIndexes } from "./shard-indexes.js";
import type { ReadableStore } from "./store.js";
import { type AxisCopy, contiguousTarget, copyRegion, fillRegion } from "./strided-copy.js";
import type { FillElement } from "./zarr-fill-value.js";

/** What the readers of chunks and shards share during one readBlock. */
export interface ReadContext {
  readonly store: ReadableStore;
  readonly fill: FillElement;
  readonly target: BlockData;
  readonly requests: Semaphore;
  /** The indexes of shards that were read before; absent where they might have changed since. */
  readonly indexes: ShardIndexes | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The axes of a projection as a copy from a chunk (strides `from`) into the block (strides `to`). */
export function axisCopies(
  projection: ChunkProjection,
  from: readonly number[],
  to: readonly number[],
): AxisCopy[] {
  return projection.axes.map((axis, i) => ({
    from: axis.from,
    to: axis.to,
    fromStride: from[i],
    toStride: to[i],
  }));
}

/** Decodes a chunk's bytes into its place in the block; absent ones are the fill value. */
export async function placeChunk(
  context: ReadContext,
  key: string,
  pipeline: ChunkPipeline,
  bytes: Uint8Array | undefined,
  axes: readonly AxisCopy[],
): Promise<void> {
  const { target, fill, store } = context;
  if (bytes === undefined) {
    fillRegion(fill, target, axes);
    return;
  }
  const size = sizeOf(pipeline.shape);
  const start = contiguousTarget(axes, size);
  try {
    if (start !== null && !Array.isArray(target)) {
      await pipeline.decode(bytes, key, target.subarray(start, start + size));
      return;
    }
    copyRegion(await pipeline.decode(bytes, key), target, axes);
  } catch (cause) {
    if (isHyperslabError(cause)) throw cause;
    throw new StorageError({
      path: `${store.label}${key}`,
      reason: `the chunk can't be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "the chunk is damaged: copy or write it again",
      cause,
    });
  }
}
