/** Owns the record of what is asked of a store: how tests (and curious people) see which bytes a read needs. */
import type { ReadableStore, StoreKey } from "../store.js";

/** One request; `offset` is undefined for whole values, negative for suffixes. */
export interface StoreRequest {
  readonly operation: "get" | "getRange" | "sizeOf" | "list";
  readonly key: StoreKey;
  readonly offset?: number;
  readonly length?: number;
}

/** The store, and the list of requests that it grows. Only reads are recorded, and only reads are passed on. */
export function withRequestLog(store: ReadableStore): { store: ReadableStore; requests: StoreRequest[] } {
  const requests: StoreRequest[] = [];
  const logged: ReadableStore = {
    label: store.label,
    get(key, options) {
      requests.push({ operation: "get", key });
      return store.get(key, options);
    },
    getRange(key, range, options) {
      requests.push(
        "suffixLength" in range
          ? { operation: "getRange", key, offset: -range.suffixLength, length: range.suffixLength }
          : { operation: "getRange", key, offset: range.offset, length: range.length },
      );
      return store.getRange(key, range, options);
    },
    sizeOf(key, options) {
      requests.push({ operation: "sizeOf", key });
      return store.sizeOf(key, options);
    },
  };
  if (store.list)
    logged.list = (prefix, options) => {
      requests.push({ operation: "list", key: prefix });
      return store.list?.(prefix, options) ?? Promise.resolve([]);
    };
  return { store: logged, requests };
}
