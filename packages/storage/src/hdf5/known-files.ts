/**
 * Owns what this process knows of files, one version of each: what was read of it is read once. Knows no format, so
 * that looking at a file of any format costs little.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { GetOptions, ReadableStore, StoreKey } from "../store.js";
import { BlockReader, type FileVersion } from "./block-reader.js";

/** Files that are remembered in a process at most; they hold no handles. */
const MOST = 512;

/** Data up to this length may have come with metadata. */
const SMALL = 128 * 1024;

const known: WeakMap<ReadableStore, Map<StoreKey, BlockReader>> = new WeakMap();

/** What the file is now; undefined where there is none. @throws StorageError */
export async function versionOf(
  store: ReadableStore,
  key: StoreKey,
  options?: GetOptions,
): Promise<FileVersion | undefined> {
  if (store.factsOf) return store.factsOf(key, options);
  const size = await store.sizeOf(key, options);
  return size === undefined ? undefined : { size };
}

export function sameVersion(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.modified === b.modified && a.tag === b.tag;
}

/** The reader of a version of a file: the same one while the file stays as it is. */
export function readerOf(store: ReadableStore, key: StoreKey, version: FileVersion): BlockReader {
  let files = known.get(store);
  if (!files) known.set(store, (files = new Map()));
  let reader = files.get(key);
  if (reader && sameVersion(reader.version, version)) return reader;
  files.delete(key);
  if (files.size >= MOST) for (const oldest of [...files.keys()].slice(0, 1)) files.delete(oldest);
  reader = new BlockReader(store, key, version);
  files.set(key, reader);
  return reader;
}

/** The first bytes of a file; fewer than asked for where it is shorter. */
export function startOf(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  length: number,
): Promise<Uint8Array> {
  return readerOf(store, key, version).read(0, Math.min(version.size, length));
}

/** Data of a file; small ones that came with its metadata aren't asked for again. */
export async function dataOf(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  offset: number,
  length: number,
  options: GetOptions,
): Promise<Uint8Array> {
  const kept =
    store.lasting && length <= SMALL ? readerOf(store, key, version).kept(offset, length) : undefined;
  const bytes = kept?.slice() ?? (await store.getRange(key, { offset, length }, options));
  if (bytes) return bytes;
  throw new StorageError({
    path: `${store.label}${key}`,
    reason: "the file has gone since it was opened",
    offset,
    length,
  });
}
