/**
 * Owns the read-only store in a ZIP archive that lies in another store, here or far away: entries that are stored
 * as they are are read by ranges, packed ones whole. Knows no format within.
 */
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { FormatError, StorageError } from "@hyperslab/core/errors";
import {
  type GetOptions,
  type RangeQuery,
  type ReadableStore,
  type StoreEntry,
  type StoreFacts,
  type StoreKey,
  asStorageError,
  checkCancelled,
  entriesUnder,
  keySegments,
  resolveRange,
  sliceRange,
} from "../store.js";
import { type ZipEntry, readZipDirectory } from "./zip-directory.js";

const inflate = promisify(inflateRaw);

const STORED = 0;
const DEFLATED = 8;
/** Names of what else a ZIP archive may be packed with. */
const METHODS: Readonly<Record<number, string>> = {
  1: "shrink",
  6: "implode",
  9: "Deflate64",
  12: "bzip2",
  14: "LZMA",
  93: "Zstandard",
  95: "XZ",
  96: "JPEG",
  98: "PPMd",
  99: "AES encryption",
};
const HEADER = 30;
/** Bytes that the fields after a header's name are guessed to have at most; read along with what follows. */
const USUAL_EXTRA = 64;
/** An entry isn't unpacked to more than this. */
const LARGEST = 2 ** 31;

/** A readable store over the entries of an archive. The directory is read with the first key. */
export class ZipStore implements ReadableStore {
  readonly label: string;
  readonly #store: ReadableStore;
  readonly #key: StoreKey;
  /** Where the bytes of entries begin, as far as known. */
  readonly #starts: Map<string, number> = new Map();
  #entries: Promise<ReadonlyMap<string, ZipEntry>> | undefined;
  #size = 0;

  /** @param key the archive, in `store` */
  constructor(store: ReadableStore, key: string) {
    this.#store = store;
    this.#key = key as StoreKey;
    this.label = `zip:${store.label}${key}`;
  }

  get lasting(): boolean {
    return this.#store.lasting ?? false;
  }

  get prompt(): boolean {
    return this.#store.prompt ?? false;
  }

  async get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    const entry = await this.#find(key, options);
    return entry && this.#readWhole(key, entry, options);
  }

  async getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    const entry = await this.#find(key, options);
    if (!entry) return undefined;
    const path = `${this.label}${key}`;
    const { offset, length } = resolveRange(path, entry.size, range);
    if (length === 0) return new Uint8Array(0);
    if (entry.method !== STORED || entry.encrypted || length === entry.size)
      return sliceRange(path, await this.#readWhole(key, entry, options), { offset, length });
    const start = this.#starts.get(entry.name) ?? (await this.#findStart(key, entry, options));
    return this.#read(start + offset, length, options);
  }

  async sizeOf(key: StoreKey, options?: GetOptions): Promise<number | undefined> {
    return (await this.#find(key, options))?.size;
  }

  async factsOf(key: StoreKey, options?: GetOptions): Promise<StoreFacts | undefined> {
    const entry = await this.#find(key, options);
    return entry && { size: entry.size, tag: hex(entry.crc32) };
  }

  async list(prefix: StoreKey, options?: GetOptions): Promise<StoreEntry[]> {
    const under = keySegments(prefix)
      .map((part) => `${part}/`)
      .join("");
    return entriesUnder((await this.#directory(options)).keys(), under);
  }

  async #find(key: StoreKey, options: GetOptions | undefined): Promise<ZipEntry | undefined> {
    keySegments(key);
    checkCancelled(options?.signal, `reading ${this.label}${key}`);
    return (await this.#directory(options)).get(key.slice(1));
  }

  /** Not with anybody's signal: all who come meanwhile wait for the same. */
  async #directory(options: GetOptions | undefined): Promise<ReadonlyMap<string, ZipEntry>> {
    this.#entries ??= this.#readDirectory().catch((error: unknown) => {
      this.#entries = undefined;
      throw error;
    });
    const entries = await this.#entries;
    checkCancelled(options?.signal, `reading ${this.label}`);
    return entries;
  }

  async #readDirectory(): Promise<ReadonlyMap<string, ZipEntry>> {
    const size = await this.#store.sizeOf(this.#key);
    if (size === undefined) throw this.#gone();
    this.#size = size;
    return readZipDirectory(this.label, size, (offset, length) => this.#read(offset, length, undefined));
  }

  async #readWhole(key: StoreKey, entry: ZipEntry, options: GetOptions | undefined): Promise<Uint8Array> {
    // what is read is more than what is wanted: it doesn't go where the asker would like the value
    const signal = options?.signal;
    const packed = await this.#readPacked(key, entry, signal ? { signal } : undefined);
    const fail = (reason: string, cause?: unknown): FormatError =>
      new FormatError({
        path: `${this.label}${key}`,
        format: "ZIP",
        reason,
        hint: "the archive is damaged",
        offset: entry.header,
        cause,
      });
    if (entry.method === DEFLATED && entry.size > LARGEST)
      throw fail(`it is said to have ${entry.size} bytes, and isn't unpacked beyond ${LARGEST}`);
    let value = packed;
    if (entry.method === DEFLATED) {
      // one byte more than announced is enough to see that the announcement is wrong
      const limit = { maxOutputLength: entry.size + 1 };
      const unpacked = await inflate(packed, limit).catch((cause: Error) => {
        throw fail(`it can't be unpacked: ${cause.message}`, cause);
      });
      value = new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength);
    }
    checkCancelled(options?.signal, `reading ${this.label}${key}`);
    if (value.length !== entry.size)
      throw fail(`it has ${value.length} bytes, the directory says ${entry.size}`);
    const sum = crc32(value);
    if (sum !== entry.crc32) throw fail(`its CRC-32 is ${hex(sum)}, the directory says ${hex(entry.crc32)}`);
    return value;
  }

  /** The bytes of an entry as they lie there: in one request, unless its header is unusually long. */
  async #readPacked(key: StoreKey, entry: ZipEntry, options: GetOptions | undefined): Promise<Uint8Array> {
    this.#checkMethod(key, entry);
    if (entry.packed === 0) return new Uint8Array(0);
    const known = this.#starts.get(entry.name);
    if (known !== undefined) return this.#read(known, entry.packed, options);
    const guess = HEADER + Buffer.byteLength(entry.name) + USUAL_EXTRA;
    const length = Math.min(guess + entry.packed, this.#size - entry.header);
    const bytes = length > HEADER ? await this.#read(entry.header, length, options) : new Uint8Array(0);
    const start = this.#startIn(key, entry, bytes) - entry.header;
    if (start + entry.packed <= bytes.length) return bytes.subarray(start, start + entry.packed);
    return this.#read(entry.header + start, entry.packed, options);
  }

  async #findStart(key: StoreKey, entry: ZipEntry, options: GetOptions | undefined): Promise<number> {
    this.#checkMethod(key, entry);
    return this.#startIn(key, entry, await this.#read(entry.header, HEADER, options));
  }

  /** Where the entry's bytes begin: after its own header, which may be longer than the directory knows. */
  #startIn(key: StoreKey, entry: ZipEntry, bytes: Uint8Array): number {
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER || header.getUint32(0, true) !== 0x04034b50)
      throw new FormatError({
        path: `${this.label}${key}`,
        format: "ZIP",
        reason: "there is no entry where the directory says",
        hint: "the archive is damaged",
        offset: entry.header,
      });
    const start = entry.header + HEADER + header.getUint16(26, true) + header.getUint16(28, true);
    this.#starts.set(entry.name, start);
    return start;
  }

  #checkMethod(key: StoreKey, { method, encrypted, header }: ZipEntry): void {
    if (!encrypted && (method === STORED || method === DEFLATED)) return;
    const name = METHODS[method] ?? `method ${method}`;
    throw new FormatError({
      path: `${this.label}${key}`,
      format: "ZIP",
      reason: encrypted ? "it is encrypted" : `it is packed with ${name}, which isn't known here`,
      hint: "pack it anew, best without compression (zip -0): then it is read by ranges",
      offset: header,
    });
  }

  async #read(offset: number, length: number, options: GetOptions | undefined): Promise<Uint8Array> {
    try {
      const bytes = await this.#store.getRange(this.#key, { offset, length }, options);
      if (bytes) return bytes;
    } catch (error) {
      throw asStorageError(this.label, options?.signal, error);
    }
    throw this.#gone();
  }

  #gone(): StorageError {
    return new StorageError({ path: this.label, reason: "there is no such archive" });
  }
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, "0");
}
