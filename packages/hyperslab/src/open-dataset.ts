/** Owns the opening of stored datasets: a group, or a whole hierarchy of them. */
import { ArgumentError } from "@hyperslab/core/errors";
import { type OpenGroupOptions, openGroup } from "@hyperslab/storage/open-group";
import type { StoreOptions } from "@hyperslab/storage/open-store";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import { checkOptions } from "./check-options.js";
import type { DecodeCoords } from "./conventions/coordinates.js";
import type { FineUnit } from "./conventions/decode-times.js";
import { datasetOfGroup } from "./dataset-of-group.js";
import type { Labelled } from "./labelled.js";
import { Dataset } from "./objects.js";
import { type ChunkSpec, chunk } from "./ops/reshape.js";

/** What {@link openDataset} opens: a path, a URL, or a store of zarrita's kind, such as a Map from paths to bytes. */
export type DatasetLocation = Parameters<typeof openGroup>[0];

/** One choice for all variables, or one each, by name; who has none is decoded by default. */
export type ByVariable = boolean | Readonly<Record<string, boolean>>;

/** Options of {@link openDataset}; the names are xarray's. */
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
  "storageOptions",
  "signal",
];

/**
 * Opens a Zarr store (version 2 or 3) or a NetCDF-3 file, here or over HTTP. Reads labels of dimensions,
 * small coordinates and times; everything else is lazy. An array that can't be read (an unknown codec or dtype,
 * damaged metadata) is left out with a warning; whoever asks for it by name is told why.
 *
 * ```ts
 * const ds = await openDataset("https://example.org/air.zarr", { chunks: { time: 100 } });
 * ```
 * @throws StorageError, FormatError, ConventionError; ArgumentError for no location; NameError for a variable to drop that is not there
 */
export async function openDataset(location: DatasetLocation, options: OpenOptions = {}): Promise<Dataset> {
  checkLocation("openDataset", location);
  checkOptions("openDataset", options, OPEN_OPTIONS);
  const group = await openGroup(location, groupOptions(options));
  return chunked(await datasetOfGroup(group, location, options), options);
}

/** The same as {@link openDataset}. `await openZarr("air.zarr")` */
export const openZarr: typeof openDataset = openDataset;

/**
 * Opens every group of a store or file, by its path: `/`, `/forecasts`, `/forecasts/mean`. Each is a dataset of its own:
 * coordinates of the groups above are not repeated in those below.
 *
 * ```ts
 * const groups = await openGroups("model.nc");
 * groups.get("/forecasts/mean")?.get("t");
 * ```
 * @throws what {@link openDataset} throws
 */
export async function openGroups(
  location: DatasetLocation,
  options: OpenOptions = {},
): Promise<ReadonlyMap<string, Dataset>> {
  checkLocation("openGroups", location);
  checkOptions("openGroups", options, OPEN_OPTIONS);
  const datasets = new Map<string, Dataset>();
  for (const [path, group] of await openGroupTree(location, groupOptions(options)))
    datasets.set(path, chunked(await datasetOfGroup(group, location, options), options));
  return datasets;
}

function checkLocation(operation: string, location: unknown): void {
  if ((typeof location !== "object" && typeof location !== "string") || location === null || location === "")
    throw new ArgumentError({
      asked: `${operation}(${location === "" ? '""' : String(location)})`,
      found: "neither a path nor a store",
      hint: "give a path, a URL, or a store object",
    });
}

function groupOptions({ group, storageOptions, signal }: OpenOptions): OpenGroupOptions {
  return {
    ...(group === undefined ? {} : { group }),
    ...(storageOptions === undefined ? {} : { storageOptions }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function chunked(record: Labelled, { chunks }: OpenOptions): Dataset {
  return new Dataset(chunks === undefined ? record : chunk(record, chunks));
}
