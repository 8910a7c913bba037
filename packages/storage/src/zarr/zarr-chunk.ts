/** Owns the last step of reading: one chunk's bytes into their place in a block. Knows no metadata and no grids. */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import { type BlockData, itemSize, viewOf } from "@hyperslab/core/dtype";
import { StorageError, isHyperslabError } from "@hyperslab/core/errors";
import { sizeOf } from "@hyperslab/core/shape";
import type { ChunkProjection } from "../chunk-projection.js";
import type { Semaphore } from "../concurrent.js";
import type { ShardIndexes } from "../shard-indexes.js";
import type { ReadMemory } from "../source.js";
import type { GetOptions, ReadableStore } from "../store.js";
import { type AxisCopy, contiguousTarget, copyRegion, fillRegion } from "../strided-copy.js";
import { spansOf } from "../chunk-spans.js";
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
  /** Memory for stored bytes, and for chunks of which only parts are wanted. */
  readonly memory: ReadMemory | undefined;
}

/** Bytes as a store gave them, perhaps in memory that was lent for them. */
export interface StoredBytes {
  readonly bytes: Uint8Array | undefined;
  /** Gives the memory back. The bytes can't be used any more. */
  release(): void;
}

/**
 * Gets stored bytes, and has them put where they are decoded best.
 * @param place the elements' own place, where that is all they will be
 */
export async function fetchStored(
  { requests, memory, signal }: ReadContext,
  bestIn: ChunkPipeline["bestIn"],
  get: (options: GetOptions) => Promise<Uint8Array | undefined>,
  place: Uint8Array | null = null,
): Promise<StoredBytes> {
  // a store may ask for a header first
  const lent: Uint8Array[] = [];
  const release = (): void => {
    for (const bytes of lent.splice(0)) memory?.give(bytes);
  };
  const where = (length: number): Uint8Array | null => {
    if (place?.length === length) return place;
    if (!memory) return null;
    const bytes = memory.take(length, bestIn !== "plain");
    lent.push(bytes);
    return bytes;
  };
  try {
    const bytes = await requests.run(() => get({ ...(signal ? { signal } : {}), memory: where }));
    return { bytes, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The place in the block that a chunk takes as a whole; null where it doesn't. */
export function placeInBlock(
  { target }: ReadContext,
  { shape }: ChunkPipeline,
  axes: readonly AxisCopy[],
): Exclude<BlockData, string[]> | null {
  const size = sizeOf(shape);
  const start = Array.isArray(target) ? null : contiguousTarget(axes, size);
  return start === null || Array.isArray(target) ? null : target.subarray(start, start + size);
}

/** The bytes of a chunk's place, where stored bytes may be read right there. */
export function rawPlace(
  { bestIn }: ChunkPipeline,
  place: Exclude<BlockData, string[]> | null,
): Uint8Array | null {
  if (bestIn !== "out" || !place) return null;
  return new Uint8Array(place.buffer, place.byteOffset, place.byteLength);
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
  place: Exclude<BlockData, string[]> | null = placeInBlock(context, pipeline, axes),
): Promise<void> {
  const { target, fill, store, memory } = context;
  if (bytes === undefined) {
    fillRegion(fill, target, axes);
    return;
  }
  let lent: Uint8Array | undefined;
  try {
    if (place) {
      await pipeline.decode(bytes, key, place);
      return;
    }
    const { dtype } = pipeline;
    const size = sizeOf(pipeline.shape);
    // elements that stand in the stored bytes as they are have their place there
    if (memory && dtype !== "string" && pipeline.bestIn !== "out" && size > 0)
      lent = memory.take(size * itemSize(dtype), pipeline.bestIn === "attached");
    const out = lent && dtype !== "string" ? viewOf(dtype, lent.buffer, lent.byteOffset, size) : undefined;
    copyRegion(await pipeline.decode(bytes, key, out, spansOf(axes, size)), target, axes);
  } catch (cause) {
    if (isHyperslabError(cause)) throw cause;
    throw new StorageError({
      path: `${store.label}${key}`,
      reason: `the chunk can't be decoded: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "the chunk is damaged: copy or write it again",
      cause,
    });
  } finally {
    if (lent) memory?.give(lent);
  }
}
