/**
 * Owns the writing of whole datasets to a bucket: beside their destination, under a name that says so; then the
 * server copies them to their place, the root's metadata last. Knows no format but the names of its roots.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { forEachConcurrent } from "./concurrent.js";
import { openStoreItself } from "./open-store.js";
import type { StoreKey } from "./store.js";
import { S3Store } from "./stores/s3-store.js";
import { isLeftover, workingPathFor } from "./working-path.js";

export type BucketRef = Extract<StoreRef, { readonly kind: "s3" }>;

/** Copies that are under way at once. */
const AT_ONCE = 16;

const ROOTS: ReadonlySet<string> = new Set(["zarr.json", ".zgroup", ".zarray", ".zmetadata"]);

/**
 * Where to write. @throws StorageError where something is at the destination that may not be replaced
 */
export async function beginInBucket(destination: BucketRef, overwrite: boolean): Promise<BucketRef> {
  const store = await bucketStore(destination);
  if (destination.prefix === "")
    throw new StorageError({
      path: store.label,
      reason: "a dataset needs a name within the bucket",
      hint: `${store.label}/name.zarr`,
    });
  const names = (await store.list("/")).map(({ name }) => name);
  if (names.length && !overwrite)
    throw new StorageError({
      path: store.label,
      reason: "it exists already",
      hint: "choose another path, or allow it to be overwritten",
    });
  if (names.length && !names.some((name) => ROOTS.has(name)))
    throw new StorageError({
      path: store.label,
      reason: "it exists and is no Zarr store, so it isn't overwritten",
      hint: "choose another path, or remove it yourself",
    });
  return { ...destination, prefix: workingPathFor(destination.prefix) };
}

/** Puts what was written into its place. Until the last copy, the destination has no metadata at its root. */
export async function commitInBucket(destination: BucketRef, working: BucketRef): Promise<void> {
  const [target, source] = [await bucketStore(destination), await bucketStore(working)];
  for (const { name } of await target.list("/")) if (ROOTS.has(name)) await target.delete(`/${name}`);
  await target.delete("/");
  const keys: StoreKey[] = [];
  for await (const key of source.keys()) keys.push(key);
  const isRoot = (key: StoreKey): boolean => key.lastIndexOf("/") === 0;
  const copy = (some: readonly StoreKey[]): Promise<void> =>
    forEachConcurrent(some, AT_ONCE, (key) => target.copyFrom(source, key));
  await copy(keys.filter((key) => !isRoot(key)));
  await copy(keys.filter(isRoot));
  await source.delete("/");
}

/** Removes what was written. */
export async function abortInBucket(working: BucketRef): Promise<void> {
  await (await bucketStore(working)).delete("/");
}

/** What unfinished writes of this dataset left beside it. */
export async function leftoversInBucket(destination: BucketRef): Promise<string[]> {
  const parts = destination.prefix.split("/");
  const name = parts.pop() ?? "";
  const beside = await bucketStore({ ...destination, prefix: parts.join("/") });
  return (await beside.list("/")).map((entry) => entry.name).filter((entry) => isLeftover(entry, name));
}

async function bucketStore(ref: BucketRef): Promise<S3Store> {
  const store = await openStoreItself(ref);
  if (store instanceof S3Store) return store;
  throw new TypeError("a bucket's reference opens as something else");
}
