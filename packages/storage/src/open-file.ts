/**
 * Owns the opening of single files: the format is told from the first bytes, and its code is loaded then. What can't be
 * opened is named for what it is.
 */
import { FormatError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { whatIsThere } from "./absence.js";
import { GRIB, HDF5, SIGNATURE_BYTES, TIFF, formatOf } from "./format-signature.js";
import type { FileVersion } from "./hdf5/block-reader.js";
import { cachedGroup } from "./hdf5/cached-group.js";
import { startOf, versionOf } from "./hdf5/known-files.js";
import { type FileRef, containerOf, targetsOf } from "./open-container.js";
import type { OpenGroupOptions } from "./open-group-options.js";
import { openStore } from "./open-store.js";
import type { StoredGroup } from "./source.js";
import type { ReadableStore, StoreKey } from "./store.js";
import { openZarrGroup } from "./zarr/zarr-group.js";

/** Opens the one file that a reference names, through a store of the folder it lies in; undefined where it isn't there. */
export async function openFile(
  ref: StoreRef,
  file: FileRef | undefined,
  group: StoreKey,
  options: OpenGroupOptions,
): Promise<StoredGroup | undefined> {
  if (!file) throw new TypeError("a reference that can't name a file");
  const { folder, key } = file;
  const store = openStore(folder);
  const path = ref.kind === "file" ? ref.path : openStore(ref).label;
  const version = await versionOf(store, key, options);
  if (version === undefined) return undefined;
  const known = await cachedGroup(store, key, folder, version, group);
  if (known) return known;
  const first = await startOf(store, key, version, SIGNATURE_BYTES);
  const format = formatOf(first);
  if (format === HDF5 || (format === undefined && (await isBehindUserBlock(store, key, version)))) {
    const { openHdf5 } = await import("./hdf5/open-hdf5.js");
    return openHdf5(store, key, folder, { ...options, version });
  }
  if (format === TIFF) {
    const { openGeotiff } = await import("./geotiff/open-geotiff.js");
    return openGeotiff(store, key, folder, group, options);
  }
  if (format?.supported) {
    if (options.group)
      throw new FormatError({
        path,
        format: format.name,
        reason: `it has no group "${options.group}"`,
        hint: format === GRIB ? "GRIB files have no groups" : "NetCDF-3 files have no groups",
      });
    if (format !== GRIB) {
      const { openNetcdf3 } = await import("./netcdf3/netcdf3.js");
      return openNetcdf3(store, key, folder, options);
    }
    const { openGrib } = await import("./grib/open-grib.js");
    return openGrib(store, key, folder, options);
  }
  const container = format && containerOf(format.name, file, targetsOf(options.storageOptions));
  if (container) {
    const inner = openStore(container);
    const found = await openZarrGroup(inner, container, group, options);
    if (found) return found;
    const where = group === "/" ? inner.label : `${inner.label}${group}`;
    throw new FormatError({
      path: where,
      format: "a dataset",
      ...(await whatIsThere(inner, group, container)),
    });
  }
  if (format)
    throw new FormatError({
      path,
      format: "a dataset",
      reason: `it is ${format.name}, which isn't supported yet`,
      hint: format.hint,
    });
  const bytes = Buffer.from(first.subarray(0, 8))
    .toString("hex")
    .replaceAll(/(..)(?=.)/g, "$1 ");
  throw new FormatError({
    path,
    format: "a dataset",
    reason: first.length ? `no known format begins with the bytes ${bytes}` : "the file is empty",
    hint: "Zarr directories, NetCDF and HDF5 files can be opened",
  });
}

/** HDF5 files may begin with anything; their signature then comes later. */
async function isBehindUserBlock(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
): Promise<boolean> {
  const { isHdf5 } = await import("./hdf5/open-files.js");
  return isHdf5(store, key, version);
}
