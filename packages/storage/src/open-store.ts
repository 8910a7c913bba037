/** Owns the way from a reference, a path or a URL to an open store. Knows no format. */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { unreachable } from "@hyperslab/core/unreachable";
import { FileStore } from "./file-store.js";
import { HttpStore } from "./http-store.js";
import { processStore } from "./process-store.js";
import { type ReadableStore, type WritableStore, isWritable } from "./store.js";

/** How many stores stay open in a process at most; they hold no handles, only what they know. */
const MOST_OPEN = 256;

const open: Map<string, ReadableStore> = new Map();

/** The store of a reference; one object per process and reference. @throws StorageError */
export function openStore(ref: StoreRef): ReadableStore {
  if (ref.kind === "process") return processStore(ref.id);
  const name = ref.kind === "file" ? `file ${ref.path}` : `http ${ref.url}`;
  let store = open.get(name);
  if (!store) {
    store = openAnew(ref);
    if (open.size >= MOST_OPEN) for (const oldest of [...open.keys()].slice(0, 1)) open.delete(oldest);
    open.set(name, store);
  }
  return store;
}

/** The same, for writing. @throws StorageError where the store can't be written */
export function openWritableStore(ref: StoreRef): WritableStore {
  const store = openStore(ref);
  if (isWritable(store)) return store;
  throw new StorageError({
    path: store.label,
    reason: "this store can only be read",
    hint: "write to a directory, or to a store object with set, delete and list",
  });
}

/**
 * The reference of a path or URL: `http(s)://…`, `file://…`, or a path, which is made absolute here so
 * that it means the same in every process of this machine. @throws StorageError for other schemes
 */
export function storeRefOf(pathOrUrl: string): StoreRef {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(pathOrUrl)?.[1].toLowerCase();
  switch (scheme) {
    case undefined:
      return { kind: "file", path: resolve(pathOrUrl) };
    case "file":
      return { kind: "file", path: fileURLToPath(pathOrUrl) };
    case "http":
    case "https":
      return { kind: "http", url: pathOrUrl };
    default:
      throw new StorageError({
        path: pathOrUrl,
        reason: `there is no store for ${scheme}://`,
        hint: "use a path, a http(s) URL, or pass a store object",
      });
  }
}

function openAnew(ref: Exclude<StoreRef, { readonly kind: "process" }>): ReadableStore {
  switch (ref.kind) {
    case "file":
      return new FileStore(ref.path);
    case "http":
      return new HttpStore(ref.url);
    default:
      return unreachable(ref);
  }
}
