/**
 * Owns the store in a directory: one file for each key, written whole or not at all. No key leaves the
 * root; links that the directory's owner made are followed. Knows no format.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { StorageError } from "@hyperslab/core/errors";
import { makeDirectory } from "../make-directory.js";
import {
  type GetOptions,
  type RangeQuery,
  type StoreEntry,
  type StoreFacts,
  type StoreKey,
  type WritableStore,
  asStorageError,
  checkCancelled,
  keySegments,
  resolveRange,
} from "../store.js";
import { isWorkingPath } from "../working-path.js";

/** Endings of files that are being written; no reader lists them. */
const PARTIAL = ".partial";

/** So few bytes are read without a look at the size of the file, which is one more call to the system. */
const SMALL = 256 * 1024;

/** Bytes of one read: the kernel takes no more than 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/**
 * A synchronous read that took longer than so many milliseconds, and so many more for each byte, did not come from
 * memory but from a slow disk or a network.
 */
const SLOW = 1;
const SLOW_BYTE = 1e-6;
/** So many slow reads in a row: one alone may just have had to wait for its turn on a busy machine. */
const SLOW_RUN = 2;
/** After them so many reads are asynchronous, twice as many each time: then they overlap. */
const AFTER_SLOW = 4;
const MOST_AFTER_SLOW = 256;
/** Milliseconds of reading and decoding after which timers, signals and sockets get their turn. */
const TURN = 12;

/** A writable store over a directory. The directory need not exist until something is written. */
export class FileStore implements WritableStore {
  readonly label: string;
  readonly root: string;
  readonly #directories: Set<string> = new Set();
  #turn = 0;
  #slowRun = 0;
  /** Reads that are still to be asynchronous, and how many it will be after the next slow one. */
  #asynchronous = 0;
  #afterSlow = AFTER_SLOW;

  constructor(root: string) {
    this.root = resolve(root);
    this.label = this.root;
  }

  get prompt(): boolean {
    return this.#asynchronous === 0;
  }

  get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#read(key, undefined, options);
  }

  getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#read(key, range, options);
  }

  async sizeOf(key: StoreKey): Promise<number | undefined> {
    return (await this.factsOf(key))?.size;
  }

  async factsOf(key: StoreKey): Promise<StoreFacts | undefined> {
    const path = this.pathOf(key);
    try {
      const facts = await stat(path);
      return facts.isFile() ? { size: facts.size, modified: facts.mtimeMs } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStorageError(path, undefined, error);
    }
  }

  async list(prefix: StoreKey): Promise<StoreEntry[]> {
    const path = this.pathOf(prefix);
    try {
      const entries = await readdir(path, { withFileTypes: true });
      const kept = entries.filter((entry) => !entry.name.endsWith(PARTIAL));
      const listed = await Promise.all(
        kept.map(async (entry): Promise<StoreEntry> => {
          // a link counts as what it points to
          const directory = entry.isSymbolicLink()
            ? await stat(join(path, entry.name)).then(
                (facts) => facts.isDirectory(),
                () => false,
              )
            : entry.isDirectory();
          return { name: entry.name, kind: directory ? "prefix" : "value" };
        }),
      );
      return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (isAbsent(error)) return [];
      throw asStorageError(path, undefined, error);
    }
  }

  async set(key: StoreKey, value: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    const partial = `${path}.${process.pid}-${randomBytes(4).toString("hex")}${PARTIAL}`;
    try {
      await this.#makeDirectory(dirname(path));
      const handle = await open(partial, "wx");
      try {
        await writeAll(handle, value);
      } finally {
        await handle.close();
      }
      await rename(partial, path);
    } catch (cause) {
      await unlink(partial).catch(() => undefined);
      // the directory may have been removed behind our back: the next write makes it anew
      this.#directories.clear();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StorageError({
        path,
        reason: `can't be written: ${reason}`,
        hint: "look at space and permissions",
        cause,
      });
    }
  }

  async delete(key: StoreKey): Promise<void> {
    const path = this.pathOf(key);
    try {
      await unlink(path).catch(async (error: unknown) => {
        if (isAbsent(error) && codeOf(error) !== "EISDIR") return;
        // a directory, which systems report differently
        this.#directories.clear();
        await rm(path, { recursive: true, force: true, maxRetries: 2 });
      });
    } catch (cause) {
      throw new StorageError({
        path,
        reason: `can't be removed: ${cause instanceof Error ? cause.message : String(cause)}`,
        cause,
      });
    }
  }

  /** The file of a key. @throws StorageError for a key that would leave the root */
  pathOf(key: StoreKey): string {
    return join(this.root, ...keySegments(key));
  }

  /**
   * What lies in the page cache is read without a round trip through the thread pool, which costs a small read five
   * times as much and lets a compute thread wait for a large one. Slow reads overlap instead.
   */
  async #read(
    key: StoreKey,
    range: RangeQuery | undefined,
    options: GetOptions | undefined,
  ): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    const signal = options?.signal;
    const memory = options?.memory ?? (() => null);
    checkCancelled(signal, `reading ${path}`);
    try {
      if (this.#asynchronous > 0) {
        this.#asynchronous--;
        return await readLater(path, range, memory, signal);
      }
      if (performance.now() - this.#turn > TURN) {
        await setImmediate();
        checkCancelled(signal, `reading ${path}`);
        this.#turn = performance.now();
      }
      const began = performance.now();
      const value = readNow(path, range, memory);
      const slow = performance.now() - began > SLOW + (value?.length ?? 0) * SLOW_BYTE;
      this.#slowRun = slow ? this.#slowRun + 1 : 0;
      if (!slow) this.#afterSlow = AFTER_SLOW;
      else if (this.#slowRun >= SLOW_RUN) {
        this.#asynchronous = this.#afterSlow;
        this.#afterSlow = Math.min(2 * this.#afterSlow, MOST_AFTER_SLOW);
      }
      return value;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw asStorageError(path, signal, error);
    }
  }

  async #makeDirectory(path: string): Promise<void> {
    if (this.#directories.has(path)) return;
    // who removed the directory of an unfinished write has given it up: it must not come back
    await makeDirectory(path, isWorkingPath(this.root) ? this.root : undefined);
    this.#directories.add(path);
  }
}

type Memory = NonNullable<GetOptions["memory"]>;

function readNow(path: string, range: RangeQuery | undefined, memory: Memory): Uint8Array | undefined {
  const file = openSync(path, "r");
  try {
    const small =
      range && "offset" in range && range.offset >= 0 && range.length > 0 && range.length <= SMALL
        ? range
        : undefined;
    if (small) {
      const value = memoryFor(small.length, memory);
      if (readSync(file, value, 0, small.length, small.offset) === small.length) return value;
    }
    const facts = fstatSync(file);
    if (!facts.isFile()) return undefined;
    const { offset, length } = extentOf(path, facts.size, range);
    const value = memoryFor(length, memory);
    for (let done = 0; done < length;) {
      const count = readSync(file, value, done, Math.min(length - done, MOST_AT_ONCE), offset + done);
      if (count === 0) throw endedEarly(path, offset, length, done);
      done += count;
    }
    return value;
  } finally {
    closeSync(file);
  }
}

async function readLater(
  path: string,
  range: RangeQuery | undefined,
  memory: Memory,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const file = await open(path, "r");
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return undefined;
    const { offset, length } = extentOf(path, facts.size, range);
    const value = memoryFor(length, memory);
    for (let done = 0; done < length;) {
      checkCancelled(signal, `reading ${path}`);
      const room = Math.min(length - done, MOST_AT_ONCE);
      const { bytesRead } = await file.read(value, done, room, offset + done);
      if (bytesRead === 0) throw endedEarly(path, offset, length, done);
      done += bytesRead;
    }
    return value;
  } finally {
    await file.close();
  }
}

function extentOf(
  path: string,
  size: number,
  range: RangeQuery | undefined,
): { offset: number; length: number } {
  return range ? resolveRange(path, size, range) : { offset: 0, length: size };
}

/**
 * Memory that the caller gave, or of its own: small pieces of Node's pool aren't aligned. Not zeroed: it is filled to the
 * end or dropped.
 */
function memoryFor(length: number, memory: Memory): Uint8Array {
  return memory(length) ?? new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
}

function endedEarly(path: string, offset: number, length: number, done: number): StorageError {
  return new StorageError({
    path,
    reason: `the file ended after ${offset + done} bytes while it was read`,
    hint: "somebody else is writing it",
    offset,
    length,
  });
}

async function writeAll(handle: FileHandle, value: Uint8Array): Promise<void> {
  for (let done = 0; done < value.length;) {
    const { bytesWritten } = await handle.write(value, done, value.length - done);
    done += bytesWritten;
  }
}

/** Nothing there: no such file, or a file where the key has a directory. */
function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
