/**
 * Owns Kerchunk's references in Parquet files, in the layout of fsspec's LazyReferenceMapper: `.zmetadata` with
 * all documents and a `record_size`, and for each array files `refs.N.parq` of so many chunks, in C order.
 */
import { FormatError } from "@hyperslab/core/errors";
import { type Json, isJsonObject, parseExactJson, printExactJson } from "../exact-json.js";
import { type ReadableStore, joinKey } from "../store.js";
import { type ParquetTable, readParquet } from "./parquet-table.js";
import type { Reference, ReferenceIndex } from "./reference-json.js";

/** Files whose references are kept: ten thousand each, as fsspec writes them. */
const MOST_RECORDS = 64;

/** The references of one file, told closely: one text for each URL. */
interface Records {
  readonly urls: readonly string[];
  /** For each row the number of its URL, or -1. */
  readonly url: Int32Array;
  readonly offset: Float64Array;
  readonly length: Float64Array;
  readonly raw: ReadonlyMap<number, Uint8Array>;
}

/** The `record_size` of a `.zmetadata`; undefined for those that aren't of references. */
function recordSizeIn(zmetadata: Json): number | undefined {
  const size = isJsonObject(zmetadata) ? zmetadata["record_size"] : undefined;
  return Number.isSafeInteger(size) && Number(size) > 0 ? Number(size) : undefined;
}

/**
 * The references in the folder `folder` of a store.
 * @param bytes its `.zmetadata` @throws FormatError
 */
export function parquetReferences(store: ReadableStore, folder: string, bytes: Uint8Array): ReferenceIndex {
  const path = `${store.label}${folder}`;
  const fail = (reason: string, cause?: unknown): FormatError =>
    new FormatError({ path, format: "Kerchunk references in Parquet", reason, cause });
  let json: Json;
  try {
    json = parseExactJson(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fail(`.zmetadata is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const metadata = isJsonObject(json) ? json["metadata"] : undefined;
  const recordSize = recordSizeIn(json);
  if (!isJsonObject(metadata) || recordSize === undefined)
    throw fail(".zmetadata has no metadata, or no record_size");
  const records = new Map<string, Promise<Records | undefined>>();

  const recordsOf = (array: string, record: number): Promise<Records | undefined> => {
    const key = joinKey(folder, array, `refs.${record}.parq`);
    let found = records.get(key);
    if (found) records.delete(key);
    else found = readRecords(store, key, fail);
    // the youngest stand last
    records.set(key, found);
    found.catch(() => records.delete(key));
    for (const oldest of records.keys()) {
      if (records.size <= MOST_RECORDS) break;
      records.delete(oldest);
    }
    return found;
  };
  const consolidated = { zarr_consolidated_format: 1, metadata };

  return {
    keys: () => [".zmetadata", ...Object.keys(metadata)],
    async find(key) {
      if (key === ".zmetadata") return { kind: "inline", bytes: textBytes(printExactJson(consolidated)) };
      const document = metadata[key];
      if (document !== undefined) return { kind: "inline", bytes: textBytes(printExactJson(document)) };
      const place = chunkNumber(metadata, key);
      if (!place) return undefined;
      const rows = await recordsOf(place.array, Math.floor(place.number / recordSize));
      return rows && referenceAt(rows, place.number % recordSize);
    },
  };
}

/** Which chunk of which array a key names; undefined for none that there is. */
function chunkNumber(
  metadata: { readonly [key: string]: Json },
  key: string,
): { readonly array: string; readonly number: number } | undefined {
  const parts = key.split("/");
  for (let depth = parts.length - 1; depth >= 0; depth--) {
    const array = parts.slice(0, depth).join("/");
    const document = metadata[array === "" ? ".zarray" : `${array}/.zarray`];
    if (!isJsonObject(document)) continue;
    const { shape, chunks } = document as { shape?: readonly number[]; chunks?: readonly number[] };
    if (!Array.isArray(shape) || !Array.isArray(chunks)) return undefined;
    const counts = shape.map((length, axis) => Math.ceil(Number(length) / Number(chunks[axis])));
    const coords = parts.slice(depth).join(".").split(".");
    if (counts.length === 0) return coords.join() === "0" ? { array, number: 0 } : undefined;
    const isOne = (text: string, axis: number): boolean => /^\d+$/.test(text) && Number(text) < counts[axis];
    if (coords.length !== counts.length || !coords.every(isOne)) return undefined;
    return { array, number: coords.reduce((sum, text, axis) => sum * counts[axis] + Number(text), 0) };
  }
  return undefined;
}

/** An absent file holds no references: the chunks in it were never written. */
async function readRecords(
  store: ReadableStore,
  key: `/${string}`,
  fail: (reason: string, cause?: unknown) => FormatError,
): Promise<Records | undefined> {
  const bytes = await store.get(key);
  if (!bytes) return undefined;
  let table: ParquetTable;
  try {
    table = await readParquet(bytes, ["path", "offset", "size", "raw"]);
  } catch (cause) {
    throw fail(`${key} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const { rows } = table;
  const [paths, offsets, sizes, raws] = ["path", "offset", "size", "raw"].map((name) => table.column(name));
  const numbers = new Map<string, number>();
  const url = new Int32Array(rows).fill(-1);
  const offset = new Float64Array(rows);
  const length = new Float64Array(rows);
  const raw = new Map<number, Uint8Array>();
  for (let row = 0; row < rows; row++) {
    const text = asText(paths?.[row]);
    if (text !== undefined) {
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      url[row] = number;
    }
    offset[row] = Number(offsets?.[row] ?? 0);
    length[row] = Number(sizes?.[row] ?? 0);
    const inline = raws?.[row];
    if (inline instanceof Uint8Array) raw.set(row, inline.slice());
    else if (typeof inline === "string") raw.set(row, textBytes(inline));
  }
  return { urls: [...numbers.keys()], url, offset, length, raw };
}

/** In memory of their own, as short Buffers aren't. */
function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function asText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}

function referenceAt({ urls, url, offset, length, raw }: Records, row: number): Reference | undefined {
  const bytes = raw.get(row);
  if (bytes) return { kind: "inline", bytes };
  if (row >= url.length || url[row] < 0) return undefined;
  const target = urls[url[row]];
  if (offset[row] === 0 && length[row] === 0) return { kind: "whole", url: target };
  return { kind: "part", url: target, offset: offset[row], length: length[row] };
}
