/** Owns the options of opening a dataset, and the places that can be opened. */
import type { openGroup } from "@hyperslab/storage/open-group";
import type { StoreOptions } from "@hyperslab/storage/open-store";
import type { DecodeCoords } from "./conventions/coordinates.js";
import type { FineUnit } from "./conventions/decode-times.js";
import type { ChunkSpec } from "./ops/reshape.js";

/** What `openDataset` opens: a path, a URL, or a store of zarrita's kind, such as a Map from paths to bytes. */
export type DatasetLocation = Parameters<typeof openGroup>[0];

/** One choice for all variables, or one each, by name; who has none is decoded by default. */
export type ByVariable = boolean | Readonly<Record<string, boolean>>;

/** Options of `openDataset`; the names are xarray's. */
export interface OpenOptions {
  /** `false` turns all decoding off. */
  readonly decodeCf?: boolean;
  /** Fill values become NaN, packed numbers are unpacked. */
  readonly maskAndScale?: ByVariable;
  /** "days since …" become times. */
  readonly decodeTimes?: ByVariable;
  /** Durations become timedeltas, also those that don't say that they are. */
  readonly decodeTimedelta?: ByVariable;
  /** Characters along a last axis of their own become strings. */
  readonly concatCharacters?: ByVariable;
  /** Which attributes name coordinates: `coordinates` (true), also `bounds` and the like ("all"), or none. */
  readonly decodeCoords?: DecodeCoords;
  /** `true`: times always in their calendar's own dtype; `false`: an error where datetime64 can't hold them. */
  readonly useCftime?: ByVariable;
  /** The coarsest unit of times; `ns` unless said otherwise. */
  readonly timeUnit?: FineUnit;
  /** Chunks to compute in; the stored ones where none are given. */
  readonly chunks?: ChunkSpec | Readonly<Record<string, ChunkSpec>>;
  readonly dropVariables?: string | readonly string[];
  /** A group within the store: `forecasts/mean`. */
  readonly group?: string;
  /**
   * `false` reads the metadata of every Zarr array itself, also where the store has consolidated ones: these may be
   * old. Needs a store that can list its keys.
   */
  readonly consolidated?: boolean;
  /**
   * How a path or URL is opened: logins, keys, regions, a cache of so many bytes. Keys and logins stay in this process
   * and its threads; workers elsewhere use their own.
   */
  readonly storageOptions?: StoreOptions;
  readonly signal?: AbortSignal;
}

/** Names of {@link OpenOptions}. */
export const OPEN_OPTIONS: readonly string[] = [
  "decodeCf",
  "maskAndScale",
  "decodeTimes",
  "decodeTimedelta",
  "concatCharacters",
  "decodeCoords",
  "useCftime",
  "timeUnit",
  "chunks",
  "dropVariables",
  "group",
  "consolidated",
  "storageOptions",
  "signal",
];
