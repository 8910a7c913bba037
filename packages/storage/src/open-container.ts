/**
 * Owns what is a file and a store at once: ZIP archives and Kerchunk's references; and the way from the reference
 * of a file to the store it lies in. Tells them from their bytes. Knows no arrays.
 */
import { basename, dirname } from "node:path";
import type { S3Access, StoreRef } from "@hyperslab/core/source-ref";
import { type StoreOptions, s3AccessOf } from "./open-store.js";
import type { StoreKey } from "./store.js";
import { joinKey } from "./store.js";

/** A value of a store, by reference. */
export interface FileRef {
  readonly folder: StoreRef;
  readonly key: StoreKey;
}

/** The file that a reference names, in a store of the folder it lies in; undefined where it can't name one. */
export function fileOf(ref: StoreRef): FileRef | undefined {
  switch (ref.kind) {
    case "file":
      return { folder: { kind: "file", path: dirname(ref.path) }, key: joinKey("/", basename(ref.path)) };
    case "http":
    case "webhdfs": {
      const url = new URL(ref.url);
      const parts = url.pathname.split("/").filter((part) => part !== "");
      const name = decodeURIComponent(parts.pop() ?? "");
      url.pathname = `/${parts.join("/")}`;
      return { folder: { ...ref, url: url.href }, key: joinKey("/", name) };
    }
    case "s3": {
      const parts = ref.prefix.split("/");
      const name = parts.pop() ?? "";
      return { folder: { ...ref, prefix: parts.join("/") }, key: joinKey("/", name) };
    }
    case "cached": {
      const inner = fileOf(ref.store);
      return inner && { folder: { ...ref, store: inner.folder }, key: inner.key };
    }
    case "zip":
    case "references":
    case "process":
      return undefined;
  }
}

/** The store that a file is, by the name of its format; undefined for files that are none. */
export function containerOf(
  format: string,
  { folder, key }: FileRef,
  targets: S3Access | undefined,
): StoreRef | undefined {
  if (format === "a ZIP archive") return { kind: "zip", store: folder, key };
  if (format === "JSON") return referencesRef(folder, key, targets);
  return undefined;
}

/**
 * References that lie in a store: a JSON file, or a folder of Parquet files. Where the store is such a folder, it is
 * named within the store that it lies in itself: what it points to by relative paths lies beside it.
 */
export function referencesRef(store: StoreRef, key: StoreKey, targets: S3Access | undefined): StoreRef {
  const access = targets ?? accessIn(store);
  const place = (key === "/" ? fileOf(store) : undefined) ?? { folder: store, key };
  return { kind: "references", store: place.folder, key: place.key, ...(access ? { targets: access } : {}) };
}

/** Who finds the references in a bucket speaks to the files in it in the same way. */
function accessIn(store: StoreRef): S3Access | undefined {
  let ground = store;
  while ("store" in ground) ground = ground.store;
  if (ground.kind !== "s3") return undefined;
  const { kind: _kind, bucket: _bucket, prefix: _prefix, ...access } = ground;
  return access;
}

/** What the options say of `s3:` targets; undefined where they say nothing. */
export function targetsOf(storageOptions: StoreOptions | undefined): S3Access | undefined {
  const access = storageOptions && s3AccessOf(storageOptions);
  return access && Object.keys(access).length > 0 ? access : undefined;
}
