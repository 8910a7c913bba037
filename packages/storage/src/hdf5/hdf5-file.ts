/** Owns one open HDF5 file: its facts, and reading its metadata by address. Knows no structure but its superblock's facts. */
import { type GetOptions, type ReadableStore, type StoreKey, checkCancelled } from "../store.js";
import type { BlockReader, FileVersion } from "./block-reader.js";
import { Cursor, type FileFacts, damaged } from "./cursor.js";

/** What the superblock says, as JSON. */
export interface Superblock {
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly base: number;
  readonly root: number;
  /** Where the superblock's own messages are (shared messages, B-tree sizes). */
  readonly extension: number | null;
}

/** An open file. Addresses are the file's own: they count from the end of the user block. */
export class Hdf5File implements FileFacts {
  readonly path: string;
  readonly offsetSize: number;
  readonly lengthSize: number;
  readonly base: number;
  readonly store: ReadableStore;
  readonly key: StoreKey;
  readonly superblock: Superblock;
  readonly #reader: BlockReader;
  readonly #signal: AbortSignal | undefined;

  constructor(
    store: ReadableStore,
    key: StoreKey,
    superblock: Superblock,
    reader: BlockReader,
    options?: GetOptions,
  ) {
    this.path = reader.path;
    this.store = store;
    this.key = key;
    this.superblock = superblock;
    this.offsetSize = superblock.offsetSize;
    this.lengthSize = superblock.lengthSize;
    this.base = superblock.base;
    this.#reader = reader;
    this.#signal = options?.signal;
  }

  /** Bytes of the file, the user block included. */
  get size(): number {
    return this.#reader.version.size;
  }

  get version(): FileVersion {
    return this.#reader.version;
  }

  /** The same file, read until `signal` is aborted. */
  with(options: GetOptions | undefined): Hdf5File {
    return options?.signal
      ? new Hdf5File(this.store, this.key, this.superblock, this.#reader, options)
      : this;
  }

  /** A cursor over `length` bytes. @throws FormatError where the file has none there */
  async cursor(address: number, length: number, what: string): Promise<Cursor> {
    const offset = this.base + address;
    if (!(offset >= 0) || !(length >= 0) || offset + length > this.size)
      throw damaged(
        this.path,
        offset,
        `${what} should have ${length} bytes here, but the file ends at byte ${this.size}`,
      );
    checkCancelled(this.#signal, `reading ${this.path}`);
    return new Cursor(await this.#reader.read(offset, length), this, address);
  }

  /** The same, or as many bytes as there are before the file's end; at least `least`. */
  cursorUpTo(address: number, length: number, least: number, what: string): Promise<Cursor> {
    const there = this.size - this.base - address;
    return this.cursor(address, Math.max(least, Math.min(length, there)), what);
  }
}
