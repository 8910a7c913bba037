/**
 * Owns the opening of whatever a path, a URL or a store object holds: the format is told from the bytes,
 * never from the name. What opens single files, and says why nothing can be opened, is loaded when it is needed: who opens
 * a Zarr directory doesn't wait for it.
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { isJsonObject, parseExactJson } from "./exact-json.js";
import { type FileRef, fileOf, referencesRef, targetsOf } from "./open-container.js";
import type { OpenGroupOptions } from "./open-group-options.js";
import { type StoreOptions, openStore, storeRefOf } from "./open-store.js";
import { registerStore } from "./stores/process-store.js";
import type { StoredGroup } from "./source.js";
import { type ForeignStore, type ReadableStore, type StoreKey, joinKey } from "./store.js";
import { isWorkingPath } from "./working-path.js";
import { openZarrGroup } from "./zarr/zarr-group.js";

export type { OpenGroupOptions } from "./open-group-options.js";

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
    if (!facts) {
      const { incompleteHint } = await import("./absence.js");
      throw new StorageError({
        path: ref.path,
        reason: "no such file or directory",
        hint: (await incompleteHint(dirname(ref.path), basename(ref.path))) ?? "look at the path",
      });
    }
    const found = facts.isFile() ? await openFile(ref, fileOf(ref), path, options) : undefined;
    if (found) return found;
  }
  if ((ref.kind === "file" && isWorkingPath(ref.path)) || (ref.kind === "s3" && isWorkingPath(ref.prefix)))
    throw new FormatError({
      path: openStore(ref).label,
      format: "a dataset",
      reason: "it is what an unfinished write has left, and chunks may be missing",
      hint: "write it again; remove this directory, or rename it to look into it",
    });
  const store = openStore(ref);
  const file = ref.kind === "file" ? undefined : fileOf(ref);
  if (file && isNamedAsFile(file.key)) {
    const found = await openFile(ref, file, path, options);
    if (found) return found;
  }
  const references = (folder: StoreKey): StoreRef => referencesRef(ref, folder, targets);
  const group = await openZarrGroup(store, ref, path, { ...options, references });
  if (group) return group;
  if (path !== "/" && (await hasParquetReferences(store, options))) {
    const inner = references("/");
    const within = await openZarrGroup(openStore(inner), inner, path, options);
    if (within) return within;
  }
  const found = file && !isNamedAsFile(file.key) ? await openFile(ref, file, path, options) : undefined;
  if (found) return found;
  const { unfinishedInBucket, whatIsThere } = await import("./absence.js");
  if (file)
    throw new StorageError({
      path: store.label,
      reason: "nothing is there: neither a file nor a Zarr group (zarr.json, .zmetadata, .zgroup, .zarray)",
      hint: (ref.kind === "s3" ? await unfinishedInBucket(ref) : undefined) ?? "look at the URL",
    });
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

/** Groups in a folder of references have no metadata of their own there: the root's `.zmetadata` has all. */
async function hasParquetReferences(store: ReadableStore, options: OpenGroupOptions): Promise<boolean> {
  const bytes = await store.get("/.zmetadata", options);
  if (!bytes) return false;
  const json = parseExactJson(new TextDecoder().decode(bytes));
  return isJsonObject(json) && json["record_size"] !== undefined;
}

/**
 * True for names that have an ending, but not one of Zarr's: such a file is looked for first, which saves a remote file
 * the questions for Zarr's documents. What is there is told from its bytes all the same.
 */
function isNamedAsFile(key: StoreKey): boolean {
  return /\.(?!zarr\d?$|parq(?:uet)?$)[a-z]\w*$/i.test(key);
}

/** Opens the one file that a reference names; undefined where it isn't there. */
async function openFile(
  ref: StoreRef,
  file: FileRef | undefined,
  group: StoreKey,
  options: OpenGroupOptions,
): Promise<StoredGroup | undefined> {
  const files = await import("./open-file.js");
  return files.openFile(ref, file, group, options);
}
