/**
 * Owns the creation of Zarr groups and arrays: metadata documents, one by one and consolidated, in version 2 or 3.
 * Writes no chunks.
 */
import type { CodecSpec } from "@hyperslab/codecs/codec";
import { type Dtype, NAT, isFloat, isTime, itemSize } from "@hyperslab/core/dtype";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Shape } from "@hyperslab/core/shape";
import type { StoreRef, TargetRef } from "@hyperslab/core/source-ref";
import { forEachConcurrent } from "../concurrent.js";
import { type Json, parseExactJson, printExactJson } from "../exact-json.js";
import { openWritableStore } from "../open-store.js";
import type { Attribute, Attributes } from "../source.js";
import { joinKey, keySegments } from "../store.js";
import { fillTextOf } from "./zarr-fill-value.js";
import { type ZarrArray, type ZarrEncoding, completeDims } from "./zarr-metadata.js";
import { pipelineOf } from "./zarr-pipeline.js";
import { v2DtypeOf, writeV2Array, writeV2Attributes } from "./zarr-v2-metadata.js";
import { v3DataTypeOf, writeV3Array } from "./zarr-v3-metadata.js";

/** An array to be made. */
export interface ZarrArraySpec {
  readonly name: string;
  /** As it will be stored: times in a calendar have to be encoded as numbers before. */
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Of the chunks; with `shards`, of the chunks within them. Longer than the array is allowed. */
  readonly chunks: Shape;
  /** Chunks that are stored together as one object (version 3); a multiple of `chunks` on every axis. */
  readonly shards?: Shape;
  readonly dims: readonly string[];
  /** A `_FillValue` among them is stored where xarray looks for it. */
  readonly attributes?: Attributes;
  /** What elements hold that were never written. Default: `_FillValue`; else in version 3 NaN, NaT or 0; in version 2 none. */
  readonly fillValue?: Attribute;
  /**
   * Byte codecs after the elements became bytes, in order of encoding; `[]` for none.
   * Default {@link defaultCompressor}. In version 2 the last one is the compressor, the others are filters.
   */
  readonly codecs?: readonly CodecSpec[];
}

export interface ZarrGroupSpec {
  /** Default 3. */
  readonly version?: 2 | 3;
  readonly attributes?: Attributes;
  readonly arrays: readonly ZarrArraySpec[];
  /** A group within the store, as a path. Its parents are made as well. */
  readonly group?: string;
}

const ZSTD: CodecSpec = { name: "zstd", configuration: { level: 1, checksum: false } };

/** The compressor of arrays that name none: Blosc with LZ4 after a shuffle for numbers, zstd for text and truth values. */
export function defaultCompressor(dtype: Dtype, version: 2 | 3 = 3): CodecSpec {
  if (dtype === "string" || itemSize(dtype) === 1) return version === 3 ? ZSTD : v2Zstd();
  const common = { cname: "lz4", clevel: 5, blocksize: 0 };
  return version === 2
    ? { name: "blosc", configuration: { ...common, shuffle: 1 } }
    : { name: "blosc", configuration: { ...common, shuffle: "shuffle", typesize: itemSize(dtype) } };
}

function v2Zstd(): CodecSpec {
  return { name: "zstd", configuration: { level: 1 } };
}

/**
 * Makes a group and its arrays in a store, and gives the targets to write their blocks to, by name.
 * The documents are written in one go; nothing is checked for what may be there already: see
 * {@link beginWrite}. @throws StorageError, DtypeError, CodecError, ArgumentError
 */
export async function createZarr(ref: StoreRef, spec: ZarrGroupSpec): Promise<Map<string, TargetRef>> {
  const version = spec.version ?? 3;
  const store = openWritableStore(ref);
  const group = joinKey("/", spec.group ?? "");
  const arrays = new Map(spec.arrays.map((one) => [one.name, describe(one, version)]));
  if (arrays.size < spec.arrays.length)
    throw new ArgumentError({
      asked: `arrays ${spec.arrays.map(({ name }) => name).join(", ")} in one group`,
      found: "a name that is given twice",
    });
  const documents =
    version === 3
      ? v3Documents(group, spec.attributes ?? {}, arrays)
      : v2Documents(group, spec.attributes ?? {}, arrays);
  await forEachConcurrent(documents, 8, ([key, document]) =>
    store.set(joinKey(key), Buffer.from(`${printExactJson(document, 2)}\n`)),
  );
  const targets = [...arrays].map(([name, array]): [string, TargetRef] => [
    name,
    { format: "zarr", store: ref, path: joinKey(group, name), detail: array },
  ]);
  return new Map(targets);
}

function describe(spec: ZarrArraySpec, version: 2 | 3): ZarrArray {
  const { name, dtype, shape, dims, shards } = spec;
  checkSpec(spec, version);
  const attributes = { ...spec.attributes };
  const fillAttribute = attributes["_FillValue"] ?? null;
  // version 2 has one place for both
  if (version === 2) delete attributes["_FillValue"];
  const unset = version === 3 ? missingOf(dtype) : null;
  const fill = spec.fillValue ?? fillAttribute ?? unset;
  const array: ZarrArray = {
    shape: [...shape],
    chunks: [...(shards ?? spec.chunks)],
    ...(shards ? { innerChunks: [...spec.chunks] } : {}),
    dtype,
    encoding: version === 3 ? v3Encoding(spec) : v2Encoding(spec),
    fill: fillTextOf(fill, dtype, name),
    keys: version === 3 ? { kind: "default", separator: "/" } : { kind: "v2", separator: "." },
    dims: completeDims(dims, shape.length, name),
    attributes: printExactJson(attributes),
  };
  // a codec that isn't known, or doesn't fit, is found before anything is written
  pipelineOf(array, array.chunks as readonly number[]);
  return array;
}

/** What an element is that was never written; null where the dtype has no such thing. */
function missingOf(dtype: Dtype): Attribute {
  if (isFloat(dtype)) return NaN;
  return isTime(dtype) ? NAT : null;
}

function checkSpec({ name, shape, chunks, shards, dims }: ZarrArraySpec, version: 2 | 3): void {
  const fail = (found: string, hint?: string): ArgumentError =>
    new ArgumentError({ asked: `array "${name}" of shape (${shape.join(", ")})`, found, hint });
  const segments = keySegments(joinKey("/", name));
  if (segments.length !== 1 || name !== segments[0] || name.startsWith(".z") || name === "zarr.json")
    throw fail("a name that no array can have", "names have no slashes and are no file names of Zarr");
  if (dims.length !== shape.length) throw fail(`dimensions (${dims.join(", ")})`);
  if (chunks.length !== shape.length || !chunks.every((chunk) => Number.isInteger(chunk) && chunk > 0))
    throw fail(`chunks (${chunks.join(", ")})`, "give a length of at least 1 for each axis");
  if (!shards) return;
  if (version === 2) throw fail("shards", "only version 3 has them");
  if (
    shards.length !== shape.length ||
    !shards.every((shard, axis) => shard > 0 && shard % chunks[axis] === 0)
  )
    throw fail(
      `shards (${shards.join(", ")}) of chunks (${chunks.join(", ")})`,
      "they have to be multiples of the chunks",
    );
}

function v3Encoding({ dtype, chunks, shards, codecs }: ZarrArraySpec): ZarrEncoding {
  const asJson = ({ name, configuration }: CodecSpec): Json => ({
    name,
    configuration: configuration as Attributes,
  });
  const serializer: CodecSpec =
    dtype === "string"
      ? { name: "vlen-utf8", configuration: {} }
      : { name: "bytes", configuration: itemSize(dtype) === 1 ? {} : { endian: "little" } };
  const inner = [serializer, ...(codecs ?? [defaultCompressor(dtype)])].map(asJson);
  const index = [
    { name: "bytes", configuration: { endian: "little" } },
    { name: "crc32c", configuration: {} },
  ].map(asJson);
  const sharding = asJson({
    name: "sharding_indexed",
    configuration: { chunk_shape: [...chunks], codecs: inner, index_codecs: index, index_location: "end" },
  });
  return { version: 3, dataType: v3DataTypeOf(dtype), codecs: shards ? [sharding] : inner };
}

function v2Encoding({ dtype, codecs }: ZarrArraySpec): ZarrEncoding {
  const asJson = ({ name, configuration }: CodecSpec): Json => ({
    id: name,
    ...(configuration as Attributes),
  });
  const list = codecs ?? [defaultCompressor(dtype, 2)];
  const text = dtype === "string" ? [{ id: "vlen-utf8" }] : [];
  const compressor = list.at(-1);
  return {
    version: 2,
    dtype: v2DtypeOf(dtype),
    order: "C",
    filters: [...text, ...list.slice(0, -1).map(asJson)],
    compressor: compressor ? asJson(compressor) : null,
  };
}

type KeyedDocuments = Map<string, { readonly [key: string]: Json }>;

/** `zarr.json` of every array, of the group with all of them inline, and of its parents. */
function v3Documents(
  group: string,
  attributes: Attributes,
  arrays: ReadonlyMap<string, ZarrArray>,
): KeyedDocuments {
  const documents: KeyedDocuments = new Map();
  const bare = { zarr_format: 3, node_type: "group" };
  for (const parent of parentsOf(group))
    documents.set(joinKey(parent, "zarr.json"), { ...bare, attributes: {} });
  const metadata: Record<string, Json> = {};
  for (const [name, array] of arrays) {
    const document = writeV3Array(array);
    documents.set(joinKey(group, name, "zarr.json"), document);
    metadata[name] = document;
  }
  const consolidated = { kind: "inline", must_understand: false, metadata };
  documents.set(joinKey(group, "zarr.json"), { ...bare, attributes, consolidated_metadata: consolidated });
  return documents;
}

/** `.zarray` and `.zattrs` of every array, those of the group, and all of them again in `.zmetadata`. */
function v2Documents(
  group: string,
  attributes: Attributes,
  arrays: ReadonlyMap<string, ZarrArray>,
): KeyedDocuments {
  const documents: KeyedDocuments = new Map();
  const metadata: Record<string, Json> = {};
  const put = (key: string, document: { readonly [key: string]: Json }): void => {
    documents.set(joinKey(group, key), document);
    metadata[key] = document;
  };
  for (const parent of parentsOf(group)) documents.set(joinKey(parent, ".zgroup"), { zarr_format: 2 });
  put(".zgroup", { zarr_format: 2 });
  put(".zattrs", attributes);
  for (const [name, array] of arrays) {
    put(`${name}/.zarray`, writeV2Array(array));
    put(`${name}/.zattrs`, writeV2Attributes(parseExactJson(array.attributes) as Attributes, array.dims));
  }
  documents.set(joinKey(group, ".zmetadata"), { zarr_consolidated_format: 1, metadata });
  return documents;
}

/** The groups above a group, outermost first. */
function parentsOf(group: string): string[] {
  const names = group.split("/").filter((name) => name !== "");
  return names.map((_, depth) => joinKey("/", ...names.slice(0, depth)));
}
