/** Owns the metadata document of Zarr version 3 arrays, `zarr.json`, read and written. Knows no stores. */
import { elementOf, fieldsOfV3 } from "@hyperslab/codecs/record";
import { type Dtype, isDatetime, isTime, unitOf } from "@hyperslab/core/dtype";
import { type Json, isJsonObject, parseExactJson, printExactJson } from "../exact-json.js";
import type { Attributes } from "../source.js";
import { readElementFill } from "./zarr-element-fill.js";
import { writeFillAttribute, writeFillValue } from "./zarr-fill-value.js";
import {
  MetadataReader,
  type StoredAxis,
  type ZarrArray,
  arraysOfFields,
  asPlainJson,
  checkChunks,
  completeDims,
  withElement,
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

/** The members of a group's document that this version knows. */
const KNOWN_OF_GROUPS: ReadonlySet<string> = new Set([
  "zarr_format",
  "node_type",
  "attributes",
  "consolidated_metadata",
]);

/** Data types of bytes of any length, whose fill values are base64. */
const BINARY: ReadonlySet<string> = new Set(["bytes", "variable_length_bytes"]);

/** Chunks of one axis that are written one by one; more are a mistake or an attack. */
const MOST_EDGES = 2 ** 20;

/**
 * The arrays that a `zarr.json` describes: one, or one for each field of its records.
 * @throws FormatError for a document that is no array's, DtypeError for a data type that isn't supported
 */
export function readV3Arrays(path: string, name: string, json: Json): Map<string, ZarrArray | Error> {
  const dataType = new MetadataReader(path, json).document["data_type"];
  return arraysOfFields(name, fieldsOfV3(dataType), (field) => readV3Array(path, name, json, field));
}

/** @throws FormatError for a member that has to be understood and isn't */
function checkMembers(reader: MetadataReader, known: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(reader.document))
    if (!known.has(key) && !isOptional(value))
      throw reader.wrong(key, value, "anything that this version understands");
}

/** Extensions say so where a reader that doesn't know them may go on. */
function isOptional(json: Json): boolean {
  return isJsonObject(json) && json["must_understand"] === false;
}

/** Checks the `zarr.json` of a group. @throws FormatError for one that this version can't read */
export function checkV3Group(path: string, json: Json): void {
  const reader = new MetadataReader(path, json);
  if (reader.document["zarr_format"] !== 3)
    throw reader.wrong("zarr_format", reader.document["zarr_format"], "3");
  reader.choice("node_type", reader.document["node_type"], ["group"]);
  checkMembers(reader, KNOWN_OF_GROUPS);
}

/**
 * The array of a `zarr.json`; `field` is the path of one in its records.
 * @throws FormatError for a document that is no array's, DtypeError for a data type that isn't supported
 */
export function readV3Array(path: string, name: string, json: Json, field = ""): ZarrArray {
  const reader = new MetadataReader(path, json);
  const { document } = reader;
  if (document["zarr_format"] !== 3) throw reader.wrong("zarr_format", document["zarr_format"], "3");
  if (document["node_type"] !== "array") throw reader.wrong("node_type", document["node_type"], "array");
  checkMembers(reader, KNOWN);
  const transformers = reader.list("storage_transformers", document["storage_transformers"]);
  if (!transformers.every(isOptional)) throw reader.wrong("storage_transformers", transformers, "empty");
  const shape = reader.shape("shape", document["shape"]);
  const element = elementOf(fieldsOfV3(document["data_type"]), field);
  const codecs = reader.list("codecs", document["codecs"]);
  const attributes = { ...reader.object("attributes", document["attributes"]) };
  const dims = dimensionNames(reader, document["dimension_names"], attributes, shape.length);
  const innerChunks = innerChunksOf(reader, codecs, shape);
  const chunks = chunkGridOf(reader, document["chunk_grid"], shape);
  const binary = BINARY.has(String(document["data_type"]));
  return {
    ...withElement(element, field, name, {
      shape,
      chunks,
      ...(innerChunks ? { innerChunks } : {}),
      dims: completeDims(dims, shape.length, name),
    }),
    encoding: {
      version: 3,
      dataType: asPlainJson(document["data_type"]),
      codecs: codecs.map(asPlainJson),
    },
    fill: readElementFill(
      document["fill_value"] ?? null,
      binary ? { ...element, kind: "bytes" } : element,
      field,
      path,
    ),
    keys: chunkKeysOf(reader, document["chunk_key_encoding"]),
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
  if (configuration["kind"] !== "inline")
    throw reader.wrong(
      "kind",
      configuration["kind"],
      "inline, the one kind of rectilinear grids that is known",
    );
  return axes.map((axis, i): StoredAxis => {
    if (typeof axis === "number")
      return checkChunks(reader, [shape[i]], reader.lengths("chunk_shapes", [axis], 0))[0];
    return edgesOf(reader, reader.list("chunk_shapes", axis), shape[i]);
  });
}

/** The bounds of the chunks of one axis from their lengths, `5` or `[length, how many times]`; one length for all of one length. */
function edgesOf(reader: MetadataReader, edges: readonly Json[], length: number): StoredAxis {
  const runs = edges.map((edge) => {
    const run = reader.lengths("chunk_shapes", Array.isArray(edge) ? edge : [edge, 1], 1);
    if (run.length !== 2) throw reader.wrong("chunk_shapes", edge, "a length, or a length and a count");
    return { edge: run[0], times: run[1] };
  });
  if (runs.reduce((sum, { edge, times }) => sum + edge * times, 0) < length || runs.length === 0)
    throw reader.wrong("chunk_shapes", edges, `long enough for an axis of ${length}`);
  if (runs.every(({ edge }) => edge === runs[0].edge)) return runs[0].edge;
  const bounds = [0];
  for (const { edge, times } of runs) {
    const start = bounds[bounds.length - 1];
    // chunks beyond the end of the array hold nothing
    const needed = Math.min(times, Math.ceil(Math.max(0, length - start) / edge));
    if (bounds.length + needed > MOST_EDGES)
      throw reader.wrong("chunk_shapes", edges, `a grid of at most ${MOST_EDGES} chunks on an axis`);
    for (let i = 1; i <= needed; i++) bounds.push(start + i * edge);
  }
  return bounds;
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
  const { dtype, kind } = elementOf(fieldsOfV3(encoding.dataType), array.field ?? "");
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
