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

/** A stored array that can be read box by box, at any number of places at once. */
export interface ArraySource {
  readonly ref: SourceRef;
  describe(): ArrayInfo;
  /**
   * Reads `selection` (one for each axis) into `into`, whose shape is the selection's and whose
   * dtype is the array's. Reads only the chunks that the selection touches.
   * @throws StorageError, FormatError, CodecError
   */
  readBlock(
    selection: readonly AxisSelection[],
    into: Block,
    options?: { signal?: AbortSignal },
  ): Promise<void>;
}

/** One node of a stored hierarchy: a group with its arrays, as `openDataset` sees it. */
export interface StoredGroup {
  readonly format: "zarr" | "netcdf3";
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
