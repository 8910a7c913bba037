/**
 * Owns the read-only store whose values are references: inline bytes, files, or parts of files in other stores.
 * How a URL becomes a store is given to it. Knows no format within.
 */
import { StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type ReadableStore,
  type StoreEntry,
  type StoreKey,
  checkCancelled,
  entriesUnder,
  joinKey,
  keySegments,
  resolveRange,
  sliceRange,
} from "../store.js";
import { type Reference, type ReferenceIndex, parseReferences } from "./reference-json.js";

/** A value of another store. */
export interface Target {
  readonly store: ReadableStore;
  readonly key: StoreKey;
}

/** A readable store over Kerchunk's references, read with the first key. */
export class ReferenceStore implements ReadableStore {
  readonly label: string;
  readonly lasting: boolean = true;
  readonly #store: ReadableStore;
  readonly #key: StoreKey;
  readonly #openTarget: (url: string) => Target;
  readonly #listed: Map<string, StoreEntry[]> = new Map();
  #index: Promise<ReferenceIndex> | undefined;

  /**
   * @param key the JSON file in `store`, or the folder of Parquet files with its `.zmetadata`
   * @param openTarget the value that a URL, or a path as the references have it, stands for
   */
  constructor(store: ReadableStore, key: string, openTarget: (url: string) => Target) {
    this.#store = store;
    this.#key = key as StoreKey;
    this.#openTarget = openTarget;
    this.label = `references:${store.label}${key === "/" ? "" : key}`;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    const reference = await this.#find(key, options);
    if (!reference) return undefined;
    if (reference.kind === "inline") return reference.bytes;
    const { store, key: target } = this.#openTarget(reference.url);
    if (reference.kind === "whole") return this.#there(key, reference, await store.get(target, options));
    const { offset, length } = reference;
    if (length === 0) return new Uint8Array(0);
    return this.#there(key, reference, await store.getRange(target, { offset, length }, options));
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const reference = await this.#find(key, options);
    if (!reference) return undefined;
    const path = `${this.label}${key}`;
    if (reference.kind === "inline") return sliceRange(path, reference.bytes, range);
    const { store, key: target } = this.#openTarget(reference.url);
    if (reference.kind === "whole")
      return this.#there(key, reference, await store.getRange(target, range, options));
    const { offset, length } = resolveRange(path, reference.length, range);
    if (length === 0) return new Uint8Array(0);
    const inTarget = { offset: reference.offset + offset, length };
    return this.#there(key, reference, await store.getRange(target, inTarget, options));
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    const reference = await this.#find(key, options);
    if (!reference) return undefined;
    if (reference.kind === "inline") return reference.bytes.length;
    if (reference.kind === "part") return reference.length;
    const { store, key: target } = this.#openTarget(reference.url);
    return this.#there(key, reference, await store.sizeOf(target, options));
  }

  /** Chunks whose references lie in Parquet files aren't listed: that would read all of them. */
  async list(prefix: StoreKey): Promise<StoreEntry[]> {
    const under = keySegments(prefix)
      .map((part) => `${part}/`)
      .join("");
    const known = this.#listed.get(under);
    if (known) return known;
    const listed = entriesUnder((await this.#references()).keys(), under);
    this.#listed.set(under, listed);
    return listed;
  }

  async #find(key: StoreKey, options: GetOptions | undefined): Promise<Reference | undefined> {
    keySegments(key);
    checkCancelled(options?.signal, `reading ${this.label}${key}`);
    const index = await this.#references();
    checkCancelled(options?.signal, `reading ${this.label}${key}`);
    return index.find(key.slice(1));
  }

  #references(): Promise<ReferenceIndex> {
    this.#index ??= this.#read().catch((error: unknown) => {
      this.#index = undefined;
      throw error;
    });
    return this.#index;
  }

  async #read(): Promise<ReferenceIndex> {
    const bytes = this.#key === "/" ? undefined : await this.#store.get(this.#key);
    if (bytes) return parseReferences(`${this.#store.label}${this.#key}`, bytes);
    const zmetadata = await this.#store.get(joinKey(this.#key, ".zmetadata"));
    if (zmetadata) {
      // the reader of Parquet files is larger than all the rest
      const { parquetReferences } = await import("./reference-parquet.js");
      return parquetReferences(this.#store, this.#key, zmetadata);
    }
    throw new StorageError({ path: this.label, reason: "there are no such references" });
  }

  /** A chunk that was never written has no reference; one that points to nothing is an error. */
  #there<T>(
    key: StoreKey,
    reference: Exclude<Reference, { readonly kind: "inline" }>,
    value: T | undefined,
  ): T {
    if (value !== undefined) return value;
    throw new StorageError({
      path: `${this.label}${key}`,
      reason: `it refers to ${reference.url}, which isn't there`,
      hint: "the file was moved or removed since the references were made",
      ...(reference.kind === "part" ? { offset: reference.offset, length: reference.length } : {}),
    });
  }
}
