/**
 * Owns the door to many files: what opens, compares and joins them is loaded with the first call. Who opens one doesn't
 * wait for it.
 */
import type { ManyLocations } from "./file-list.js";
import type { Dataset } from "./objects.js";
import type { OpenMfOptions } from "./open-mfdataset.js";

/**
 * Opens many files (any format that `openDataset` opens) as one lazy dataset.
 *
 * The defaults are strict: labels of the other dimensions must be the same (`join: "exact"`), variables must have
 * the same dtypes and attributes, only what has the dimension is joined, and coordinates in memory that are not must
 * be equal. Files may differ in how they are stored: scale, offset, fill value, units of time, chunks and codecs are
 * each file's own.
 *
 * ```ts
 * const ds = await openMfdataset("era5/*.nc");
 * const members = await openMfdataset([["a1.nc", "a2.nc"], ["b1.nc", "b2.nc"]], { concatDim: ["member", "time"] });
 * ```
 * @throws StorageError, FormatError; ConventionError, AlignmentError where files don't fit together; ArgumentError
 */
export async function openMfdataset(files: ManyLocations, options: OpenMfOptions = {}): Promise<Dataset> {
  const many = await import("./open-mfdataset.js");
  return many.openMfdataset(files, options);
}
