/**
 * Owns the contract of stores: bytes under keys, as zarrita spells them (`get`, `getRange`), with our own
 * optional `sizeOf`, `list`, `set` and `delete`. Knows no format: a key is a path and a value is bytes.
 */
import { CancelledError, StorageError } from "@hyperslab/core/errors";

/** A path from the root of a store; begins with "/". */
export type StoreKey = `/${string}`;

/** Which bytes of a value: an interval, or so many from the end. */
export type RangeQuery = { offset: number; length: number } | { suffixLength: number };

export interface GetOptions {
  signal?: AbortSignal;
  /**
   * Memory for the bytes, asked for once their number is known; null for wherever the store likes. A store that can
   * puts them there, and answers that very memory; others leave it be. It is lent: whoever keeps bytes doesn't use it.
   */
  memory?: (length: number) => Uint8Array | null;
}

/**
 * What a foreign store has to offer: zarrita's `Readable`, so that zarrita's own stores, a `Map`, or an
 * Icechunk session can be used as they are. {@link asStore} completes it.
 */
export interface ForeignStore {
  get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  getRange?(
    key: StoreKey,
    range: RangeQuery,
    options?: GetOptions,
  ): Promise<Uint8Array | undefined> | Uint8Array | undefined;
  set?(key: StoreKey, value: Uint8Array): unknown;
  delete?(key: StoreKey): unknown;
  sizeOf?(key: StoreKey, options?: GetOptions): Promise<number | undefined>;
  list?(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]>;
}

/** One name directly under a prefix. */
export interface StoreEntry {
  readonly name: string;
  readonly kind: "value" | "prefix";
}

/** What is known of a value without reading it. */
export interface StoreFacts {
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified?: number;
  /** What the server calls this version of it (ETag). */
  readonly tag?: string;
}

/** Bytes that can be read. A key that isn't there is `undefined`; everything else that fails is a StorageError. */
export interface ReadableStore {
  /** For messages: the path or URL of the root. */
  readonly label: string;
  /** True where values are taken never to change while they are used, so that what was learnt of them may be kept. */
  readonly lasting?: boolean;
  /** True while answers come at once: then requests are best made one after another. */
  readonly prompt?: boolean;
  /** The whole value. The bytes belong to the store: never change them. */
  get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** Exactly the bytes asked for. @throws StorageError where the range goes past the end of the value */
  getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** Bytes of the value. */
  sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined>;
  /** What tells one version of the value from another; absent where the store can't tell more than the size. */
  factsOf?(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined>;
  /** The names directly under `prefix` ("/" is the root); absent where the store can't tell. */
  list?(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]>;
}

/** Bytes that can also be written. A value appears whole or not at all. */
export interface WritableStore extends ReadableStore {
  set(key: StoreKey, value: Uint8Array): Promise<void>;
  /** Removes the value, and every key below it. Absent keys are no error. */
  delete(key: StoreKey): Promise<void>;
  list(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]>;
}

export function isWritable(store: ReadableStore): store is WritableStore {
  const { set, delete: remove, list } = store as Partial<WritableStore>;
  return typeof set === "function" && typeof remove === "function" && typeof list === "function";
}

/**
 * Checks a key and gives its segments. No key may leave the root or be ambiguous.
 * @throws StorageError for `..`, `.`, empty segments, backslashes and NUL
 */
export function keySegments(key: string): string[] {
  const segments = key === "/" ? [] : key.split("/").slice(1);
  const bad = segments.find(
    (part) => part === "" || part === "." || part === ".." || part.includes("\\") || part.includes("\0"),
  );
  if (!key.startsWith("/") || bad !== undefined)
    throw new StorageError({
      path: key,
      reason: "not a key of a store",
      hint: "keys begin with / and have no empty, . or .. parts, no backslash and no NUL",
    });
  return segments;
}

/** `base` and further parts as one key; parts may hold slashes themselves. */
export function joinKey(base: string, ...parts: string[]): StoreKey {
  const names = [base, ...parts].flatMap((part) => part.split("/")).filter((part) => part !== "");
  return `/${names.join("/")}`;
}

/**
 * What lies directly under `under` (which ends in "/", or is empty), told from all keys; sorted. A name that is a value
 * and a prefix at once is a prefix.
 */
export function entriesUnder(keys: Iterable<string>, under: string): StoreEntry[] {
  const kinds = new Map<string, StoreEntry["kind"]>();
  for (const key of keys) {
    if (!key.startsWith(under)) continue;
    const slash = key.indexOf("/", under.length);
    const name = key.slice(under.length, slash < 0 ? undefined : slash);
    if (slash >= 0) kinds.set(name, "prefix");
    else if (!kinds.has(name)) kinds.set(name, "value");
  }
  return sortedEntries(kinds);
}

/** Names with their kinds as stores list them. */
export function sortedEntries(kinds: ReadonlyMap<string, StoreEntry["kind"]>): StoreEntry[] {
  return [...kinds].map(([name, kind]) => ({ name, kind })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The bytes of `value` that a range names. @throws StorageError where it goes past the end */
export function sliceRange(path: string, value: Uint8Array, range: RangeQuery): Uint8Array {
  const { offset, length } = resolveRange(path, value.length, range);
  return value.subarray(offset, offset + length);
}

/** A range as offset and length of a value of `size` bytes. @throws StorageError where it goes past the end */
export function resolveRange(
  path: string,
  size: number,
  range: RangeQuery,
): { offset: number; length: number } {
  const { offset, length } =
    "suffixLength" in range
      ? { offset: size - range.suffixLength, length: range.suffixLength }
      : { offset: range.offset, length: range.length };
  if (offset < 0 || length < 0 || offset + length > size)
    throw new StorageError({
      path,
      reason: `the range goes past the end: the value has ${size} bytes`,
      hint: "the value is truncated, or what points into it is wrong",
      offset,
      length,
    });
  return { offset, length };
}

/** Throws a CancelledError once `signal` is aborted. */
export function checkCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new CancelledError({ what, cause: signal.reason });
}

/** What a failed read of `path` is to its caller: cancelled, ours already, or a StorageError with its cause. */
export function asStorageError(path: string, signal: AbortSignal | undefined, cause: unknown): Error {
  if (signal?.aborted) return new CancelledError({ what: `reading ${path}`, cause: signal.reason });
  if (cause instanceof StorageError || cause instanceof CancelledError) return cause;
  return new StorageError({ path, reason: cause instanceof Error ? cause.message : String(cause), cause });
}

/**
 * Completes a foreign store: answers become promises, ranges are checked for their length and made of
 * whole values where the store has none, failures become StorageErrors. Our own stores pass through.
 */
export function asStore(store: ForeignStore | ReadableStore, label = "(object in memory)"): ReadableStore {
  if ("label" in store) return store;
  const guard = async <T>(key: string, signal: AbortSignal | undefined, read: () => Promise<T> | T) => {
    keySegments(key);
    checkCancelled(signal, `reading ${label}${key}`);
    try {
      return await read();
    } catch (cause) {
      throw asStorageError(`${label}${key}`, signal, cause);
    }
  };
  const get: ReadableStore["get"] = (key, options) =>
    guard(key, options?.signal, () => store.get(key, options));
  const complete: ReadableStore = {
    label,
    get,
    getRange: (key, range, options) =>
      guard(key, options?.signal, async () => {
        const value = store.getRange
          ? await store.getRange(key, range, options)
          : await store.get(key, options);
        if (value === undefined) return undefined;
        if (!store.getRange) return sliceRange(`${label}${key}`, value, range);
        const wanted = "suffixLength" in range ? range.suffixLength : range.length;
        if (value.length === wanted) return value;
        throw new StorageError({
          path: `${label}${key}`,
          reason: `the store answered ${value.length} bytes for a range of ${wanted}`,
          hint: "the value is truncated, or the store doesn't understand ranges",
        });
      }),
    async sizeOf(key, options) {
      if (store.sizeOf) return guard(key, options?.signal, () => store.sizeOf?.(key, options));
      return (await get(key, options))?.length;
    },
  };
  if (store.list) complete.list = (prefix, options) => store.list?.(prefix, options) ?? Promise.resolve([]);
  const { set, delete: remove, list } = store;
  if (!set || !remove || !list) return complete;
  const writable: WritableStore = {
    ...complete,
    list: (prefix, options) => list.call(store, prefix, options),
    async set(key, value) {
      keySegments(key);
      await set.call(store, key, value);
    },
    async delete(key) {
      keySegments(key);
      await remove.call(store, key);
    },
  };
  return writable;
}
