/**
 * Owns the one form into which the metadata of Zarr arrays are brought, whichever version wrote them, and
 * what follows from it: grids, chunk keys, descriptions. Knows no stores; `zarr-v2-metadata.ts` and
 * `zarr-v3-metadata.ts` read and write the documents.
 */
import type { Element } from "@hyperslab/codecs/element";
import type { Field } from "@hyperslab/codecs/record";
import { shown } from "@hyperslab/codecs/shown";
import { type ChunkGrid, axisFromBounds, regularAxis } from "@hyperslab/core/chunk-grid";
import { asDtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import { type Json, isJsonObject, parseExactJson } from "../exact-json.js";
import type { ArrayInfo, Attribute, Attributes } from "../source.js";
import { type StoreKey, joinKey } from "../store.js";
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
  /** Where the elements are records: the field that this array is, as a path (`a.b`). */
  readonly field?: string;
  /** The last axes of shape and chunks that lie within an element: complex numbers, raw bytes, sub-arrays. */
  readonly innerRank?: number;
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
  const parts = coords.slice(0, coords.length - (array.innerRank ?? 0)).map(String);
  if (kind === "default") return joinKey(path, ["c", ...parts].join(separator));
  return joinKey(path, parts.length ? parts.join(separator) : "0");
}

/** What is known of the array without reading it; `_FillValue` among the attributes where xarray shows one. */
export function describeZarr(array: ZarrArray): ArrayInfo {
  const { encoding } = array;
  const dtype = asDtype(array.dtype);
  const attributes: Record<string, Attribute> = { ...(parseExactJson(array.attributes) as Attributes) };
  const fill = fillAttribute(array.fill, dtype);
  // v2 has no other place for netCDF's _FillValue; on text, truth values and parts of a larger element
  // zarr-python's default means nothing
  const whole = array.field === undefined && array.innerRank === undefined;
  if (encoding.version === 2 && fill !== null && dtype !== "string" && dtype !== "bool" && whole)
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
      ...(array.field === undefined ? {} : { field: array.field }),
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

/** A part of a document that goes into references as it is: integers that only a bigint holds are rounded, which no codec minds. */
export function asPlainJson(json: Json): Json {
  if (typeof json === "bigint") return Number(json);
  if (Array.isArray(json)) return (json as readonly Json[]).map(asPlainJson);
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, asPlainJson(value)]));
}

/** The members of a {@link ZarrArray} that an element's kind adds to; dimensions are named where it names them. */
export function withElement(
  element: Element,
  field: string,
  name: string,
  array: Pick<ZarrArray, "shape" | "chunks" | "innerChunks" | "dims">,
): Pick<ZarrArray, "shape" | "chunks" | "innerChunks" | "dims" | "dtype" | "field" | "innerRank"> {
  const inner = element.inner ?? [];
  const lengths = inner.map(({ length }) => length);
  const own = field === "" ? name : `${name}.${field}`;
  const names = inner.map((axis, i) => {
    const plain = axis.name ?? `${own}_dim_${array.shape.length + i}`;
    return array.dims.includes(plain) ? `${own}_${plain}` : plain;
  });
  return {
    shape: [...array.shape, ...lengths],
    chunks: [...array.chunks, ...lengths],
    ...(array.innerChunks ? { innerChunks: [...array.innerChunks, ...lengths] } : {}),
    dims: [...array.dims, ...names],
    dtype: element.dtype,
    ...(field === "" ? {} : { field }),
    ...(inner.length ? { innerRank: inner.length } : {}),
  };
}

/**
 * One array for each field of a record that can be read, named `array.field`, and the reasons for those that
 * can't; the array itself where it holds no records.
 */
export function arraysOfFields(
  name: string,
  fields: readonly Field[],
  read: (field: string) => ZarrArray,
): Map<string, ZarrArray | Error> {
  return new Map(
    fields.map(({ path, element }) => [
      path === "" ? name : `${name}.${path}`,
      element instanceof Error ? element : read(path),
    ]),
  );
}

const MOST_AXES = 64;

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

  /** The lengths of an array's axes: as many as NumPy has at most. */
  shape(key: string, value: Json): number[] {
    const shape = this.lengths(key, value, 0);
    if (shape.length > MOST_AXES) throw this.wrong(key, value, `a list of at most ${MOST_AXES} axes`);
    return shape;
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
    const found = value === undefined ? "missing" : shown(value);
    return formatError(this.path, `"${key.slice(0, 80)}" is ${found}, not ${wanted}`);
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

/** Chunks have to have a length on each axis; on an axis of length 0 some writers put 0. */
export function checkChunks(reader: MetadataReader, shape: readonly number[], chunks: number[]): number[] {
  if (chunks.length !== shape.length)
    throw reader.wrong("chunks", chunks, `of the rank of shape (${shape.join(", ")})`);
  return chunks.map((chunk, axis) => {
    if (chunk === 0 && shape[axis] > 0) throw reader.wrong("chunks", chunks, "without zeros");
    return Math.max(1, chunk);
  });
}
