/** Owns the store in memory: for tests, and for datasets that never touch a disk. Knows no format. */
import {
  type GetOptions,
  type RangeQuery,
  type StoreEntry,
  type StoreKey,
  type WritableStore,
  checkCancelled,
  entriesUnder,
  joinKey,
  keySegments,
  sliceRange,
} from "../store.js";

/** A writable store over a map from key to bytes. */
export class MemoryStore implements WritableStore {
  readonly label: string = "memory:";
  readonly entries: Map<string, Uint8Array>;

  /** @param entries values to begin with; the map is used as it is, not copied */
  constructor(entries: Map<string, Uint8Array> = new Map()) {
    this.entries = entries;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    checkCancelled(options?.signal, `reading ${this.label}${key}`);
    keySegments(key);
    return this.entries.get(key);
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const value = await this.get(key, options);
    return value && sliceRange(`${this.label}${key}`, value, range);
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (await this.get(key, options))?.length;
  }

  async list(prefix: StoreKey): Promise<StoreEntry[]> {
    return entriesUnder(this.entries.keys(), under(prefix));
  }

  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    keySegments(key);
    this.entries.set(key, value.slice());
  }

  async delete(key: StoreKey): Promise<void> {
    keySegments(key);
    const root = under(key);
    for (const one of this.entries.keys()) if (one === key || one.startsWith(root)) this.entries.delete(one);
  }
}

/** The keys below a key begin with this. */
function under(key: StoreKey): string {
  return key === "/" ? "/" : `${joinKey(key)}/`;
}
