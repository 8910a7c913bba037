/**
 * Owns reading chunks of a dataset into a block: from the manifest to bytes, through the filters that each chunk
 * went through, to its place. Knows no index and no structure of the file.
 */
import type { ChunkPipeline } from "@hyperslab/codecs/chunk-pipeline";
import type { Element } from "@hyperslab/codecs/element";
import { fromHdf5Filters } from "@hyperslab/codecs/hdf5-filters";
import { pipelineV2 } from "@hyperslab/codecs/pipeline";
import {
  type AxisSelection,
  boundsOfSelection,
  positions,
  selectionLength,
  slice,
} from "@hyperslab/core/box";
import { type ChunkGrid, blockIndex } from "@hyperslab/core/chunk-grid";
import { type BlockData, allocate } from "@hyperslab/core/dtype";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { type ChunkProjection, projectChunks } from "../chunk-projection.js";
import { Semaphore, forEachConcurrent } from "../concurrent.js";
import type { ReadOptions } from "../source.js";
import { type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { type AxisCopy, copyRegion } from "../strided-copy.js";
import {
  type ReadContext,
  axisCopies,
  fetchStored,
  placeChunk,
  placeInBlock,
  rawPlace,
} from "../zarr/zarr-chunk.js";
import type { ChunkPlace, ChunkTable } from "./chunk-manifest.js";
import { readContiguous } from "./contiguous-reader.js";
import { fillElements, fillOf } from "./fill-element.js";
import { dataOf } from "./known-files.js";
import type { Hdf5Array } from "./hdf5-array.js";
import type { Layout } from "./layout.js";

/** A chunk without filters from this length on is read in parts, where less than such a share of it is wanted. */
const LONG_CHUNK = 256 * 1024;
const FEW = 1 / 8;

/** Chunks of one read that are under way at once; where requests are dear, more: neighbours share one. */
const NEAR = 8;
const FAR = 64;

/** Reads chunks of one dataset. Inner axes of elements count as axes of the array. */
export class ChunkReader {
  readonly #array: Hdf5Array;
  readonly #layout: Extract<Layout, { kind: "chunked" }>;
  readonly #store: ReadableStore;
  readonly #element: Element;
  /** The chunk's shape, and as the array has it: inner axes at the end. */
  readonly #shape: Shape;
  readonly #inner: readonly number[];
  readonly #counts: readonly number[];
  readonly #pipelines: Map<number, ChunkPipeline> = new Map();

  /** @throws CodecError for filters that aren't known: better here than in the middle of a computation */
  constructor(array: Hdf5Array, layout: Extract<Layout, { kind: "chunked" }>, store: ReadableStore) {
    this.#array = array;
    this.#layout = layout;
    this.#store = store;
    this.#element = array.element.stored;
    this.#inner = (this.#element.inner ?? []).map(({ length }) => length);
    this.#shape = [...layout.chunks, ...this.#inner];
    this.#counts = array.extent.map((length, axis) => Math.ceil(length / layout.chunks[axis]));
    this.#pipeline(0);
  }

  /** @param data of the stored element's dtype, C order, in the selection's shape */
  async read(
    manifest: ChunkTable,
    grid: ChunkGrid,
    selection: readonly AxisSelection[],
    data: BlockData,
    options?: ReadOptions,
  ): Promise<void> {
    const store = this.#store;
    const limit = store.lasting ? FAR : NEAR;
    const context: ReadContext = {
      store,
      fill: 0,
      target: data,
      requests: new Semaphore(limit),
      indexes: undefined,
      signal: options?.signal,
      memory: options?.memory,
    };
    const strides = stridesOf(selection.map(selectionLength));
    // where answers come at once, a chunk is decoded while its bytes are still in the cache
    const width = (): number => (store.prompt ? 1 : limit);
    await forEachConcurrent(projectChunks(grid, selection), width, (projection) =>
      this.#readChunk(context, manifest, projection, strides),
    );
  }

  async #readChunk(
    context: ReadContext,
    manifest: ChunkTable,
    projection: ChunkProjection,
    strides: readonly number[],
  ): Promise<void> {
    const { key, extent, version } = this.#array;
    const rank = extent.length;
    const coords = projection.coords.slice(0, rank);
    const axes = axisCopies(projection, stridesOf(this.#shape), strides);
    const isInside = coords.every((at, axis) => at < this.#counts[axis]);
    const place = isInside ? manifest.find(blockIndex(this.#counts, coords)) : null;
    const within = this.#clip(coords, axes);
    if (!place || within !== axes) this.#fill(context.target, axes);
    if (!place || !within) return;
    const name = `${key}(${coords.join(", ")})`;
    checkCancelled(context.signal, `reading ${this.#store.label}${name}`);
    const isRaw =
      this.#layout.rawEdges && coords.some((at, axis) => (at + 1) * this.#layout.chunks[axis] > extent[axis]);
    if (this.#isWorthParts(isRaw, place, within)) {
      await this.#readParts(context, place.offset, within);
      return;
    }
    const pipeline = this.#pipeline(isRaw ? -1 : place.mask);
    const target = placeInBlock(context, pipeline, within);
    const stored = await fetchStored(
      context,
      pipeline.bestIn,
      (options) => dataOf(this.#store, key as StoreKey, version, place.offset, place.length, options),
      rawPlace(pipeline, target),
    );
    try {
      await placeChunk(context, name, pipeline, stored.bytes, within, target);
    } finally {
      stored.release();
    }
  }

  /** True for few elements of a long chunk that went through no filter: they can be read on their own. */
  #isWorthParts(isRaw: boolean, { length }: ChunkPlace, axes: readonly AxisCopy[]): boolean {
    if (length < LONG_CHUNK || (!isRaw && this.#array.filters.length > 0)) return false;
    const count = axes.reduce((product, { from }) => product * selectionLength(from), 1);
    return count * this.#element.size < length * FEW;
  }

  async #readParts(context: ReadContext, offset: number, axes: readonly AxisCopy[]): Promise<void> {
    const selection = axes.map(({ from }) => from);
    const shape = selection.map(selectionLength);
    const data = allocate(this.#element.dtype, sizeOf(shape));
    const options = context.signal ? { signal: context.signal } : {};
    await readContiguous(this.#array, offset, this.#layout.chunks, this.#store, selection, data, options);
    const strides = stridesOf(shape);
    const copies = axes.map((axis, i) => ({ ...axis, from: slice(0, shape[i]), fromStride: strides[i] }));
    copyRegion(data, context.target, copies);
  }

  /** The part of the copy that lies in the stored array, which may be shorter than its dimensions; null for nothing. */
  #clip(coords: readonly number[], axes: readonly AxisCopy[]): readonly AxisCopy[] | null {
    const { extent, shape } = this.#array;
    let clipped: AxisCopy[] | undefined;
    for (let axis = 0; axis < extent.length; axis++) {
      if (extent[axis] === shape[axis]) continue;
      const room = extent[axis] - coords[axis] * this.#layout.chunks[axis];
      const [, stop] = boundsOfSelection(axes[axis].from);
      if (stop <= room) continue;
      const kept = clipAxis(axes[axis], room);
      if (!kept) return null;
      clipped ??= [...axes];
      clipped[axis] = kept;
    }
    return clipped ?? axes;
  }

  /** The pipeline of chunks that went through all filters but those in `mask`; -1 leaves out all. */
  #pipeline(mask: number): ChunkPipeline {
    let pipeline = this.#pipelines.get(mask);
    if (!pipeline) {
      const filters = fromHdf5Filters(
        this.#array.filters,
        { size: this.#layout.elementBytes },
        mask === -1 ? 0xffffffff : mask,
      );
      pipeline = pipelineV2({
        element: this.#element,
        shape: this.#shape,
        order: "C",
        filters,
        compressor: null,
      });
      this.#pipelines.set(mask, pipeline);
    }
    return pipeline;
  }

  #fill(target: BlockData, axes: readonly AxisCopy[]): void {
    fillElements(fillOf(this.#array), target, axes, this.#inner);
  }
}

/** Those positions of a copy that lie before `room` in the source; null for none. */
function clipAxis(axis: AxisCopy, room: number): AxisCopy | null {
  const { from, to } = axis;
  const list = (one: AxisSelection): number[] =>
    one.kind === "slice"
      ? Array.from({ length: one.length }, (_, i) => one.start + i * one.step)
      : Array.from(one.positions);
  const [sources, targets] = [list(from), list(to)];
  const kept = sources.flatMap((at, i) => (at < room ? [i] : []));
  if (kept.length === 0) return null;
  const first = kept[0];
  const isRun = kept[kept.length - 1] - first === kept.length - 1;
  if (isRun && from.kind === "slice" && to.kind === "slice")
    return {
      ...axis,
      from: slice(sources[first], kept.length, from.step),
      to: slice(targets[first], kept.length, to.step),
    };
  return {
    ...axis,
    from: positions(kept.map((i) => sources[i])),
    to: positions(kept.map((i) => targets[i])),
  };
}
