/**
 * Owns the stores that are objects of this process, by number: what a StoreRef of kind `process` names.
 * They can't be opened in another process or thread.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { StoreRef } from "@hyperslab/core/source-ref";
import { type ForeignStore, type ReadableStore, asStore } from "../store.js";

const stores: Map<number, ReadableStore> = new Map();
const numbers: WeakMap<object, number> = new WeakMap();
let next = 1;

/** Numbers a store; one object always has the same number. Any zarrita store, or a `Map` of bytes, will do. */
export function registerStore(
  store: ForeignStore | ReadableStore,
): Extract<StoreRef, { readonly kind: "process" }> {
  let id = numbers.get(store);
  if (id === undefined) {
    id = next++;
    numbers.set(store, id);
  }
  if (!stores.has(id)) stores.set(id, asStore(store, `(store ${id} of this process)`));
  return { kind: "process", id };
}

/** The store of this number. @throws StorageError where this process has none */
export function processStore(id: number): ReadableStore {
  const store = stores.get(id);
  if (store) return store;
  throw new StorageError({
    path: `store ${id} of a process`,
    reason: "it isn't there",
    hint: "stores in memory exist only in the process and thread that made them: use a directory or a URL, or compute inline",
  });
}

/** Forgets a store, so that its memory can be freed. */
export function unregisterStore(id: number): void {
  stores.delete(id);
}
