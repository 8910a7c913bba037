/**
 * Owns the one form into which the metadata of Zarr arrays are brought, whichever version wrote them, and
 * what follows from it: grids, chunk keys, descriptions. Knows no stores; `zarr-v2-metadata.ts` and
 * `zarr-v3-metadata.ts` read and write the documents.
 */
import { type ChunkGrid, axisFromBounds, regularAxis } from "@hyperslab/core/chunk-grid";
import { asDtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import { type Json, isJsonObject, parseExactJson } from "./exact-json.js";
import type { ArrayInfo, Attribute, Attributes } from "./source.js";
import { type StoreKey, joinKey } from "./store.js";
import { type FillText, fillAttribute, readFillAttribute } from "./zarr-fill-value.js";

/** How the chunks of an array are laid on one axis: all of one length, or bounds (the last may lie past the end). */
export type StoredAxis = number | readonly number[];

/** How elements become a chunk's bytes, in the words of the version that wrote them. */
export type ZarrEncoding =
  | {
      readonly version: 2;
      readonly dtype: Json;
      readonly order: "C" | "F";
      readonly filters: readonly Json[];
      readonly compressor: Json;
    }
  | { readonly version: 3; readonly dataType: Json; readonly codecs: readonly Json[] };

/** Everything that reading and writing chunks needs. JSON-safe: this is the `detail` of a SourceRef. */
export interface ZarrArray {
  readonly shape: readonly number[];
  /** Of the chunks that are objects of the store: shards, where there are any. */
  readonly chunks: readonly StoredAxis[];
  /** Of the chunks within a shard. */
  readonly innerChunks?: readonly number[];
  readonly dtype: string;
  readonly encoding: ZarrEncoding;
  readonly fill: FillText;
  /** `c/0/0` (default), or `0.0` (v2). */
  readonly keys: { readonly kind: "default" | "v2"; readonly separator: "/" | "." };
  readonly dims: readonly string[];
  /** The attributes as JSON text, so that large integers and NaN come through. */
  readonly attributes: string;
}

/** The grid of the chunks that are objects of the store. */
export function storedGrid(array: ZarrArray): ChunkGrid {
  return array.shape.map((length, axis) => {
    const chunk = array.chunks[axis];
    if (typeof chunk === "number") return regularAxis(length, chunk);
    const inside = chunk.filter((bound) => bound < length);
    return length === 0 ? regularAxis(0, 1) : axisFromBounds([...inside, length]);
  });
}

/** The grid of the smallest pieces that can be read: inner chunks of shards, else chunks. */
export function readGrid(array: ZarrArray): ChunkGrid {
  const { innerChunks, shape } = array;
  return innerChunks
    ? shape.map((length, axis) => regularAxis(length, innerChunks[axis]))
    : storedGrid(array);
}

/** The shape of a stored chunk, padding past the end of the array included. */
export function storedChunkShape(array: ZarrArray, coords: readonly number[]): number[] {
  return array.chunks.map((chunk, axis) =>
    typeof chunk === "number" ? chunk : chunk[coords[axis] + 1] - chunk[coords[axis]],
  );
}

/** The key of a chunk of the array at `path`. */
export function chunkKey(array: ZarrArray, path: string, coords: readonly number[]): StoreKey {
  const { kind, separator } = array.keys;
  const parts = coords.map(String);
  if (kind === "default") return joinKey(path, ["c", ...parts].join(separator));
  return joinKey(path, parts.length ? parts.join(separator) : "0");
}

/** What is known of the array without reading it; `_FillValue` among the attributes where xarray shows one. */
export function describeZarr(array: ZarrArray): ArrayInfo {
  const { encoding } = array;
  const dtype = asDtype(array.dtype);
  const attributes: Record<string, Attribute> = { ...(parseExactJson(array.attributes) as Attributes) };
  const fill = fillAttribute(array.fill, dtype);
  // v2 has no other place for netCDF's _FillValue; on text and truth values zarr-python's default means nothing
  if (encoding.version === 2 && fill !== null && dtype !== "string" && dtype !== "bool")
    attributes["_FillValue"] = fill;
  if (encoding.version === 3 && attributes["_FillValue"] !== undefined)
    attributes["_FillValue"] = readFillAttribute(attributes["_FillValue"], dtype);
  const grid = readGrid(array);
  return {
    dtype,
    shape: array.shape,
    grid,
    dims: array.dims,
    attributes,
    encoding: {
      zarr_format: encoding.version,
      fill_value: fill,
      chunks: array.innerChunks ?? array.chunks,
      shards: array.innerChunks ? array.chunks : null,
      ...(encoding.version === 2
        ? {
            dtype: encoding.dtype,
            order: encoding.order,
            filters: encoding.filters,
            compressor: encoding.compressor,
          }
        : { dtype: encoding.dataType, codecs: encoding.codecs }),
      dimension_separator: array.keys.separator,
    },
  };
}

/** Names for the dimensions of an array that has none, or not for all of them: `temp_dim_0`. */
export function completeDims(
  names: readonly (string | null | undefined)[] | undefined,
  rank: number,
  array: string,
): string[] {
  return Array.from({ length: rank }, (_, axis) => names?.[axis] ?? `${array || "array"}_dim_${axis}`);
}

/** Reads a member of a metadata document. @throws FormatError that names the document, the member and what it has to be */
export class MetadataReader {
  readonly path: string;
  readonly document: { readonly [key: string]: Json };

  constructor(path: string, document: Json) {
    this.path = path;
    if (!isJsonObject(document)) throw formatError(path, "the document is no JSON object");
    this.document = document;
  }

  /** Whole numbers of at least `least`. */
  lengths(key: string, value: Json, least: number): number[] {
    if (!Array.isArray(value) || !value.every((one) => Number.isSafeInteger(one) && Number(one) >= least))
      throw this.wrong(key, value, `a list of integers of at least ${least}`);
    return value.map(Number);
  }

  /** One of a few words; the first where the member is absent. */
  choice<T extends string>(key: string, value: Json, choices: readonly T[]): T {
    const found = value === undefined ? choices[0] : choices.find((choice) => choice === value);
    if (found === undefined) throw this.wrong(key, value, choices.join(" or "));
    return found;
  }

  object(key: string, value: Json): { readonly [key: string]: Json } {
    if (value === undefined || value === null) return {};
    if (!isJsonObject(value)) throw this.wrong(key, value, "an object");
    return value;
  }

  list(key: string, value: Json): readonly Json[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) throw this.wrong(key, value, "a list");
    return value;
  }

  wrong(key: string, value: Json, wanted: string): FormatError {
    const found = value === undefined ? "missing" : String(JSON.stringify(value, bigintAsText)).slice(0, 200);
    return formatError(this.path, `"${key}" is ${found}, not ${wanted}`);
  }
}

export function formatError(path: string, reason: string, cause?: unknown): FormatError {
  return new FormatError({
    path,
    format: "zarr",
    reason,
    hint: "the metadata are damaged, or of a newer version",
    ...(cause === undefined ? {} : { cause }),
  });
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** Chunks have to have a length on each axis; on an axis of length 0 some writers put 0. */
export function checkChunks(reader: MetadataReader, shape: readonly number[], chunks: number[]): number[] {
  if (chunks.length !== shape.length)
    throw reader.wrong("chunks", chunks, `of the rank of shape (${shape.join(", ")})`);
  return chunks.map((chunk, axis) => {
    if (chunk === 0 && shape[axis] > 0) throw reader.wrong("chunks", chunks, "without zeros");
    return Math.max(1, chunk);
  });
}
