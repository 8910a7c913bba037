/** Owns the contract of stored arrays: what every format gives, whatever store it lies in. */
import type { Block } from "@hyperslab/core/block";
import type { AxisSelection } from "@hyperslab/core/box";
import type { ChunkGrid } from "@hyperslab/core/chunk-grid";
import type { Dtype } from "@hyperslab/core/dtype";
import type { Shape } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";

/** An attribute as stored: JSON scalars and lists; int64 beyond 2^53 is a bigint. */
export type Attribute =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Attribute[]
  | { readonly [key: string]: Attribute };
export type Attributes = Readonly<Record<string, Attribute>>;

/** What is known of a stored array without reading its data. */
export interface ArrayInfo {
  /** As stored: not yet masked, scaled or decoded as time. */
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly grid: ChunkGrid;
  readonly dims: readonly string[];
  readonly attributes: Attributes;
  /** Facts for people and for `encoding`: codecs, fill value, byte order. */
  readonly encoding: Readonly<Record<string, Attribute>>;
  /** Bytes the array takes where it is stored, where cheaply known. */
  readonly storedBytes?: number;
}

/** Memory that a reader may use while it reads: for bytes as they are stored, and for parts of blocks. */
export interface ReadMemory {
  /**
   * So many bytes; what stands in them is undefined.
   * @param attached where codecs use them in place (`@hyperslab/codecs/wasm-memory`), if there is room;
   *   else in memory that no other thread sees, which is all that zlib takes
   */
  take(length: number, attached: boolean): Uint8Array;
  /** Gives back what `take` gave. Nobody may still read or write it. */
  give(bytes: Uint8Array): void;
}

export interface ReadOptions {
  signal?: AbortSignal;
  memory?: ReadMemory;
}

/** Where the bytes of one stored chunk are. A chunk that was never written has no location. */
export interface ChunkLocation {
  /** Number of the chunk on each axis. */
  readonly coords: readonly number[];
  /** The value of the array's store that holds it. */
  readonly key: string;
  /** The bytes within the value; null for the whole value. */
  readonly range: { readonly offset: number; readonly length: number } | null;
  /** Bit `i` is set where the chunk was written without filter `i` (HDF5). 0 where all were used. */
  readonly filterMask: number;
  /** The bytes themselves, where they stand in the metadata and nowhere else. */
  readonly inline?: Uint8Array;
}

/**
 * The chunks of an array as they are stored, in the words of Zarr v2's `.zarray`: what another reader
 * needs to decode them. A trailing chunk that is shorter than `chunks` is stored padded.
 */
export interface StoredChunks {
  /** Of the array that the chunks make up: characters of text have an axis of their own where they have one in the file. */
  readonly shape: readonly number[];
  readonly dims: readonly string[];
  readonly chunks: readonly number[];
  /** NumPy's word: `<f4`, `|S1`. */
  readonly dtype: string;
  readonly order: "C" | "F";
  /** numcodecs' configurations, in the order of encoding. */
  readonly filters: readonly Readonly<Record<string, Attribute>>[];
  readonly compressor: Readonly<Record<string, Attribute>> | null;
  /** What stands in chunks that were never written; null for nothing in particular. */
  readonly fillValue: Attribute;
  /** All chunks that are stored, in any order. @throws StorageError, FormatError */
  locate(options?: { signal?: AbortSignal }): AsyncIterable<ChunkLocation>;
}

/** A stored array that can be read box by box, at any number of places at once. */
export interface ArraySource {
  readonly ref: SourceRef;
  describe(): ArrayInfo;
  /**
   * Reads `selection` (one for each axis) into `into`, whose shape is the selection's and whose
   * dtype is the array's. Reads only the chunks that the selection touches.
   * @throws StorageError, FormatError, CodecError
   */
  readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void>;
  /**
   * How and where the chunks are stored, for manifests; absent where the format can't tell.
   * @throws FormatError for an array whose chunks have no such description (a codec that numcodecs does not have)
   */
  storedChunks?(): StoredChunks;
}

/** One node of a stored hierarchy: a group with its arrays, as `openDataset` sees it. */
export interface StoredGroup {
  readonly format: "zarr" | "netcdf3" | "netcdf4" | "hdf5" | "geotiff" | "grib";
  readonly attributes: Attributes;
  readonly arrays: ReadonlyMap<string, ArraySource>;
  /** Dimensions that the format declares, also those no array uses. */
  readonly dims: ReadonlyMap<string, number>;
  /** Dimensions that may grow. */
  readonly unlimited: ReadonlySet<string>;
  /** Arrays that can't be read (a dtype or codec that isn't known, damaged metadata), and why. */
  readonly skipped?: ReadonlyMap<string, Error>;
  /** Names of the groups directly below, where they are known. */
  readonly groups?: readonly string[];
}
