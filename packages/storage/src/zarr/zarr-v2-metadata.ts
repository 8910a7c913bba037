/** Owns the metadata documents of Zarr version 2: `.zarray` and `.zattrs`, read and written. Knows no stores. */
import { elementOf, fieldsOfV2 } from "@hyperslab/codecs/record";
import { type Dtype, isDatetime, isTime, itemSize, unitOf } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { type Json, isJsonObject, printExactJson } from "../exact-json.js";
import type { Attributes } from "../source.js";
import { readElementFill } from "./zarr-element-fill.js";
import { writeFillValue } from "./zarr-fill-value.js";
import {
  MetadataReader,
  type ZarrArray,
  arraysOfFields,
  asPlainJson,
  checkChunks,
  completeDims,
  withElement,
} from "./zarr-metadata.js";

/** Where xarray keeps the dimensions' names in version 2. */
const DIMS = "_ARRAY_DIMENSIONS";

/**
 * The arrays that a `.zarray` and its `.zattrs` describe: one, or one for each field of its records.
 * @throws FormatError for a document that is no array's, DtypeError for a dtype that isn't supported
 */
export function readV2Arrays(
  path: string,
  name: string,
  zarray: Json,
  zattrs: Json,
): Map<string, ZarrArray | Error> {
  const dtype = new MetadataReader(path, zarray).document["dtype"];
  return arraysOfFields(name, fieldsOfV2(dtype), (field) => readV2Array(path, name, zarray, zattrs, field));
}

/**
 * The array of a `.zarray`; `field` is the path of one in its records.
 * @throws FormatError for a document that is no array's, DtypeError for a dtype that isn't supported
 */
export function readV2Array(path: string, name: string, zarray: Json, zattrs: Json, field = ""): ZarrArray {
  const reader = new MetadataReader(path, zarray);
  const { document } = reader;
  if (document["zarr_format"] !== 2) throw reader.wrong("zarr_format", document["zarr_format"], "2");
  const shape = reader.shape("shape", document["shape"]);
  const chunks = checkChunks(reader, shape, reader.lengths("chunks", document["chunks"], 0));
  const element = elementOf(fieldsOfV2(document["dtype"]), field);
  const filters = reader.list("filters", document["filters"]);
  const attributes = { ...reader.object(".zattrs", zattrs) };
  const dims = dimensionNames(attributes, document, shape.length);
  delete attributes[DIMS];
  for (const key of Object.keys(attributes)) if (key.toLowerCase().startsWith("_nc")) delete attributes[key];
  // the default of arrays of bytes of any length is written like that of fixed ones
  const binary = element.kind === "object" && isJsonObject(filters[0]) && filters[0]["id"] === "vlen-bytes";
  const fillKind = binary ? { ...element, kind: "bytes" as const } : element;
  return {
    ...withElement(element, field, name, { shape, chunks, dims: completeDims(dims, shape.length, name) }),
    encoding: {
      version: 2,
      dtype: asPlainJson(document["dtype"]),
      order: reader.choice("order", document["order"], ["C", "F"]),
      filters: filters.map(asPlainJson),
      compressor: asPlainJson(document["compressor"] ?? null),
    },
    fill: readElementFill(document["fill_value"] ?? null, fillKind, field, path),
    keys: {
      kind: "v2",
      separator: reader.choice("dimension_separator", document["dimension_separator"], [".", "/"]),
    },
    attributes: printExactJson(attributes),
  };
}

/** xarray's names, or those of netCDF's own Zarr files (`_nczarr_array`), which are paths. */
function dimensionNames(
  attributes: { readonly [key: string]: Json },
  zarray: { readonly [key: string]: Json },
  rank: number,
): (string | null)[] | undefined {
  const texts = (list: Json): (string | null)[] | undefined =>
    Array.isArray(list) && list.length === rank
      ? list.map((one) => (typeof one === "string" && one !== "" ? one : null))
      : undefined;
  const own = texts(attributes[DIMS]);
  if (own) return own;
  for (const place of [
    attributes["_nczarr_array"],
    attributes["_NCZARR_ARRAY"],
    zarray["_nczarr_array"],
    zarray["_NCZARR_ARRAY"],
  ]) {
    const refs = isJsonObject(place) ? (place["dimension_references"] ?? place["dimrefs"]) : undefined;
    const found = refs === undefined ? undefined : texts(refs);
    if (found) return found.map((path) => path?.split("/").at(-1) ?? null);
  }
  return undefined;
}

/** The `.zarray` of an array. */
export function writeV2Array(array: ZarrArray): { readonly [key: string]: Json } {
  const { encoding, keys } = array;
  if (encoding.version !== 2) throw new TypeError("an array of version 3");
  const { dtype, kind } = elementOf(fieldsOfV2(encoding.dtype), array.field ?? "");
  return {
    zarr_format: 2,
    shape: array.shape,
    chunks: array.chunks as readonly number[],
    dtype: encoding.dtype,
    compressor: encoding.compressor,
    fill_value: writeFillValue(array.fill, dtype, kind, 2),
    order: encoding.order,
    filters: encoding.filters.length ? encoding.filters : null,
    dimension_separator: keys.separator,
  };
}

/** The `.zattrs` of an array: its attributes and the names of its dimensions. */
export function writeV2Attributes(
  attributes: Attributes,
  dims: readonly string[],
): { readonly [key: string]: Json } {
  return { ...attributes, [DIMS]: dims };
}

const LETTERS: Readonly<Record<string, string>> = {
  bool: "|b1",
  int8: "|i1",
  uint8: "|u1",
  string: "|O",
};

/** NumPy's typestr of a dtype, little-endian; text of any length is an object. @throws DtypeError for cftime64 */
export function v2DtypeOf(dtype: Dtype): string {
  if (dtype in LETTERS) return LETTERS[dtype];
  if (isTime(dtype)) {
    if (dtype.startsWith("cftime64")) throw noCftime(dtype);
    return `<${isDatetime(dtype) ? "M" : "m"}8[${unitOf(dtype)}]`;
  }
  return `<${dtype[0]}${itemSize(dtype)}`;
}

export function noCftime(dtype: Dtype): DtypeError {
  return new DtypeError({
    dtype,
    found: "no file format stores it",
    hint: "encode it as numbers with units and calendar first",
  });
}
