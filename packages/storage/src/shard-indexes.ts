/** Owns the memory of shard indexes for stores whose values don't change: bounded, the oldest forgotten first. */
import type { ShardIndex } from "@hyperslab/codecs/chunk-pipeline";

/** Inner chunks whose places are remembered in all: about 16 bytes each. */
const MOST = 2 ** 20;

/** Indexes by the key of their shard. One that is being read is there already, so that it is read once. */
export class ShardIndexes {
  readonly #known: Map<string, { readonly index: Promise<ShardIndex | undefined>; readonly size: number }> =
    new Map();
  #size = 0;

  /** The index under `key`, read with `read` where it isn't known. @param size its number of inner chunks */
  get(
    key: string,
    size: number,
    read: () => Promise<ShardIndex | undefined>,
  ): Promise<ShardIndex | undefined> {
    const known = this.#known.get(key);
    if (known) return known.index;
    const index = read().catch((error: unknown) => {
      this.#forget(key);
      throw error;
    });
    this.#known.set(key, { index, size });
    this.#size += size;
    for (const oldest of this.#known.keys()) {
      if (this.#size <= MOST || oldest === key) break;
      this.#forget(oldest);
    }
    return index;
  }

  #forget(key: string): void {
    this.#size -= this.#known.get(key)?.size ?? 0;
    this.#known.delete(key);
  }
}
