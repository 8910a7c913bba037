/**
 * Owns which code reads which format. That of Zarr is at hand; any other is loaded with the first source of its format:
 * who reads one format doesn't wait for the others. Opens nothing itself.
 */
import type { JoinedDetail, SourceRef } from "@hyperslab/core/source-ref";
import type { ArraySource } from "./source.js";
import type { ReadableStore } from "./store.js";
import { ZarrSource } from "./zarr/zarr-source.js";

/** A format whose arrays lie in a store. */
export type StoredFormat = Exclude<SourceRef["format"], "joined" | "call">;

/** Makes the source of a reference. @throws CodecError, DtypeError or FormatError for a description that can't be read here */
export type SourceMaker = (ref: SourceRef, store: ReadableStore) => ArraySource;

const LOADERS: Readonly<Record<StoredFormat, () => Promise<SourceMaker>>> = {
  zarr: () => Promise.resolve(zarr),
  async netcdf3() {
    return (await import("./netcdf3/netcdf3.js")).openNetcdf3Source;
  },
  async hdf5() {
    const { Hdf5Source } = await import("./hdf5/hdf5-source.js");
    return (ref, store) => new Hdf5Source(ref, store);
  },
  async grib() {
    const { GribSource } = await import("./grib/open-grib.js");
    return (ref, store) => new GribSource(ref, store);
  },
  async geotiff() {
    const { GeotiffSource } = await import("./geotiff/geotiff-source.js");
    return (ref, store) => new GeotiffSource(ref, store);
  },
};

const zarr: SourceMaker = (ref, store) => new ZarrSource(ref, store);

const loaded: Map<StoredFormat, SourceMaker> = new Map([["zarr", zarr]]);

/** What makes the sources of a format, once it is loaded. */
export function sourceMaker(format: StoredFormat): SourceMaker | undefined {
  return loaded.get(format);
}

/** Loads what the sources of a reference need, those of its parts too; undefined where all of it is there. */
export function loadFormats(ref: SourceRef): Promise<void> | undefined {
  const missing = formatsOf(ref).filter((format) => !loaded.has(format));
  if (missing.length === 0) return undefined;
  const load = async (format: StoredFormat): Promise<void> => {
    loaded.set(format, await LOADERS[format]());
  };
  return Promise.all(missing.map(load)).then(() => undefined);
}

function formatsOf(ref: SourceRef): StoredFormat[] {
  if (ref.format === "call") return [];
  if (ref.format !== "joined") return [ref.format];
  const found = new Set<StoredFormat>();
  for (const part of (ref.detail as JoinedDetail).parts)
    for (const format of formatsOf(part.ref)) found.add(format);
  return [...found];
}
