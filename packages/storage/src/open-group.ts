/**
 * Owns the opening of whatever a path, a URL or a store object holds: the format is told from the bytes,
 * never from the name. What can't be opened is named for what it is.
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { SIGNATURE_BYTES, formatOf } from "./format-signature.js";
import { openNetcdf3 } from "./netcdf3.js";
import { openStore, storeRefOf } from "./open-store.js";
import { registerStore } from "./process-store.js";
import type { StoredGroup } from "./source.js";
import { type ForeignStore, type ReadableStore, type StoreKey, joinKey } from "./store.js";
import { isWorkingPath } from "./working-path.js";
import { listIncomplete } from "./write-protocol.js";
import { openZarrGroup } from "./zarr-group.js";

export interface OpenGroupOptions {
  /** A group within the store, as a path: `forecasts/mean`. */
  group?: string;
  signal?: AbortSignal;
}

/**
 * Opens a Zarr group or a NetCDF-3 file.
 * @param from a path, a `file:` or `http(s):` URL, a reference, or a store object (ours, zarrita's, or a Map)
 * @throws StorageError where there is nothing, FormatError where there is something else
 */
export async function openGroup(
  from: string | URL | StoreRef | ForeignStore | ReadableStore,
  options: OpenGroupOptions = {},
): Promise<StoredGroup> {
  const ref = refOf(from);
  const path = joinKey("/", options.group ?? "");
  if (ref.kind === "file") {
    const facts = await stat(ref.path).catch(() => undefined);
    if (!facts)
      throw new StorageError({
        path: ref.path,
        reason: "no such file or directory",
        hint: (await incompleteHint(dirname(ref.path), basename(ref.path))) ?? "look at the path",
      });
    if (facts.isFile()) return openFile(ref, options);
    if (isWorkingPath(ref.path))
      throw new FormatError({
        path: ref.path,
        format: "a dataset",
        reason: "it is what an unfinished write has left, and chunks may be missing",
        hint: "write it again; remove this directory, or rename it to look into it",
      });
  }
  const store = openStore(ref);
  const group = await openZarrGroup(store, ref, path, options);
  if (group) return group;
  if (ref.kind === "http") return openFile(ref, options);
  const where = path === "/" ? store.label : `${store.label}${path}`;
  throw new FormatError({ path: where, format: "a dataset", ...(await whatIsThere(store, path, ref)) });
}

function refOf(from: string | URL | StoreRef | ForeignStore | ReadableStore): StoreRef {
  if (typeof from === "string") return storeRefOf(from);
  if (from instanceof URL) return storeRefOf(from.href);
  if ("kind" in from) return from.kind === "file" ? storeRefOf(from.path) : from;
  return registerStore(from);
}

/** Opens the one file that a reference names, through a store of the folder it lies in. */
async function openFile(
  ref: Exclude<StoreRef, { readonly kind: "process" }>,
  options: OpenGroupOptions,
): Promise<StoredGroup> {
  const { folder, key } = splitRef(ref);
  const store = openStore(folder);
  const path = ref.kind === "file" ? ref.path : ref.url;
  const start = await startOf(store, key, options);
  if (start === undefined)
    throw new StorageError({
      path,
      reason: "nothing is there: neither a file nor a Zarr group (zarr.json, .zmetadata, .zgroup, .zarray)",
      hint: "look at the URL",
    });
  const format = formatOf(start);
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
  if (format)
    throw new FormatError({
      path,
      format: "a dataset",
      reason: `it is ${format.name}, which isn't supported yet`,
      hint: format.hint,
    });
  const bytes = Buffer.from(start.subarray(0, 8))
    .toString("hex")
    .replaceAll(/(..)(?=.)/g, "$1 ");
  throw new FormatError({
    path,
    format: "a dataset",
    reason: start.length ? `no known format begins with the bytes ${bytes}` : "the file is empty",
    hint: "Zarr directories and NetCDF-3 files can be opened",
  });
}

/** The first bytes; fewer where the file is shorter. */
async function startOf(
  store: ReadableStore,
  key: StoreKey,
  options: OpenGroupOptions,
): Promise<Uint8Array | undefined> {
  const size = await store.sizeOf(key, options);
  if (size === undefined) return undefined;
  return store.getRange(key, { offset: 0, length: Math.min(size, SIGNATURE_BYTES) }, options);
}

function splitRef(ref: Exclude<StoreRef, { readonly kind: "process" }>): { folder: StoreRef; key: StoreKey } {
  if (ref.kind === "file")
    return { folder: { kind: "file", path: dirname(ref.path) }, key: joinKey("/", basename(ref.path)) };
  const url = new URL(ref.url);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const name = decodeURIComponent(parts.pop() ?? "");
  url.pathname = `/${parts.join("/")}`;
  return { folder: { kind: "http", url: url.href }, key: joinKey("/", name) };
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
  const hint = files.length ? "to open a file, give its own path" : "look at the path";
  return { reason, hint: incomplete ?? hint };
}

/** What to say where a write of this very dataset was begun and never finished. */
async function incompleteHint(folder: string, name: string): Promise<string | undefined> {
  const found = await listIncomplete(folder, name);
  return found.length
    ? `a write of it was begun and never finished (beside it: ${found.join(", ")}): write it again`
    : undefined;
}
