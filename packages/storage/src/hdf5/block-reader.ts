/**
 * Owns reading metadata by few requests: aligned blocks of a file are fetched once, with some more after them,
 * and kept within a budget that all files share. Knows no format.
 */
import { StorageError } from "@hyperslab/core/errors";
import type { ReadableStore, StoreKey } from "../store.js";

const BLOCK = 64 * 1024;
/** Blocks of one request: where requests are dear, most metadata come with the first. */
const NEAR = { first: 1, next: 1, most: 4 };
const FAR = { first: 4, next: 2, most: 16 };
/** Longer reads are data: they are not kept. */
const LONGEST = 2 * 2 ** 20;
/** Bytes of blocks that are kept in this process. */
const BUDGET = 24 * 2 ** 20;

/** Readers that hold blocks, the one used longest ago first. */
const holders: Set<BlockReader> = new Set();
let held = 0;

/** What a file was when it was opened: a change is noticed by it. */
export interface FileVersion {
  readonly size: number;
  /** When it was last changed, in milliseconds since 1970. */
  readonly modified?: number;
  /** What the server calls this version. */
  readonly tag?: string;
}

/** Reads byte ranges of one version of a file. */
export class BlockReader {
  readonly path: string;
  readonly version: FileVersion;
  readonly #store: ReadableStore;
  readonly #key: StoreKey;
  readonly #blocks: Map<number, Uint8Array | Promise<Uint8Array>> = new Map();
  readonly #ahead: { readonly first: number; readonly next: number; readonly most: number };
  #last = -1;
  #run = 0;

  constructor(store: ReadableStore, key: StoreKey, version: FileVersion) {
    this.#store = store;
    this.#key = key;
    this.path = `${store.label}${key}`;
    this.version = version;
    this.#ahead = store.lasting ? FAR : NEAR;
  }

  /** The bytes; never change them. @throws StorageError where the file has gone, or is shorter than it was */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array(0);
    if (length > LONGEST) return this.#fetch(offset, length);
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    this.#demand(first, last);
    holders.delete(this);
    holders.add(this);
    if (first === last) {
      const block = this.#blocks.get(first);
      const bytes = block instanceof Uint8Array ? block : await block;
      if (bytes) return bytes.subarray(offset - first * BLOCK, offset - first * BLOCK + length);
    }
    const out = new Uint8Array(length);
    const wanted = Array.from({ length: last - first + 1 }, (_, i) => this.#blocks.get(first + i));
    for (let i = 0; i < wanted.length; i++) {
      const bytes = await wanted[i];
      const start = (first + i) * BLOCK;
      if (!bytes) return this.#fetch(offset, length);
      const from = Math.max(0, offset - start);
      const to = Math.min(bytes.length, offset + length - start);
      out.set(bytes.subarray(from, to), start + from - offset);
    }
    return out;
  }

  /** The bytes, where they are here already; never change them. */
  kept(offset: number, length: number): Uint8Array | undefined {
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    const blocks: Uint8Array[] = [];
    for (let i = first; i <= last; i++) {
      const block = this.#blocks.get(i);
      if (!(block instanceof Uint8Array)) return undefined;
      blocks.push(block);
    }
    if (blocks.length === 0) return new Uint8Array(0);
    const start = offset - first * BLOCK;
    if (blocks.length === 1) return blocks[0].subarray(start, start + length);
    return new Uint8Array(Buffer.concat(blocks)).subarray(start, start + length);
  }

  /** Starts fetching those of the blocks `first .. last` that aren't there, and a few more after them. */
  #demand(first: number, last: number): void {
    let from = first;
    while (from <= last && this.#blocks.has(from)) from++;
    if (from > last) return;
    const { first: start, next, most } = this.#ahead;
    // who reads on where the last request ended is going through the file
    this.#run = from === this.#last ? Math.min(most, Math.max(next, this.#run * 2)) : next;
    const count = this.#last === -1 ? start : this.#run;
    let to = Math.max(last + 1, from + count);
    to = Math.min(to, Math.ceil(this.version.size / BLOCK));
    for (let i = last + 1; i < to; i++) if (this.#blocks.has(i)) to = i;
    this.#last = to;
    const offset = from * BLOCK;
    const fetched = this.#fetch(offset, Math.min(to * BLOCK, this.version.size) - offset);
    for (let i = from; i < to; i++) {
      const block = fetched.then((bytes) => {
        const part = bytes.subarray((i - from) * BLOCK, (i - from + 1) * BLOCK);
        this.#keep(i, part);
        return part;
      });
      // whoever reads it hears of a failure; the next one asks anew
      block.catch(() => this.#blocks.delete(i));
      this.#blocks.set(i, block);
    }
  }

  #keep(index: number, bytes: Uint8Array): void {
    this.#blocks.set(index, bytes);
    held += bytes.length;
    for (const holder of holders) {
      if (held <= BUDGET) break;
      if (holder.#forget(holder === this ? index : -1)) holders.delete(holder);
    }
  }

  /** Gives up blocks until all are within the budget, but not block `kept`; true where none is left. */
  #forget(kept: number): boolean {
    for (const [index, block] of this.#blocks) {
      if (held <= BUDGET) return false;
      if (!(block instanceof Uint8Array) || index === kept) continue;
      this.#blocks.delete(index);
      held -= block.length;
    }
    return this.#blocks.size === 0;
  }

  async #fetch(offset: number, length: number): Promise<Uint8Array> {
    const bytes = await this.#store.getRange(this.#key, { offset, length });
    if (bytes) return bytes;
    throw new StorageError({
      path: this.path,
      reason: "the file has gone since it was opened",
      offset,
      length,
    });
  }
}
