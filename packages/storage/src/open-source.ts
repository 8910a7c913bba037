/** Owns the way from a reference to a source that reads it: what a worker does with what the client named. */
import type { SourceRef } from "@hyperslab/core/source-ref";
import { unreachable } from "@hyperslab/core/unreachable";
import { Hdf5Source } from "./hdf5/hdf5-source.js";
import { GeotiffSource } from "./geotiff/geotiff-source.js";
import { openJoinedSource } from "./joined-source.js";
import { openNetcdf3Source } from "./netcdf3.js";
import { openStore } from "./open-store.js";
import type { ArraySource } from "./source.js";
import { ZarrSource } from "./zarr-source.js";

/** How many sources are remembered; each holds its metadata, no data. */
const MOST_OPEN = 1024;

const open: Map<string, ArraySource> = new Map();
/** Plans hold the same reference in many tasks: then even its text isn't made again. */
const byObject: WeakMap<SourceRef, ArraySource> = new WeakMap();

/**
 * The source of a reference; equal references share one per process.
 * @throws StorageError for a store that isn't there, CodecError or DtypeError for metadata that can't be read here
 */
export function openSource(ref: SourceRef): ArraySource {
  const same = byObject.get(ref);
  if (same) return same;
  if (ref.format === "joined") {
    // its text may be megabytes, and its parts are shared anyway
    const joined = openJoinedSource(ref, openSource);
    byObject.set(ref, joined);
    return joined;
  }
  const name = JSON.stringify(ref);
  let source = open.get(name);
  if (!source) {
    source = openAnew(ref);
    if (open.size >= MOST_OPEN) for (const oldest of [...open.keys()].slice(0, 1)) open.delete(oldest);
    open.set(name, source);
  }
  byObject.set(ref, source);
  return source;
}

function openAnew(ref: SourceRef): ArraySource {
  const store = openStore(ref.store);
  switch (ref.format) {
    case "zarr":
      return new ZarrSource(ref, store);
    case "netcdf3":
      return openNetcdf3Source(ref, store);
    case "hdf5":
      return new Hdf5Source(ref, store);
    case "geotiff":
      return new GeotiffSource(ref, store);
    case "joined":
      return openJoinedSource(ref, openSource);
    default:
      return unreachable(ref.format);
  }
}
