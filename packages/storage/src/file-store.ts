/**
 * Owns the store in a directory: one file for each key, written whole or not at all. No key leaves the
 * root; links that the directory's owner made are followed. Knows no format.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StorageError } from "@hyperslab/core/errors";
import { makeDirectory } from "./make-directory.js";
import {
  type GetOptions,
  type RangeQuery,
  type StoreEntry,
  type StoreKey,
  type WritableStore,
  asStorageError,
  checkCancelled,
  keySegments,
  resolveRange,
} from "./store.js";
import { isWorkingPath } from "./working-path.js";

/** Endings of files that are being written; no reader lists them. */
const PARTIAL = ".partial";

/** Bytes of one read: the kernel takes no more than 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** A synchronous read that took longer than so many milliseconds came from a slow disk or network. */
const SLOW = 1;
/** After a slow read, so many are asynchronous: then they overlap. */
const AFTER_SLOW = 64;
/** Of quick reads one in so many is asynchronous, so that timers and sockets get their turn. */
const YIELD_EVERY = 16;

/** A writable store over a directory. The directory need not exist until something is written. */
export class FileStore implements WritableStore {
  readonly label: string;
  readonly root: string;
  readonly #directories: Set<string> = new Set();
  #reads = 0;
  #asynchronous = 0;

  constructor(root: string) {
    this.root = resolve(root);
    this.label = this.root;
  }

  get(key: StoreKey, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#read(key, undefined, options?.signal);
  }

  getRange(key: StoreKey, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined> {
    return this.#read(key, range, options?.signal);
  }

  async sizeOf(key: StoreKey): Promise<number | undefined> {
    const path = this.pathOf(key);
    try {
      const facts = await stat(path);
      return facts.isFile() ? facts.size : undefined;
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
   * Small files in the page cache are read at a fifth of the cost without a round trip through the thread
   * pool; big or distant ones must not hold up everything else.
   */
  async #read(
    key: StoreKey,
    range: RangeQuery | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    checkCancelled(signal, `reading ${path}`);
    try {
      if (this.#asynchronous === 0 && ++this.#reads % YIELD_EVERY !== 0) {
        const began = performance.now();
        const value = readNow(path, range);
        if (performance.now() - began > SLOW) this.#asynchronous = AFTER_SLOW;
        return value;
      }
      this.#asynchronous = Math.max(0, this.#asynchronous - 1);
      return await readLater(path, range, signal);
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

function readNow(path: string, range: RangeQuery | undefined): Uint8Array | undefined {
  const file = openSync(path, "r");
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) return undefined;
    const { offset, length } = extentOf(path, facts.size, range);
    const value = memoryFor(length);
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
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const file = await open(path, "r");
  try {
    const facts = await file.stat();
    if (!facts.isFile()) return undefined;
    const { offset, length } = extentOf(path, facts.size, range);
    const value = memoryFor(length);
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

/** Memory of its own (small pieces of Node's pool aren't aligned), not zeroed: it is filled to the end or dropped. */
function memoryFor(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer, 0, length);
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
