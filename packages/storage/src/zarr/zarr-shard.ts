/**
 * Owns reading from shards: the index first, then only the inner chunks that are needed, neighbours in one
 * request; or the whole shard at once, where most of it is needed. Knows no metadata.
 */
import type { ChunkPipeline, ShardIndex, ShardLayout } from "@hyperslab/codecs/chunk-pipeline";
import { type ChunkGrid, blockIndex, regularGrid } from "@hyperslab/core/chunk-grid";
import { itemSize } from "@hyperslab/core/dtype";
import { StorageError } from "@hyperslab/core/errors";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { composeSelections } from "@hyperslab/core/box";
import { type ChunkProjection, projectChunks } from "../chunk-projection.js";
import { forEachConcurrent } from "../concurrent.js";
import { type StoreKey, sliceRange } from "../store.js";
import { type ReadContext, type StoredBytes, axisCopies, fetchStored, placeChunk } from "./zarr-chunk.js";

/** Inner chunks with at most so many bytes between them are fetched together. */
const GAP = 32 * 1024;

/** … unless that makes one request longer than this. */
const LONGEST = 16 * 2 ** 20;

/** Requests of one shard that are under way at once. */
const FETCHES = 8;

/** Inner chunks that are fetched with one request. */
interface Fetch {
  readonly offset: number;
  end: number;
  readonly pieces: Piece[];
}

interface Piece {
  readonly number: number;
  readonly projection: ChunkProjection;
  readonly offset: number;
  readonly length: number;
}

/** Copies what `projection` takes of a shard into the block. */
export async function readShard(
  context: ReadContext,
  key: StoreKey,
  pipeline: ChunkPipeline,
  shard: ShardLayout,
  projection: ChunkProjection,
  strides: readonly number[],
): Promise<void> {
  const grid: ChunkGrid = regularGrid(pipeline.shape, shard.inner.shape);
  const from = stridesOf(shard.inner.shape);
  const parts = [
    ...projectChunks(
      grid,
      projection.axes.map((axis) => axis.from),
    ),
  ];
  const { store } = context;
  const { bestIn } = shard.inner;
  let whole: StoredBytes | undefined;
  const read = async (): Promise<ShardIndex | undefined> => {
    if (!isMost(parts.length, pipeline, shard)) return readIndex(context, key, shard);
    whole = await fetchStored(context, bestIn, (options) => store.get(key, options));
    return whole.bytes && indexWithin(whole.bytes, key, shard);
  };
  const index = await (context.indexes?.get(key, shard.total, read) ?? read());
  const place = (inner: ChunkProjection, bytes: Uint8Array | undefined, name: string): Promise<void> =>
    placeChunk(context, name, shard.inner, bytes, axisCopies(inner, from, strides));
  const pieces: Piece[] = [];
  for (const part of parts) {
    const number = blockIndex(shard.counts, part.coords);
    const inner: ChunkProjection = {
      coords: part.coords,
      axes: part.axes.map((axis, i) => ({
        ...axis,
        to: composeSelections(projection.axes[i].to, axis.to),
      })),
    };
    const range = index?.range(number);
    if (range) pieces.push({ number, projection: inner, ...range });
    else await place(inner, undefined, key);
  }
  const take = async (fetch: Fetch): Promise<void> => {
    const range = { offset: fetch.offset, length: fetch.end - fetch.offset };
    const stored = whole?.bytes
      ? { bytes: sliceRange(`${store.label}${key}`, whole.bytes, range), release: () => undefined }
      : await fetchStored(context, bestIn, (options) => store.getRange(key, range, options));
    try {
      const { bytes } = stored;
      if (!bytes)
        throw new StorageError({
          path: `${store.label}${key}`,
          reason: "the shard was removed while it was read",
          ...range,
        });
      for (const { number, projection: inner, offset, length } of fetch.pieces)
        await place(
          inner,
          bytes.subarray(offset - fetch.offset, offset - fetch.offset + length),
          `${key}[${number}]`,
        );
    } finally {
      stored.release();
    }
  };
  try {
    await forEachConcurrent(fetchesOf(pieces), () => (store.prompt ? 1 : FETCHES), take);
  } finally {
    whole?.release();
  }
}

/** True where reading all of a shard in one request is cheaper than its index and then the parts that are wanted. */
function isMost(wanted: number, pipeline: ChunkPipeline, shard: ShardLayout): boolean {
  return 2 * wanted >= shard.total && sizeOf(pipeline.shape) * itemSize(pipeline.dtype) <= LONGEST;
}

function indexWithin(
  whole: Uint8Array,
  key: StoreKey,
  { indexBytes, indexLocation, decodeIndex }: ShardLayout,
): ShardIndex | Promise<ShardIndex> {
  const start = indexLocation === "start" ? 0 : Math.max(0, whole.length - indexBytes);
  // of its own: it outlives the shard's bytes
  return decodeIndex(whole.slice(start, start + indexBytes), key);
}

/** The index of a shard; undefined where the shard was never written. */
async function readIndex(
  { store, requests, signal }: ReadContext,
  key: StoreKey,
  shard: ShardLayout,
): Promise<ShardIndex | undefined> {
  const range =
    shard.indexLocation === "end"
      ? { suffixLength: shard.indexBytes }
      : { offset: 0, length: shard.indexBytes };
  const bytes = await requests.run(() => store.getRange(key, range, { signal }));
  return bytes && shard.decodeIndex(bytes, key);
}

function fetchesOf(pieces: readonly Piece[]): Fetch[] {
  const fetches: Fetch[] = [];
  for (const piece of [...pieces].sort((a, b) => a.offset - b.offset)) {
    const end = piece.offset + piece.length;
    const last = fetches.at(-1);
    if (last && piece.offset - last.end <= GAP && end - last.offset <= LONGEST) {
      last.end = Math.max(last.end, end);
      last.pieces.push(piece);
    } else fetches.push({ offset: piece.offset, end, pieces: [piece] });
  }
  return fetches;
}
