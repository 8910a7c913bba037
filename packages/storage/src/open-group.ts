/**
 * Owns the opening of whatever a path, a URL or a store object holds: the format is told from the bytes,
 * never from the name. What can't be opened is named for what it is.
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { S3Access, StoreRef } from "@hyperslab/core/source-ref";
import { isJsonObject, parseExactJson } from "./exact-json.js";
import { HDF5, SIGNATURE_BYTES, formatOf, TIFF } from "./format-signature.js";
import { openGeotiff } from "./geotiff/open-geotiff.js";
import type { FileVersion } from "./hdf5/block-reader.js";
import { cachedGroup } from "./hdf5/cached-group.js";
import { startOf, versionOf } from "./hdf5/known-files.js";
import { openNetcdf3 } from "./netcdf3.js";
import { type FileRef, containerOf, fileOf, referencesRef } from "./open-container.js";
import { type StoreOptions, openStore, s3AccessOf, storeRefOf } from "./open-store.js";
import { registerStore } from "./process-store.js";
import type { StoredGroup } from "./source.js";
import { type ForeignStore, type ReadableStore, type StoreKey, joinKey } from "./store.js";
import { isWorkingPath } from "./working-path.js";
import { listIncomplete } from "./write-protocol.js";
import { openZarrGroup } from "./zarr-group.js";

export interface OpenGroupOptions {
  /** A group within the store, as a path: `forecasts/mean`. */
  group?: string;
  /** False reads the metadata of every Zarr array itself, also where consolidated ones are there: these may be old. */
  consolidated?: boolean;
  /** How a path or URL is opened: logins, regions, a cache. For references also how their `s3:` targets are. */
  storageOptions?: StoreOptions;
  signal?: AbortSignal;
}

/**
 * Opens a Zarr group, or a NetCDF or HDF5 file; a Zarr group also in a ZIP archive, or through Kerchunk's references
 * (a JSON file, or a folder of Parquet files).
 * @param from a path, a URL (see {@link storeRefOf}), a reference, or a store object (ours, zarrita's, or a Map)
 * @throws StorageError where there is nothing, FormatError where there is something else
 */
export async function openGroup(
  from: string | URL | StoreRef | ForeignStore | ReadableStore,
  options: OpenGroupOptions = {},
): Promise<StoredGroup> {
  const ref = refOf(from, options.storageOptions);
  const path = joinKey("/", options.group ?? "");
  const targets = targetsOf(options.storageOptions);
  if (ref.kind === "file") {
    const facts = await stat(ref.path).catch(() => undefined);
    if (!facts)
      throw new StorageError({
        path: ref.path,
        reason: "no such file or directory",
        hint: (await incompleteHint(dirname(ref.path), basename(ref.path))) ?? "look at the path",
      });
    if (facts.isFile()) return openFile(ref, fileOf(ref), path, options);
  }
  if ((ref.kind === "file" && isWorkingPath(ref.path)) || (ref.kind === "s3" && isWorkingPath(ref.prefix)))
    throw new FormatError({
      path: openStore(ref).label,
      format: "a dataset",
      reason: "it is what an unfinished write has left, and chunks may be missing",
      hint: "write it again; remove this directory, or rename it to look into it",
    });
  const store = openStore(ref);
  const references = (folder: StoreKey): StoreRef => referencesRef(ref, folder, targets);
  const group = await openZarrGroup(store, ref, path, { ...options, references });
  if (group) return group;
  if (path !== "/" && (await hasParquetReferences(store, options))) {
    const inner = references("/");
    const within = await openZarrGroup(openStore(inner), inner, path, options);
    if (within) return within;
  }
  const file = ref.kind === "file" ? undefined : fileOf(ref);
  if (file) return openFile(ref, file, path, options);
  const where = path === "/" ? store.label : `${store.label}${path}`;
  throw new FormatError({ path: where, format: "a dataset", ...(await whatIsThere(store, path, ref)) });
}

function refOf(
  from: string | URL | StoreRef | ForeignStore | ReadableStore,
  storageOptions: StoreOptions | undefined,
): StoreRef {
  if (typeof from === "string") return storeRefOf(from, storageOptions);
  if (from instanceof URL) return storeRefOf(from.href, storageOptions);
  if ("kind" in from) return from.kind === "file" ? storeRefOf(from.path) : from;
  return registerStore(from);
}

/** What the options say of `s3:` targets; undefined where they say nothing. */
function targetsOf(storageOptions: StoreOptions | undefined): S3Access | undefined {
  const access = storageOptions && s3AccessOf(storageOptions);
  return access && Object.keys(access).length > 0 ? access : undefined;
}

/** Groups in a folder of references have no metadata of their own there: the root's `.zmetadata` has all. */
async function hasParquetReferences(store: ReadableStore, options: OpenGroupOptions): Promise<boolean> {
  const bytes = await store.get("/.zmetadata", options);
  if (!bytes) return false;
  const json = parseExactJson(new TextDecoder().decode(bytes));
  return isJsonObject(json) && json["record_size"] !== undefined;
}

/** Opens the one file that a reference names, through a store of the folder it lies in. */
async function openFile(
  ref: StoreRef,
  file: FileRef | undefined,
  group: StoreKey,
  options: OpenGroupOptions,
): Promise<StoredGroup> {
  if (!file) throw new TypeError("a reference that can't name a file");
  const { folder, key } = file;
  const store = openStore(folder);
  const path = ref.kind === "file" ? ref.path : openStore(ref).label;
  const version = await versionOf(store, key, options);
  if (version === undefined)
    throw new StorageError({
      path,
      reason: "nothing is there: neither a file nor a Zarr group (zarr.json, .zmetadata, .zgroup, .zarray)",
      hint: (ref.kind === "s3" ? await unfinishedInBucket(ref) : undefined) ?? "look at the URL",
    });
  const known = await cachedGroup(store, key, folder, version, group);
  if (known) return known;
  const first = await startOf(store, key, version, SIGNATURE_BYTES);
  const format = formatOf(first);
  if (format === HDF5 || (format === undefined && (await isBehindUserBlock(store, key, version)))) {
    const { openHdf5 } = await import("./hdf5/open-hdf5.js");
    return openHdf5(store, key, folder, { ...options, version });
  }
  if (format === TIFF) return openGeotiff(store, key, folder, group, options);
  if (format?.supported) {
    if (options.group)
      throw new FormatError({
        path,
        format: format.name,
        reason: `it has no group "${options.group}"`,
        hint: "NetCDF-3 files have no groups",
      });
    return openNetcdf3(store, key, folder, options);
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

async function whatIsThere(
  store: ReadableStore,
  path: StoreKey,
  ref: StoreRef,
): Promise<{ reason: string; hint: string }> {
  const entries = (await store.list?.(path)) ?? [];
  const names = entries.slice(0, 6).map(({ name, kind }) => (kind === "prefix" ? `${name}/` : name));
  const more = entries.length > names.length ? ` and ${entries.length - names.length} more` : "";
  const reason = entries.length
    ? `there is no Zarr group, but ${names.join(", ")}${more}`
    : "there is nothing in it";
  const incomplete =
    ref.kind === "file" && path === "/"
      ? await incompleteHint(dirname(ref.path), basename(ref.path))
      : undefined;
  const files = entries.filter(({ kind }) => kind === "value");
  const hint = files.length
    ? "to open a file, give its own path"
    : entries.length
      ? `is the dataset one of these? Then give its own path, or group: "${entries[0].name}"`
      : "look at the path";
  return { reason, hint: incomplete ?? hint };
}

/** What to say where a write of this very dataset was begun and never finished. */
async function incompleteHint(folder: string, name: string): Promise<string | undefined> {
  return unfinished(await listIncomplete(folder, name));
}

async function unfinishedInBucket(
  ref: Extract<StoreRef, { readonly kind: "s3" }>,
): Promise<string | undefined> {
  const { leftoversInBucket } = await import("./bucket-write.js");
  return unfinished(await leftoversInBucket(ref));
}

function unfinished(found: readonly string[]): string | undefined {
  return found.length
    ? `a write of it was begun and never finished (beside it: ${found.join(", ")}): write it again`
    : undefined;
}
