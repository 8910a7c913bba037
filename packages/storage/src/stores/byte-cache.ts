/**
 * Owns the memory of bytes that were read: so many of them, those that were asked for longest ago forgotten
 * first. One memory serves all stores of a thread. Knows no format.
 */
import { type GetOptions, type RangeQuery, type ReadableStore, type StoreKey, isWritable } from "../store.js";
import { extend } from "./coalesce.js";

/** Bytes that one entry counts besides its own: keys and the entry itself. */
const OVERHEAD = 200;

/** Bytes by name, as many as fit the budget. */
export class ByteCache {
  readonly #entries: Map<string, Uint8Array> = new Map();
  #budget: number;
  #used = 0;

  /** @param budget bytes */
  constructor(budget: number) {
    this.#budget = budget;
  }

  get used(): number {
    return this.#used;
  }

  get budget(): number {
    return this.#budget;
  }

  set budget(bytes: number) {
    this.#budget = bytes;
    this.#shrink();
  }

  get(name: string): Uint8Array | undefined {
    const bytes = this.#entries.get(name);
    if (bytes !== undefined) {
      // the youngest stand last
      this.#entries.delete(name);
      this.#entries.set(name, bytes);
    }
    return bytes;
  }

  /** Keeps `bytes`, unless they take more than a quarter of the whole. */
  set(name: string, bytes: Uint8Array): void {
    this.delete(name);
    if (bytes.length > this.#budget / 4) return;
    // of a piece of something bigger, the piece is kept, and not what it lies in
    const own = bytes.byteLength * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes;
    this.#entries.set(name, own);
    this.#used += sizeOf(own, name);
    this.#shrink();
  }

  delete(name: string): void {
    const bytes = this.#entries.get(name);
    if (bytes === undefined) return;
    this.#used -= sizeOf(bytes, name);
    this.#entries.delete(name);
  }

  /** Forgets all names that begin so. */
  forget(beginning: string): void {
    for (const name of this.#entries.keys()) if (name.startsWith(beginning)) this.delete(name);
  }

  #shrink(): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#used <= this.#budget) break;
      this.delete(oldest);
    }
  }
}

/** Not where the asker would like the bytes: they stay here. */
function signalOf(options: GetOptions | undefined): GetOptions {
  return options?.signal ? { signal: options.signal } : {};
}

function sizeOf(bytes: Uint8Array, name: string): number {
  return bytes.buffer.byteLength + name.length * 2 + OVERHEAD;
}

let shared: ByteCache | undefined;

/** The memory that all cached stores of this thread share; the largest budget that anybody asked for counts. */
export function byteCache(budget: number): ByteCache {
  shared ??= new ByteCache(0);
  if (budget > shared.budget) shared.budget = budget;
  return shared;
}

/**
 * The same store, with what was read from it kept. What several ask for at once is asked for once. A whole value
 * that is there serves every range of it. What is written through this store is forgotten.
 * @param name tells the values of this store from those of others in the cache
 */
export function withByteCache<S extends ReadableStore>(store: S, cache: ByteCache, name: string): S {
  const underWay = new Map<string, Promise<Uint8Array | undefined>>();
  const wholeName = (key: StoreKey): string => `${name}\n${key}\n`;

  const read = (
    entry: string,
    options: GetOptions | undefined,
    ask: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> => {
    const kept = cache.get(entry);
    if (kept) return Promise.resolve(kept);
    // who may be cancelled doesn't share: the others would be cancelled with him
    if (options?.signal) return asked(entry, ask);
    let same = underWay.get(entry);
    if (!same) {
      same = asked(entry, ask).finally(() => underWay.delete(entry));
      underWay.set(entry, same);
    }
    return same;
  };
  const asked = async (
    entry: string,
    ask: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> => {
    const value = await ask();
    if (value) cache.set(entry, value);
    return value;
  };
  const forget = (key: StoreKey): void => {
    cache.forget(wholeName(key));
    cache.forget(`${name}\n${key === "/" ? "" : key}/`);
  };

  return extend(store, {
    get: (key: StoreKey, options?: GetOptions) =>
      options?.signal?.aborted
        ? store.get(key, options)
        : read(wholeName(key), options, () => store.get(key, signalOf(options))),
    getRange(key: StoreKey, range: RangeQuery, options?: GetOptions) {
      const whole = cache.get(wholeName(key));
      const size = whole?.length ?? 0;
      const [offset, length] =
        "offset" in range ? [range.offset, range.length] : [size - range.suffixLength, range.suffixLength];
      const isInside = offset >= 0 && length >= 0 && offset + length <= size;
      if (options?.signal?.aborted) return store.getRange(key, range, options);
      if (whole && isInside) return Promise.resolve(whole.subarray(offset, offset + length));
      const what = "offset" in range ? `${range.offset}+${range.length}` : `-${range.suffixLength}`;
      return read(`${wholeName(key)}${what}`, options, () => store.getRange(key, range, signalOf(options)));
    },
    ...(isWritable(store)
      ? {
          async set(key: StoreKey, value: Uint8Array) {
            forget(key);
            await store.set(key, value);
            forget(key);
          },
          async delete(key: StoreKey) {
            forget(key);
            await store.delete(key);
            forget(key);
          },
        }
      : {}),
  });
}
