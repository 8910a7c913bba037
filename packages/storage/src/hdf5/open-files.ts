/**
 * Owns the HDF5 files that this process has open: opened by their superblock, or by what a reference says of it. A file
 * that has changed since is not read with what was known of it.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { ReadableStore, StoreKey } from "../store.js";
import type { BlockReader, FileVersion } from "./block-reader.js";
import { Hdf5File, type Superblock } from "./hdf5-file.js";
import { readerOf, sameVersion, versionOf } from "./known-files.js";
import { findSuperblock, openHdf5File } from "./superblock.js";

const open: WeakMap<BlockReader, Promise<Hdf5File>> = new WeakMap();

/** True where a superblock is found, perhaps behind a user block. */
export async function isHdf5(store: ReadableStore, key: StoreKey, version: FileVersion): Promise<boolean> {
  return (await findSuperblock(readerOf(store, key, version), store.lasting === true)) !== null;
}

/** Opens a file of which the version was just asked for. @throws FormatError, StorageError */
export function openFileOf(store: ReadableStore, key: StoreKey, version: FileVersion): Promise<Hdf5File> {
  return remembered(readerOf(store, key, version), (reader) => openHdf5File(store, key, reader));
}

/** Opens a file for which a reference was made. @throws StorageError where it has changed since */
export function reopenFile(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  superblock: Superblock,
): Promise<Hdf5File> {
  return remembered(readerOf(store, key, version), async (reader) => {
    const now = store.lasting ? version : await versionOf(store, key);
    if (now && sameVersion(now, version)) return new Hdf5File(store, key, superblock, reader);
    throw new StorageError({
      path: `${store.label}${key}`,
      reason: now ? "the file has changed since it was opened" : "the file has gone since it was opened",
      hint: "open it again",
    });
  });
}

function remembered(
  reader: BlockReader,
  openAnew: (reader: BlockReader) => Promise<Hdf5File>,
): Promise<Hdf5File> {
  const known = open.get(reader);
  if (known) return known;
  const file = openAnew(reader);
  open.set(reader, file);
  file.catch(() => open.delete(reader));
  return file;
}
