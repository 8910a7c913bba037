/**
 * Owns arrays of HDF5 files as sources. What describes them is at hand; what reads them is loaded with the first read:
 * who opens other formats doesn't wait for it.
 */
import type { Block } from "@hyperslab/core/block";
import type { AxisSelection } from "@hyperslab/core/box";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { checkSelection } from "../check-selection.js";
import type { ArrayInfo, ArraySource, ReadOptions, StoredChunks } from "../source.js";
import type { ReadableStore } from "../store.js";
import type { ChunkTable } from "./chunk-manifest.js";
import { type Hdf5Array, arrayFrom, describeArray } from "./hdf5-array.js";
import { storedChunksOf } from "./stored-chunks.js";

/** What reads blocks: `Hdf5Reader`. */
export interface BlocksReader {
  readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void>;
  /** Where the chunks of a chunked dataset are. */
  manifest(): Promise<ChunkTable>;
}

/** An array of an HDF5 file as a source. */
export class Hdf5Source implements ArraySource {
  readonly ref: SourceRef;
  readonly #store: ReadableStore;
  readonly #array: Hdf5Array;
  readonly #info: ArrayInfo;
  #reader: Promise<BlocksReader> | undefined;

  /**
   * @param ref what other processes open the array with; its `detail` is a `Hdf5Array`
   * @param reader of the same array, where there is one already
   * @throws FormatError for a reference that isn't one of ours
   */
  constructor(ref: SourceRef, store: ReadableStore, reader?: BlocksReader) {
    this.ref = ref;
    this.#store = store;
    this.#array = arrayFrom(ref);
    this.#info = describeArray(this.#array);
    this.#reader = reader && Promise.resolve(reader);
  }

  describe(): ArrayInfo {
    return this.#info;
  }

  storedChunks(): StoredChunks {
    return storedChunksOf(this.#array, this.ref.path, async () => (await this.#load()).manifest());
  }

  async readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void> {
    checkSelection(this.#info, selection, into, this.ref.path);
    await (await this.#load()).readBlock(selection, into, options);
  }

  #load(): Promise<BlocksReader> {
    this.#reader ??= import("./hdf5-reader.js").then(
      ({ Hdf5Reader }) => new Hdf5Reader(this.ref, this.#store),
    );
    return this.#reader;
  }
}
