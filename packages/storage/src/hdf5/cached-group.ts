/**
 * Owns groups in the cache: a group of a file that was opened before is there without a look at the file, but for its
 * version. Only what follows from that one file is kept, and only where all of it could be read.
 */
import type { SourceRef, StoreRef } from "@hyperslab/core/source-ref";
import type { ArraySource, Attributes, StoredGroup } from "../source.js";
import type { ReadableStore, StoreKey } from "../store.js";
import type { FileVersion } from "./block-reader.js";
import type { Hdf5Array } from "./hdf5-array.js";
import { Hdf5Source } from "./hdf5-source.js";
import { isCacheable, readCache, writeCache } from "./manifest-cache.js";

interface KeptGroup {
  readonly format: "netcdf4" | "hdf5";
  readonly attributes: Attributes;
  readonly arrays: readonly { readonly name: string; readonly path: string; readonly detail: Hdf5Array }[];
  readonly dims: readonly (readonly [name: string, length: number])[];
  readonly unlimited: readonly string[];
  readonly groups: readonly string[];
}

/** The group as it was opened before; undefined where it wasn't, or where the file has changed since. */
export async function cachedGroup(
  store: ReadableStore,
  key: StoreKey,
  ref: StoreRef,
  version: FileVersion,
  group: StoreKey,
): Promise<StoredGroup | undefined> {
  const entry = await readCache(store, key, version, `group ${group}`);
  if (!entry) return undefined;
  try {
    const kept = entry.json as unknown as KeptGroup;
    const arrays = new Map<string, ArraySource>();
    for (const { name, path, detail } of kept.arrays) {
      const source: SourceRef = { format: "hdf5", store: ref, path, detail };
      arrays.set(name, new Hdf5Source(source, store));
    }
    return {
      format: kept.format,
      attributes: kept.attributes,
      arrays,
      dims: new Map(kept.dims),
      unlimited: new Set(kept.unlimited),
      skipped: new Map(),
      groups: kept.groups,
    };
  } catch {
    // what an older version wrote, or a disk spoilt: the file itself tells
    return undefined;
  }
}

/** Keeps an opened group. */
export function keepGroup(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  group: StoreKey,
  opened: StoredGroup,
): void {
  if (!isCacheable(version) || opened.skipped?.size) return;
  const arrays = [...opened.arrays].map(([name, { ref }]) => ({
    name,
    path: ref.path,
    detail: ref.detail as Hdf5Array,
  }));
  // other files may change on their own; and what the library reads is said each time
  const isOwn = ({ detail }: { readonly detail: Hdf5Array }): boolean =>
    detail.key === key && (detail.layout.kind === "chunked" || detail.layout.kind === "contiguous");
  if (!arrays.every(isOwn)) return;
  const kept: KeptGroup = {
    format: opened.format === "netcdf4" ? "netcdf4" : "hdf5",
    attributes: opened.attributes,
    arrays,
    dims: [...opened.dims],
    unlimited: [...opened.unlimited],
    groups: opened.groups ?? [],
  };
  writeCache(store, key, version, `group ${group}`, { json: kept, columns: [] });
}
