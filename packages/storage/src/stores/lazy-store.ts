/**
 * Owns stores whose code is loaded with their first request: who reads a local directory doesn't wait for the code
 * of buckets. Knows no store.
 */
import type {
  GetOptions,
  RangeQuery,
  ReadableStore,
  StoreEntry,
  StoreFacts,
  StoreKey,
  WritableStore,
} from "../store.js";

/** A store that will be there. What it can do is known before. */
export class LazyStore implements ReadableStore {
  readonly #label: string;
  readonly #load: () => Promise<ReadableStore>;
  #loading: Promise<ReadableStore> | undefined;
  #loaded: ReadableStore | undefined;

  /** @param label until the store says its own */
  constructor(label: string, load: () => Promise<ReadableStore>) {
    this.#label = label;
    this.#load = load;
  }

  get label(): string {
    return this.#loaded?.label ?? this.#label;
  }

  /** What is far away is taken to last, as its stores say themselves. */
  get lasting(): boolean {
    return this.#loaded ? (this.#loaded.lasting ?? false) : true;
  }

  get prompt(): boolean {
    return this.#loaded?.prompt ?? false;
  }

  /** The store itself. */
  itself(): Promise<ReadableStore> {
    this.#loading ??= this.#load().then((store) => (this.#loaded = store));
    return this.#loading;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return (this.#loaded ?? (await this.itself())).get(key, options);
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    return (this.#loaded ?? (await this.itself())).getRange(key, range, options);
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (this.#loaded ?? (await this.itself())).sizeOf(key, options);
  }

  async factsOf(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined> {
    const store = this.#loaded ?? (await this.itself());
    if (store.factsOf) return store.factsOf(key, options);
    const size = await store.sizeOf(key, options);
    return size === undefined ? undefined : { size };
  }
}

/** One that can list. */
export class LazyListedStore extends LazyStore {
  async list(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]> {
    return (await (await this.itself()).list?.(prefix, options)) ?? [];
  }
}

/** One that can also be written. */
export class LazyWritableStore extends LazyListedStore implements WritableStore {
  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    await ((await this.itself()) as WritableStore).set(key, value);
  }

  async delete(key: StoreKey): Promise<void> {
    await ((await this.itself()) as WritableStore).delete(key);
  }
}
