/**
 * Owns the protocol that keeps half-written datasets from being taken for whole ones: they are written
 * beside their destination, under a name that says so, and take its place when they are complete.
 */
import { readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { makeDirectory } from "./make-directory.js";
import { openWritableStore, storeRefOf } from "./open-store.js";
import { processStore, registerStore, unregisterStore } from "./stores/process-store.js";
import { MemoryStore } from "./stores/memory-store.js";
import {
  type ForeignStore,
  type ReadableStore,
  type StoreKey,
  type WritableStore,
  isWritable,
  joinKey,
} from "./store.js";
import { isLeftover, replacedPathFor, workingPathFor } from "./working-path.js";

export interface BeginWriteOptions {
  /** Whether what stands at the destination may be replaced. It stands until the new data are complete. */
  overwrite?: boolean;
}

/** A write that was begun: all that is written goes to `working`. JSON-safe. */
export interface PendingWrite {
  readonly destination: StoreRef;
  readonly working: StoreRef;
  readonly overwrite: boolean;
}

/**
 * Begins a write: `working` of the result is an empty store, beside the destination in a directory
 * `<name>.incomplete-<id>` (in a bucket, below a prefix of such a name); in memory for stores of this process.
 * @throws StorageError where the destination exists and may not be replaced, or can't be written
 */
export async function beginWrite(
  to: string | StoreRef | ForeignStore | ReadableStore,
  options: BeginWriteOptions = {},
): Promise<PendingWrite> {
  const overwrite = options.overwrite ?? false;
  const asked = typeof to === "string" ? storeRefOf(to) : "kind" in to ? to : registerStore(to);
  // what is read again of what is being written isn't worth keeping
  const destination = asked.kind === "cached" ? asked.store : asked;
  if (destination.kind === "file") {
    const { path } = destination;
    if (await isOccupied(path)) await refuseDirectory(path, overwrite);
    const working = workingPathFor(path);
    await makeDirectory(working).catch((cause: unknown) => {
      throw failed(path, "can't be written", cause);
    });
    return { destination, working: { kind: "file", path: working }, overwrite };
  }
  if (destination.kind === "s3") {
    const { beginInBucket } = await import("./bucket-write.js");
    return { destination, working: await beginInBucket(destination, overwrite), overwrite };
  }
  const store = openWritableStore(destination);
  if (!overwrite && (await store.list("/")).length > 0) throw exists(store.label);
  return { destination, working: registerStore(new MemoryStore()), overwrite };
}

/**
 * Ends a write: the working store takes the destination's place, with one rename where there was nothing,
 * and two where something is replaced; in a bucket by copying, which the server does.
 * @throws StorageError where the destination appeared meanwhile, or can't be written; the working store stays
 */
export async function commitWrite({ destination, working, overwrite }: PendingWrite): Promise<void> {
  if (destination.kind === "s3" && working.kind === "s3")
    return (await import("./bucket-write.js")).commitInBucket(destination, working);
  if (destination.kind !== "file" || working.kind !== "file") {
    await commitStore(destination, working);
    return;
  }
  const { path } = destination;
  const occupied = await isOccupied(path);
  if (occupied) await refuseDirectory(path, overwrite);
  const old = replacedPathFor(path);
  try {
    if (occupied) await rename(path, old);
    // an empty directory is no dataset, and in the way of a rename on some systems
    else await rmdir(path).catch(() => undefined);
    await rename(working.path, path);
  } catch (cause) {
    if (occupied) await rename(old, path).catch(() => undefined);
    throw failed(path, `the complete data in ${working.path} can't take its place`, cause);
  }
  await rm(old, { recursive: true, force: true });
}

/**
 * Gives a write up: what was written is removed; the destination is as it was. Tasks that still write get an
 * error: a working directory that is gone is not made again.
 */
export async function abortWrite({ working }: PendingWrite): Promise<void> {
  // a file that one of them puts into a directory just emptied makes another round necessary
  if (working.kind === "file")
    await rm(working.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  else if (working.kind === "s3") await (await import("./bucket-write.js")).abortInBucket(working);
  else if (working.kind === "process") unregisterStore(working.id);
}

/**
 * The directories that unfinished writes of `name` left in `folder`; after a crash in the middle of a
 * replacement, also what was to be replaced.
 */
export async function listIncomplete(folder: string, name: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((one) => isLeftover(one, name));
}

async function commitStore(destination: StoreRef, working: StoreRef): Promise<void> {
  const target = openWritableStore(destination);
  if (working.kind !== "process") throw new TypeError("a store of this process is written in memory first");
  const source = processStore(working.id);
  if (!isWritable(source)) throw new TypeError("not a working store");
  for (const { name } of await target.list("/")) await target.delete(joinKey("/", name));
  // the root's metadata last: without them a store isn't a dataset
  const keys = await allKeys(source, "/");
  const isRoot = (key: string): boolean => key.lastIndexOf("/") === 0;
  for (const key of [...keys.filter((one) => !isRoot(one)), ...keys.filter(isRoot)]) {
    const value = await source.get(key);
    if (value) await target.set(key, value);
  }
  unregisterStore(working.id);
}

async function allKeys(store: WritableStore, prefix: StoreKey): Promise<StoreKey[]> {
  const keys: StoreKey[] = [];
  for (const { name, kind } of await store.list(prefix)) {
    const key = joinKey(prefix, name);
    if (kind === "value") keys.push(key);
    else keys.push(...(await allKeys(store, key)));
  }
  return keys;
}

/** Anything but an empty directory. */
async function isOccupied(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) return false;
  return !facts.isDirectory() || (await readdir(path)).length > 0;
}

/** Only what is a Zarr store is ever replaced: a mistyped path must not cost a home directory. */
async function refuseDirectory(path: string, overwrite: boolean): Promise<void> {
  if (!overwrite) throw exists(path);
  const names = await readdir(path).catch(() => []);
  if (names.some((name) => ["zarr.json", ".zgroup", ".zarray", ".zmetadata"].includes(name))) return;
  throw new StorageError({
    path,
    reason: "it exists and is no Zarr store, so it isn't overwritten",
    hint: "choose another path, or remove it yourself",
  });
}

function exists(path: string): StorageError {
  return new StorageError({
    path,
    reason: "it exists already",
    hint: "choose another path, or allow it to be overwritten",
  });
}

function failed(path: string, what: string, cause: unknown): StorageError {
  const reason = `${what}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new StorageError({ path, reason, hint: "look at space and permissions", cause });
}
