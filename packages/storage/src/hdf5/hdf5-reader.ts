/**
 * Owns reading blocks of arrays of HDF5 files, by way of the layout. The chunk index is read when the first block is,
 * once for each process, from the file or from the cache of manifests.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import {
  type AxisSelection,
  boundsOfSelection,
  positions,
  selectionLength,
  slice,
} from "@hyperslab/core/box";
import { DtypeError, FormatError } from "@hyperslab/core/errors";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import type { ReadOptions } from "../source.js";
import { type GetOptions, type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import { copyRegion } from "../strided-copy.js";
import { readTexts } from "./attribute-value.js";
import { readChunkIndex } from "./chunk-index.js";
import { type ChunkTable, columnsOf, tableOf } from "./chunk-manifest.js";
import { ChunkReader } from "./chunk-reader.js";
import { readContiguous } from "./contiguous-reader.js";
import { damaged } from "./cursor.js";
import { fieldsOf, finishElements } from "./element-type.js";
import { fillElements, fillOf } from "./fill-element.js";
import { GlobalHeaps } from "./global-heap.js";
import { type Hdf5Array, arrayFrom, arrayOf, describeArray, storedGrid } from "./hdf5-array.js";
import type { Hdf5File } from "./hdf5-file.js";
import { readCache, writeCache } from "./manifest-cache.js";
import { reopenFile } from "./open-files.js";
import { type VirtualMapping, expandMappings, readVirtualLayout } from "./virtual-layout.js";
import { type VirtualSource, openVirtualSource, readVirtual } from "./virtual-reader.js";

/** Chunks up to which an index is read from the file each time. */
const SHORT_INDEX = 2048;

/** Virtual datasets of virtual datasets. */
const DEEPEST = 8;

/** Reads one array. */
export class Hdf5Reader {
  readonly #ref: SourceRef;
  readonly #array: Hdf5Array;
  readonly #store: ReadableStore;
  readonly #chunks: ChunkReader | undefined;
  /** How many virtual datasets this one is the source of. */
  readonly #depth: number;
  readonly #sources: Map<VirtualMapping, Promise<VirtualSource | undefined>> = new Map();
  #mappings: Promise<VirtualMapping[]> | undefined;
  #manifest: Promise<ChunkTable> | undefined;

  /** @throws CodecError for filters that aren't known, FormatError for a reference that isn't one of ours */
  constructor(ref: SourceRef, store: ReadableStore, depth = 0) {
    this.#ref = ref;
    this.#depth = depth;
    this.#array = arrayFrom(ref);
    this.#store = store;
    const { layout } = this.#array;
    if (layout.kind === "chunked") this.#chunks = new ChunkReader(this.#array, layout, store);
  }

  /** @param into a block that fits the selection, which is within the array */
  async readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void> {
    if (into.data.length === 0) return;
    const { element } = this.#array;
    if (element.isReference) {
      const width = (element.stored.inner ?? []).at(-1)?.length ?? 0;
      const references = allocateBlock("uint8", [...into.shape, width]);
      await this.#read([...selection, slice(0, width)], references, options);
      const file = await this.#file();
      const texts = await readTexts(
        file,
        new GlobalHeaps(file.with(signalOf(options))),
        references.data as Uint8Array,
      );
      texts.forEach((text, i) => ((into.data as string[])[i] = text));
      return;
    }
    await this.#read(selection, into, options);
    finishElements(into.data, element);
  }

  /** Stored elements, as they are. */
  async #read(
    selection: readonly AxisSelection[],
    into: Block,
    options: ReadOptions | undefined,
  ): Promise<void> {
    const { layout, superblock } = this.#array;
    switch (layout.kind) {
      case "chunked":
        await this.#chunks?.read(
          await this.manifest(),
          storedGrid(this.#array),
          selection,
          into.data,
          options,
        );
        return;
      case "contiguous":
        if (layout.address === null) this.#fillAll(selection, into);
        else
          await readContiguous(
            this.#array,
            superblock.base + layout.address,
            this.#array.extent,
            this.#store,
            selection,
            into.data,
            options,
          );
        return;
      case "virtual": {
        this.#fillAll(selection, into);
        const rank = this.#array.shape.length;
        const mappings = await (this.#mappings ??= this.#readMappings());
        const open = (mapping: VirtualMapping): Promise<VirtualSource | undefined> => this.#sourceOf(mapping);
        await readVirtual(
          mappings,
          this.#array.shape,
          open,
          selection.slice(0, rank),
          selection.slice(rank),
          into,
          this.#ref.path,
          options,
        );
        return;
      }
      case "library":
        await this.#readByLibrary(layout.path, selection, into, options);
    }
  }

  /** The library reads boxes: what is selected of one is picked afterwards. */
  async #readByLibrary(
    dataset: string,
    selection: readonly AxisSelection[],
    into: Block,
    options: ReadOptions | undefined,
  ): Promise<void> {
    const { localPath, readByLibrary } = await import("./h5wasm.js");
    const path = localPath(this.#store, this.#array.key as StoreKey);
    if (path === undefined)
      throw new FormatError({
        path: this.#ref.path,
        format: "HDF5",
        reason: "only HDF5's own library can read it, and that needs a file of this machine",
        hint: "download the file first",
      });
    checkCancelled(options?.signal, `reading ${path}`);
    const bounds = selection.map(boundsOfSelection);
    const shape = bounds.map(([lo, hi]) => hi - lo);
    const start = bounds.map(([lo]) => lo);
    const data = await readByLibrary(path, dataset, start, shape);
    const from = stridesOf(shape);
    const to = stridesOf(into.shape);
    copyRegion(
      data,
      into.data,
      selection.map((one, axis) => ({
        from: shifted(one, -start[axis]),
        to: slice(0, selectionLength(one)),
        fromStride: from[axis],
        toStride: to[axis],
      })),
    );
  }

  async #readMappings(): Promise<VirtualMapping[]> {
    const { layout, shape } = this.#array;
    if (layout.kind !== "virtual") return [];
    return expandMappings(await readVirtualLayout(await this.#file(), layout), shape);
  }

  /** The source of a virtual dataset; undefined where it isn't there. */
  #sourceOf(mapping: VirtualMapping): Promise<VirtualSource | undefined> {
    let source = this.#sources.get(mapping);
    if (!source) this.#sources.set(mapping, (source = this.#openSource(mapping)));
    return source;
  }

  async #openSource(mapping: VirtualMapping): Promise<VirtualSource | undefined> {
    if (this.#depth >= DEEPEST)
      throw damaged(this.#ref.path, 0, "virtual datasets that are made of each other");
    const dataset = await openVirtualSource(await this.#file(), mapping);
    if (!dataset) return undefined;
    const fields = fieldsOf(dataset.type, dataset.file.offsetSize);
    const field = fields.find(({ path }) => path === this.#array.element.path) ?? fields[0];
    if (field.element instanceof DtypeError) throw field.element;
    const { shape } = dataset.space;
    const dims = shape.map((_, axis) => `axis${axis}`);
    const detail = arrayOf(dataset, field.element, {
      name: mapping.dataset,
      shape,
      dims,
      attributes: {},
      attributeDtypes: {},
    });
    const ref: SourceRef = { ...this.#ref, path: mapping.dataset, detail };
    const { dtype, shape: seen } = describeArray(detail);
    const reader = new Hdf5Reader(ref, this.#store, this.#depth + 1);
    return { dtype, shape: seen, readBlock: (...args) => reader.readBlock(...args) };
  }

  #fillAll(selection: readonly AxisSelection[], into: Block): void {
    const inner = (this.#array.element.stored.inner ?? []).map(({ length }) => length);
    let stride = sizeOf(into.shape);
    const axes = into.shape.map((length, axis) => {
      stride /= Math.max(1, length);
      return { from: selection[axis], to: slice(0, length), fromStride: 0, toStride: stride };
    });
    fillElements(fillOf(this.#array), into.data, axes, inner);
  }

  /** Where the chunks are. @throws StorageError, FormatError */
  manifest(): Promise<ChunkTable> {
    this.#manifest ??= this.#readManifest();
    this.#manifest.catch(() => (this.#manifest = undefined));
    return this.#manifest;
  }

  async #readManifest(): Promise<ChunkTable> {
    const { layout, extent, maxShape, key, version } = this.#array;
    if (layout.kind !== "chunked") throw new TypeError("only chunked datasets have a manifest");
    const count = extent.reduce((total, length, axis) => total * Math.ceil(length / layout.chunks[axis]), 1);
    // where requests are cheap, a short index is read faster than the cache
    const isKept = this.#store.lasting === true || count > SHORT_INDEX;
    const name = `chunks ${layout.index.kind} ${layout.index.address} (${extent.join()})`;
    if (isKept) {
      const kept = await readCache(this.#store, key as StoreKey, version, name);
      const table = kept && tableOf(kept.columns);
      if (table) return table;
    }
    const manifest = await readChunkIndex(await this.#file(), { layout, shape: extent, maxShape });
    if (isKept)
      writeCache(this.#store, key as StoreKey, version, name, { json: null, columns: columnsOf(manifest) });
    return manifest;
  }

  #file(): Promise<Hdf5File> {
    const { key, version, superblock } = this.#array;
    return reopenFile(this.#store, key as StoreKey, version, superblock);
  }
}

function shifted(selection: AxisSelection, by: number): AxisSelection {
  return selection.kind === "slice"
    ? { ...selection, start: selection.start + by }
    : positions(selection.positions.map((at) => at + by));
}

function signalOf(options: ReadOptions | undefined): GetOptions | undefined {
  return options?.signal ? { signal: options.signal } : undefined;
}
