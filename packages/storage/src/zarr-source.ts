/**
 * Owns reading from Zarr arrays: which chunks a block needs, fetching a few at a time, decoding (straight into the
 * block where a chunk lies in it whole), and copying. Knows metadata only in their normal form.
 */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, selectionLength } from "@hyperslab/core/box";
import type { ChunkGrid } from "@hyperslab/core/chunk-grid";
import { type Dtype, asDtype } from "@hyperslab/core/dtype";
import { ShapeError } from "@hyperslab/core/errors";
import { sameShape, sizeOf, stridesOf, type Shape } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { type ChunkProjection, projectChunks } from "./chunk-projection.js";
import { Semaphore, forEachConcurrent } from "./concurrent.js";
import { ShardIndexes } from "./shard-indexes.js";
import type { ArrayInfo, ArraySource } from "./source.js";
import { type ReadableStore, checkCancelled } from "./store.js";
import { type ReadContext, axisCopies, placeChunk } from "./zarr-chunk.js";
import { type FillElement, fillElement } from "./zarr-fill-value.js";
import { type ZarrArray, chunkKey, describeZarr, storedChunkShape, storedGrid } from "./zarr-metadata.js";
import { pipelinesOf } from "./zarr-pipeline.js";
import { readShard } from "./zarr-shard.js";

/** Requests of one readBlock that are under way at once. */
const REQUESTS = 8;

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
    this.#indexes = store.lasting ? new ShardIndexes() : undefined;
    this.#dtype = asDtype(array.dtype);
    this.#grid = storedGrid(array);
    this.#fill = fillElement(array.fill, this.#dtype);
    this.#pipeline = pipelinesOf(array);
    this.#pipeline(storedChunkShape(array, new Array<number>(array.shape.length).fill(0)));
  }

  describe(): ArrayInfo {
    return (this.#info ??= describeZarr(this.#array));
  }

  async readBlock(
    selection: readonly AxisSelection[],
    into: Block,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    checkTarget(this.#dtype, selection, into, this.ref.path);
    const context: ReadContext = {
      store: this.#store,
      fill: this.#fill,
      target: into.data,
      requests: new Semaphore(REQUESTS),
      indexes: this.#indexes,
      signal: options?.signal,
    };
    const strides = stridesOf(into.shape);
    await forEachConcurrent(projectChunks(this.#grid, selection), REQUESTS, (projection) =>
      this.#readChunk(context, projection, strides),
    );
  }

  async #readChunk(
    context: ReadContext,
    projection: ChunkProjection,
    strides: readonly number[],
  ): Promise<void> {
    const { signal, store, requests } = context;
    const key = chunkKey(this.#array, this.ref.path, projection.coords);
    checkCancelled(signal, `reading ${store.label}${key}`);
    const shape = storedChunkShape(this.#array, projection.coords);
    const axes = axisCopies(projection, stridesOf(shape), strides);
    const pipeline = this.#pipeline(shape);
    if (pipeline.shard) {
      await readShard(context, key, pipeline, pipeline.shard, projection, strides);
      return;
    }
    const bytes = await requests.run(() => store.get(key, { signal }));
    await placeChunk(context, key, pipeline, bytes, axes);
  }
}

function checkTarget(dtype: Dtype, selection: readonly AxisSelection[], into: Block, path: string): void {
  const shape = selection.map(selectionLength);
  if (into.dtype !== dtype || !sameShape(shape, into.shape) || into.data.length !== sizeOf(shape))
    throw new ShapeError({
      asked: `reading ${dtype} (${shape.join(", ")}) of ${path}`,
      found: `a block of ${into.dtype} (${into.shape.join(", ")}) with ${into.data.length} elements`,
    });
}
