/** Owns the metadata document of Zarr version 3 arrays, `zarr.json`, read and written. Knows no stores. */
import { elementOfV3 } from "@hyperslab/codecs/element";
import { type Dtype, isDatetime, isTime, unitOf } from "@hyperslab/core/dtype";
import { type Json, isJsonObject, parseExactJson, printExactJson } from "./exact-json.js";
import type { Attributes } from "./source.js";
import { readFillValue, writeFillAttribute, writeFillValue } from "./zarr-fill-value.js";
import {
  MetadataReader,
  type StoredAxis,
  type ZarrArray,
  checkChunks,
  completeDims,
} from "./zarr-metadata.js";
import { noCftime } from "./zarr-v2-metadata.js";

/** The members that this version knows; others must be understood, unless they say otherwise. */
const KNOWN: ReadonlySet<string> = new Set([
  "zarr_format",
  "node_type",
  "shape",
  "data_type",
  "chunk_grid",
  "chunk_key_encoding",
  "fill_value",
  "codecs",
  "attributes",
  "storage_transformers",
  "dimension_names",
  "consolidated_metadata",
]);

/**
 * The array that a `zarr.json` describes.
 * @throws FormatError for a document that is no array's, DtypeError for a data type that isn't supported
 */
export function readV3Array(path: string, name: string, json: Json): ZarrArray {
  const reader = new MetadataReader(path, json);
  const { document } = reader;
  if (document["zarr_format"] !== 3) throw reader.wrong("zarr_format", document["zarr_format"], "3");
  if (document["node_type"] !== "array") throw reader.wrong("node_type", document["node_type"], "array");
  for (const [key, value] of Object.entries(document))
    if (!KNOWN.has(key) && !(isJsonObject(value) && value["must_understand"] === false))
      throw reader.wrong(key, value, "anything that this version understands");
  if (reader.list("storage_transformers", document["storage_transformers"]).length)
    throw reader.wrong("storage_transformers", document["storage_transformers"], "empty");
  const shape = reader.lengths("shape", document["shape"], 0);
  const element = elementOfV3(document["data_type"]);
  const codecs = reader.list("codecs", document["codecs"]);
  const attributes = { ...reader.object("attributes", document["attributes"]) };
  const dims = dimensionNames(reader, document["dimension_names"], attributes, shape.length);
  const innerChunks = innerChunksOf(reader, codecs, shape);
  const chunks = chunkGridOf(reader, document["chunk_grid"], shape);
  return {
    shape,
    chunks,
    ...(innerChunks ? { innerChunks } : {}),
    dtype: element.dtype,
    encoding: { version: 3, dataType: document["data_type"], codecs },
    fill: readFillValue(document["fill_value"] ?? null, element.dtype, element.kind, path),
    keys: chunkKeysOf(reader, document["chunk_key_encoding"]),
    dims: completeDims(dims, shape.length, name),
    attributes: printExactJson(attributes),
  };
}

function dimensionNames(
  reader: MetadataReader,
  names: Json,
  attributes: Record<string, Json>,
  rank: number,
): (string | null)[] | undefined {
  // stores written while version 3 was young have xarray's attribute
  const fallback = attributes["_ARRAY_DIMENSIONS"];
  delete attributes["_ARRAY_DIMENSIONS"];
  const list = names ?? fallback ?? null;
  if (list === null) return undefined;
  if (!Array.isArray(list) || list.length !== rank)
    throw reader.wrong("dimension_names", list, `a list of ${rank} names`);
  return list.map((one) => (typeof one === "string" && one !== "" ? one : null));
}

function chunkGridOf(reader: MetadataReader, grid: Json, shape: readonly number[]): StoredAxis[] {
  const { name, configuration } = named(reader, "chunk_grid", grid);
  if (name === "regular")
    return checkChunks(reader, shape, reader.lengths("chunk_shape", configuration["chunk_shape"], 0));
  if (name !== "rectilinear") throw reader.wrong("chunk_grid", grid, "regular or rectilinear");
  const axes = reader.list("chunk_shapes", configuration["chunk_shapes"]);
  if (axes.length !== shape.length)
    throw reader.wrong("chunk_shapes", axes, `a list of ${shape.length} axes`);
  return axes.map((axis, i): StoredAxis => {
    if (typeof axis === "number") return checkChunks(reader, [shape[i]], [axis])[0];
    const bounds = [0];
    for (const edge of reader.list("chunk_shapes", axis)) {
      // lengths, or [length, how many times]
      const [length, times] = Array.isArray(edge) ? edge : [edge, 1];
      const [n] = reader.lengths("chunk_shapes", [length], 1);
      const [k] = reader.lengths("chunk_shapes", [times], 1);
      if (bounds.length + k > 1e7) throw reader.wrong("chunk_shapes", edge, "a list of a sane length");
      for (let j = 0; j < k; j++) bounds.push(bounds[bounds.length - 1] + n);
    }
    if (bounds[bounds.length - 1] < shape[i])
      throw reader.wrong("chunk_shapes", axis, `long enough for an axis of ${shape[i]}`);
    return bounds;
  });
}

function chunkKeysOf(reader: MetadataReader, json: Json): ZarrArray["keys"] {
  if (json === undefined) return { kind: "default", separator: "/" };
  const { name, configuration } = named(reader, "chunk_key_encoding", json);
  const kind = reader.choice("chunk_key_encoding", name, ["default", "v2"]);
  const separators = kind === "default" ? (["/", "."] as const) : ([".", "/"] as const);
  return { kind, separator: reader.choice("separator", configuration["separator"], separators) };
}

/** The smallest chunks that can be read: those of the sharding codec, where it is the only one. */
function innerChunksOf(
  reader: MetadataReader,
  codecs: readonly Json[],
  shape: readonly number[],
): number[] | undefined {
  const [first, ...after] = codecs;
  // a shard that is compressed as a whole has to be read as a whole
  if (after.length || !isJsonObject(first) || first["name"] !== "sharding_indexed") return undefined;
  const configuration = reader.object("configuration", first["configuration"]);
  const inner = reader.lengths("chunk_shape", configuration["chunk_shape"], 1);
  if (inner.length !== shape.length)
    throw reader.wrong("chunk_shape", inner, `of the rank of shape (${shape.join(", ")})`);
  return inner;
}

function named(
  reader: MetadataReader,
  key: string,
  json: Json,
): { name: string; configuration: { readonly [key: string]: Json } } {
  if (typeof json === "string") return { name: json, configuration: {} };
  if (!isJsonObject(json) || typeof json["name"] !== "string")
    throw reader.wrong(key, json, "a name with its configuration");
  return { name: json["name"], configuration: reader.object("configuration", json["configuration"]) };
}

/** The `zarr.json` of an array. */
export function writeV3Array(array: ZarrArray): { readonly [key: string]: Json } {
  const { encoding, keys } = array;
  if (encoding.version !== 3) throw new TypeError("an array of version 2");
  const { dtype, kind } = elementOfV3(encoding.dataType);
  const attributes: Record<string, Json> = { ...(parseExactJson(array.attributes) as Attributes) };
  if (attributes["_FillValue"] !== undefined)
    attributes["_FillValue"] = writeFillAttribute(attributes["_FillValue"], dtype);
  return {
    zarr_format: 3,
    node_type: "array",
    shape: array.shape,
    data_type: encoding.dataType,
    chunk_grid: { name: "regular", configuration: { chunk_shape: array.chunks as readonly number[] } },
    chunk_key_encoding: { name: keys.kind, configuration: { separator: keys.separator } },
    fill_value: writeFillValue(array.fill, dtype, kind, 3),
    codecs: encoding.codecs,
    attributes,
    dimension_names: array.dims,
    storage_transformers: [],
  };
}

/** The `data_type` of a dtype. @throws DtypeError for cftime64 */
export function v3DataTypeOf(dtype: Dtype): Json {
  if (!isTime(dtype)) return dtype;
  if (dtype.startsWith("cftime64")) throw noCftime(dtype);
  const name = isDatetime(dtype) ? "numpy.datetime64" : "numpy.timedelta64";
  return { name, configuration: { unit: unitOf(dtype), scale_factor: 1 } };
}
