/**
 * Owns reading from Zarr arrays: which chunks a block needs, fetching a few at a time, decoding (straight into the
 * block where a chunk lies in it whole), and copying. Knows metadata only in their normal form.
 */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { Block } from "@hyperslab/core/block";
import type { AxisSelection } from "@hyperslab/core/box";
import type { ChunkGrid } from "@hyperslab/core/chunk-grid";
import { type Dtype, asDtype } from "@hyperslab/core/dtype";
import { sizeOf, stridesOf, type Shape } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { checkSelection } from "../check-selection.js";
import { type ChunkProjection, projectChunks } from "../chunk-projection.js";
import { spansOf } from "../chunk-spans.js";
import { Semaphore, forEachConcurrent } from "../concurrent.js";
import { fetchParts } from "../read-parts.js";
import { ShardIndexes } from "../shard-indexes.js";
import type { ArrayInfo, ArraySource, ReadOptions, StoredChunks } from "../source.js";
import { type ReadableStore, checkCancelled, isWritable } from "../store.js";
import {
  type ReadContext,
  axisCopies,
  fetchStored,
  placeChunk,
  placeInBlock,
  rawPlace,
} from "./zarr-chunk.js";
import { type FillElement, fillElement } from "./zarr-fill-value.js";
import { type ZarrArray, chunkKey, describeZarr, storedChunkShape, storedGrid } from "./zarr-metadata.js";
import { pipelinesOf } from "./zarr-pipeline.js";
import { readShard } from "./zarr-shard.js";
import { zarrStoredChunks } from "./zarr-stored-chunks.js";

/** Requests of one readBlock that are under way at once; more where what lasts is far away, as it mostly is. */
const NEAR = 8;
const FAR = 32;

/** A Zarr array as a source. */
export class ZarrSource implements ArraySource {
  readonly ref: SourceRef;
  readonly #array: ZarrArray;
  readonly #store: ReadableStore;
  readonly #dtype: Dtype;
  readonly #grid: ChunkGrid;
  readonly #fill: FillElement;
  readonly #pipeline: (shape: Shape) => ChunkPipeline;
  readonly #indexes: ShardIndexes | undefined;
  #info: ArrayInfo | undefined;

  /**
   * @param ref what other processes open the array with; its `detail` is a {@link ZarrArray}
   * @throws CodecError for codecs that aren't known: better here than in the middle of a computation
   */
  constructor(ref: SourceRef, store: ReadableStore) {
    const array = ref.detail as ZarrArray;
    this.ref = ref;
    this.#array = array;
    this.#store = store;
    // what can be written here is also overwritten here, perhaps by another thread
    this.#indexes = store.lasting && !isWritable(store) ? new ShardIndexes() : undefined;
    this.#dtype = asDtype(array.dtype);
    this.#grid = storedGrid(array);
    this.#fill = fillElement(array.fill, this.#dtype);
    this.#pipeline = pipelinesOf(array);
    this.#pipeline(storedChunkShape(array, new Array<number>(array.shape.length).fill(0)));
  }

  describe(): ArrayInfo {
    return (this.#info ??= describeZarr(this.#array));
  }

  storedChunks(): StoredChunks {
    return zarrStoredChunks(this.#array, this.ref.path, this.#store);
  }

  async readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void> {
    checkSelection({ dtype: this.#dtype, shape: this.#array.shape }, selection, into, this.ref.path);
    const requests = this.#store.lasting ? FAR : NEAR;
    const context: ReadContext = {
      store: this.#store,
      fill: this.#fill,
      target: into.data,
      requests: new Semaphore(requests),
      indexes: this.#indexes,
      signal: options?.signal,
      memory: options?.memory,
    };
    const strides = stridesOf(into.shape);
    // where answers come at once, a chunk is decoded while its bytes are still in the cache
    const width = (): number => (this.#store.prompt ? 1 : requests);
    await forEachConcurrent(projectChunks(this.#grid, selection), width, (projection) =>
      this.#readChunk(context, projection, strides),
    );
  }

  async #readChunk(
    context: ReadContext,
    projection: ChunkProjection,
    strides: readonly number[],
  ): Promise<void> {
    const { signal, store } = context;
    const key = chunkKey(this.#array, this.ref.path, projection.coords);
    checkCancelled(signal, `reading ${store.label}${key}`);
    const shape = storedChunkShape(this.#array, projection.coords);
    const axes = axisCopies(projection, stridesOf(shape), strides);
    const pipeline = this.#pipeline(shape);
    if (pipeline.shard) {
      await readShard(context, key, pipeline, pipeline.shard, projection, strides);
      return;
    }
    const place = placeInBlock(context, pipeline, axes);
    const raw = rawPlace(pipeline, place);
    const wanted = place ? undefined : spansOf(axes, sizeOf(shape));
    const stored =
      (await fetchParts(context, key, pipeline, wanted)) ??
      (await fetchStored(context, pipeline.bestIn, (options) => store.get(key, options), raw));
    try {
      await placeChunk(context, key, pipeline, stored.bytes, axes, place);
    } finally {
      stored.release();
    }
  }
}
