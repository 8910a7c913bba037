/**
 * Owns reading from shards: the index first, then only the inner chunks that are needed, neighbours in one
 * request. Knows no metadata.
 */
import type { ChunkPipeline, ShardIndex, ShardLayout } from "@hyperslab/codecs/chunk-pipeline";
import { type ChunkGrid, blockIndex, regularGrid } from "@hyperslab/core/chunk-grid";
import { StorageError } from "@hyperslab/core/errors";
import { stridesOf } from "@hyperslab/core/shape";
import { composeSelections } from "@hyperslab/core/box";
import { type ChunkProjection, projectChunks } from "./chunk-projection.js";
import { forEachConcurrent } from "./concurrent.js";
import type { StoreKey } from "./store.js";
import { type ReadContext, axisCopies, placeChunk } from "./zarr-chunk.js";

/** Inner chunks with at most so many bytes between them are fetched together. */
const GAP = 32 * 1024;

/** … unless that makes one request longer than this. */
const LONGEST = 16 * 2 ** 20;

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
  const read = (): Promise<ShardIndex | undefined> => readIndex(context, key, shard);
  const index = await (context.indexes?.get(key, shard.total, read) ?? read());
  const grid: ChunkGrid = regularGrid(pipeline.shape, shard.inner.shape);
  const from = stridesOf(shard.inner.shape);
  const place = (inner: ChunkProjection, bytes: Uint8Array | undefined, name: string): Promise<void> =>
    placeChunk(context, name, shard.inner, bytes, axisCopies(inner, from, strides));
  const pieces: Piece[] = [];
  for (const part of projectChunks(
    grid,
    projection.axes.map((axis) => axis.from),
  )) {
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
  await forEachConcurrent(fetchesOf(pieces), 8, async (fetch) => {
    const { store, requests, signal } = context;
    const range = { offset: fetch.offset, length: fetch.end - fetch.offset };
    const bytes = await requests.run(() => store.getRange(key, range, { signal }));
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
  });
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
