/** Owns the opening of stored datasets: a group, or a whole hierarchy of them. */
import { ArgumentError } from "@hyperslab/core/errors";
import { type OpenGroupOptions, openGroup } from "@hyperslab/storage/open-group";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import { checkOptions } from "./check-options.js";
import { datasetOfGroup } from "./dataset-of-group.js";
import type { Labelled } from "./labelled.js";
import { Dataset } from "./objects.js";
import { type DatasetLocation, OPEN_OPTIONS, type OpenOptions } from "./open-options.js";
import { chunk } from "./ops/reshape.js";

/**
 * Opens a Zarr store, a NetCDF, HDF5, GeoTIFF or GRIB file, or references to one, here or far away. Reads labels of dimensions,
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

function groupOptions({ group, consolidated, storageOptions, signal }: OpenOptions): OpenGroupOptions {
  return {
    ...(group === undefined ? {} : { group }),
    ...(consolidated === undefined ? {} : { consolidated }),
    ...(storageOptions === undefined ? {} : { storageOptions }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function chunked(record: Labelled, { chunks }: OpenOptions): Dataset {
  return new Dataset(chunks === undefined ? record : chunk(record, chunks));
}
