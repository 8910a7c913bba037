/**
 * Owns the cache of what was learnt of files, in the user's cache directory: `HYPERSLAB_CACHE` names another one, or is
 * `off`. An entry is used only for the very version of the file that it was made of, and whatever goes wrong with the
 * cache only costs time. Knows no format.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ReadableStore, StoreKey } from "../store.js";
import { parseExactJson, printExactJson } from "../exact-json.js";
import type { FileVersion } from "./block-reader.js";
import { sameVersion } from "./known-files.js";

/** Entries of other forms are not used. */
const FORM = 1;
/** More than this is made room for. Bytes, and entries. */
const MOST_BYTES = 2 ** 30;
const MOST_ENTRIES = 20_000;
const ALIGN = 8;

/** What an entry holds: something JSON can say, and columns of numbers. */
export interface CacheEntry {
  readonly json: unknown;
  readonly columns: readonly Float64Array[];
}

let pruned = false;
const writes: Set<Promise<void>> = new Set();

/** The directory, or null where there is to be none. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string | null {
  const said = environment["HYPERSLAB_CACHE"];
  if (said?.toLowerCase() === "off") return null;
  const base = said || join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "hyperslab");
  return join(base, "manifests");
}

/** True for files of which one version can be told from another. */
export function isCacheable({ modified, tag }: FileVersion): boolean {
  return modified !== undefined || tag !== undefined;
}

/** What was kept under a name; undefined where there is nothing, or of another version. */
export async function readCache(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  what: string,
): Promise<CacheEntry | undefined> {
  const directory = cacheDirectory();
  if (!directory || !isCacheable(version)) return undefined;
  try {
    const bytes = await readFile(join(directory, nameOf(store, key, what)));
    const end = bytes.indexOf(10);
    const head = JSON.parse(bytes.toString("utf8", 0, end)) as {
      form: number;
      version: FileVersion;
      path: string;
      columns: number[];
      json: string;
    };
    const start = Math.ceil((end + 1) / ALIGN) * ALIGN;
    const total = head.columns.reduce((sum, length) => sum + length * 8, start);
    const fits =
      head.form === FORM && head.path === `${store.label}${key}` && sameVersion(head.version, version);
    if (!fits || total !== bytes.length) return undefined;
    const memory = bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + total);
    let at = 0;
    const columns = head.columns.map((length) => {
      const column = new Float64Array(memory, at, length);
      at += length * 8;
      return column;
    });
    return { json: parseExactJson(head.json), columns };
  } catch {
    return undefined;
  }
}

/** Keeps an entry, later on. */
export function writeCache(
  store: ReadableStore,
  key: StoreKey,
  version: FileVersion,
  what: string,
  entry: CacheEntry,
): void {
  const directory = cacheDirectory();
  if (!directory || !isCacheable(version)) return;
  const head = Buffer.from(
    `${JSON.stringify({
      form: FORM,
      version,
      path: `${store.label}${key}`,
      columns: entry.columns.map(({ length }) => length),
      json: printExactJson(entry.json),
    })}\n`,
  );
  const padding = Buffer.alloc((ALIGN - (head.length % ALIGN)) % ALIGN);
  const columns = entry.columns.map((column) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength),
  );
  const bytes = Buffer.concat([head, padding, ...columns]);
  const write = keep(directory, nameOf(store, key, what), bytes).catch(() => undefined);
  writes.add(write);
  void write.then(() => writes.delete(write));
}

/** Waits for what is still being written. */
export async function cacheWritten(): Promise<void> {
  await Promise.all(writes);
}

function nameOf(store: ReadableStore, key: StoreKey, what: string): string {
  return createHash("sha256").update(`${store.label}${key}\n${what}`).digest("hex");
}

async function keep(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const partial = join(directory, `${name}.${randomBytes(4).toString("hex")}.partial`);
  try {
    await writeFile(partial, bytes, { mode: 0o600 });
    await rename(partial, join(directory, name));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  if (pruned) return;
  pruned = true;
  await prune(directory);
}

/** Makes room: what was written longest ago goes first. */
async function prune(directory: string): Promise<void> {
  const names = await readdir(directory);
  const entries = await Promise.all(
    names.map(async (name) => {
      const facts = await stat(join(directory, name)).catch(() => undefined);
      return { name, bytes: facts?.size ?? 0, modified: facts?.mtimeMs ?? 0 };
    }),
  );
  entries.sort((a, b) => b.modified - a.modified);
  let bytes = 0;
  for (const [i, entry] of entries.entries()) {
    bytes += entry.bytes;
    if (bytes > MOST_BYTES || i >= MOST_ENTRIES) await rm(join(directory, entry.name), { force: true });
  }
}
