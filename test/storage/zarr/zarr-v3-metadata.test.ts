import { DtypeError, FormatError } from "@hyperslab/core/errors";
import type { Json } from "@hyperslab/storage/exact-json";
import {
  chunkKey,
  describeZarr,
  readGrid,
  storedChunkShape,
  storedGrid,
} from "@hyperslab/storage/zarr/zarr-metadata";
import { readV3Array, v3DataTypeOf, writeV3Array } from "@hyperslab/storage/zarr/zarr-v3-metadata";
import { describe, expect, it } from "vitest";

type Document = { readonly [key: string]: Json };

const BYTES: Json = [{ name: "bytes", configuration: { endian: "little" } }];
const PLAIN: Document = {
  zarr_format: 3,
  node_type: "array",
  shape: [5, 7],
  data_type: "float32",
  chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
  chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
  fill_value: "NaN",
  codecs: BYTES,
  attributes: { units: "m" },
  dimension_names: ["y", "x"],
  storage_transformers: [],
};

const read = (changes: Document = {}) => readV3Array("store/a", "a", { ...PLAIN, ...changes });
const sharding = (location: string): Json => ({
  name: "sharding_indexed",
  configuration: { chunk_shape: [1, 3], codecs: BYTES, index_codecs: BYTES, index_location: location },
});

describe("readV3Array", () => {
  it("brings metadata into the normal form", () => {
    const array = read();
    expect(array).toMatchObject({ shape: [5, 7], chunks: [2, 3], dtype: "float32", dims: ["y", "x"] });
    expect(array.innerChunks).toBeUndefined();
    expect(JSON.parse(JSON.stringify(array))).toEqual(array);
    expect(describeZarr(array).attributes).toEqual({ units: "m" });
    expect(writeV3Array(array)).toEqual(PLAIN);
  });
  it("decodes xarray's _FillValue", () => {
    const array = read({ attributes: { _FillValue: "AAAAAAAA+H8=", units: "m" } });
    expect(describeZarr(array).attributes).toEqual({ units: "m", _FillValue: NaN });
  });
  it.each([
    ["bool", false, "bool"],
    ["uint64", 0, "uint64"],
    ["float16", "0x7e00", "float16"],
    ["string", "", "string"],
    [{ name: "numpy.datetime64", configuration: { unit: "ns", scale_factor: 1 } }, "NaT", "datetime64[ns]"],
    [{ name: "numpy.timedelta64", configuration: { unit: "s", scale_factor: 1 } }, 0, "timedelta64[s]"],
    [{ name: "fixed_length_utf32", configuration: { length_bytes: 8 } }, "", "string"],
    [{ name: "null_terminated_bytes", configuration: { length_bytes: 2 } }, "", "string"],
  ] satisfies [Json, Json, string][])("knows data type %j", (data_type, fill_value, expected) => {
    expect(read({ data_type, fill_value }).dtype).toBe(expected);
  });
  it.each([
    ["complex32", "complex32"],
    ["r12", "r12"],
    ["bfloat16", "bfloat16"],
    ["datetime64[ns]", "datetime64[ns]"],
    [{ name: "struct", configuration: { fields: [] } }, "struct"],
    [{ name: "numpy.timedelta64", configuration: { unit: "Y", scale_factor: 1 } }, "Y"],
    [{ name: "numpy.datetime64", configuration: { unit: "s", scale_factor: 0.5 } }, "scale_factor"],
    [7, "7"],
  ] satisfies [Json, string][])("names data type %j, which it doesn't know", (data_type, name) => {
    expect(() => read({ data_type })).toThrow(DtypeError);
    expect(() => read({ data_type })).toThrow(name);
  });
  it.each([
    [{ node_type: "group" }, '"node_type" is "group"'],
    [{ shape: [5] }, '"dimension_names"'],
    [{ chunk_grid: { name: "hexagonal" } }, "regular or rectilinear"],
    [{ chunk_grid: "regular" }, '"chunk_shape" is missing'],
    [{ chunk_key_encoding: { name: "sorted" } }, '"chunk_key_encoding" is "sorted"'],
    [{ dimension_names: ["y"] }, '"dimension_names"'],
    [{ storage_transformers: [{ name: "x" }] }, '"storage_transformers"'],
    [{ novelty: { name: "x" } }, '"novelty"'],
    [{ codecs: "bytes" }, '"codecs"'],
  ] satisfies [Document, string][])("refuses %j", (changes, message) => {
    expect(() => read(changes)).toThrow(FormatError);
    expect(() => read(changes)).toThrow(message);
  });
  it("passes over members that need not be understood", () => {
    const optional = [{ name: "x", must_understand: false }];
    expect(read({ storage_transformers: optional }).dtype).toBe("float32");
    expect(read({ novelty: { must_understand: false } }).dtype).toBe("float32");
  });
  it("completes names of dimensions", () => {
    expect(read({ dimension_names: ["y", null] }).dims).toEqual(["y", "a_dim_1"]);
    expect(read({ dimension_names: null }).dims).toEqual(["a_dim_0", "a_dim_1"]);
    const young = read({ dimension_names: null, attributes: { _ARRAY_DIMENSIONS: ["y", "x"] } });
    expect(young.dims).toEqual(["y", "x"]);
    expect(describeZarr(young).attributes).toEqual({});
  });
  it("reads shards by their inner chunks", () => {
    const array = read({ codecs: [sharding("end")] });
    expect(array.innerChunks).toEqual([1, 3]);
    expect(readGrid(array).map((axis) => axis.kind === "regular" && axis.chunk)).toEqual([1, 3]);
    expect(storedGrid(array).map((axis) => axis.kind === "regular" && axis.chunk)).toEqual([2, 3]);
    expect(describeZarr(array).encoding).toMatchObject({ chunks: [1, 3], shards: [2, 3] });
    const zipped = read({ codecs: [sharding("end"), { name: "gzip", configuration: { level: 1 } }] });
    expect(zipped.innerChunks).toBeUndefined();
  });
  it("reads rectilinear grids", () => {
    const grid = (...chunk_shapes: Json[]): Document => ({
      chunk_grid: { name: "rectilinear", configuration: { kind: "inline", chunk_shapes } },
    });
    const array = read(grid([2, [1, 3]], 4));
    expect(array.chunks).toEqual([[0, 2, 3, 4, 5], 4]);
    expect(storedGrid(array)).toEqual([
      { kind: "irregular", length: 5, bounds: [0, 2, 3, 4, 5] },
      { kind: "regular", length: 7, chunk: 4 },
    ]);
    expect(storedChunkShape(array, [1, 1])).toEqual([1, 4]);
    const longer = read(grid([4, 6], [7]));
    expect(storedGrid(longer)[0]).toMatchObject({ length: 5 });
    expect(storedChunkShape(longer, [1, 0])).toEqual([6, 7]);
    expect(() => read(grid([2, 2], 4))).toThrow("long enough for an axis of 5");
    expect(read(grid([2, [1, 1e9]], 4)).chunks[0]).toEqual([0, 2, 3, 4, 5]);
    expect(read(grid([[2, 1e9]], [[3, 3]])).chunks).toEqual([2, 3]);
    expect(() => read({ shape: [1e9, 7], ...grid([2, [1, 1e9]], 4) })).toThrow("at most 1048576 chunks");
    expect(() => read(grid([[2, 3, 4]], 4))).toThrow("a length and a count");
    expect(() => read(grid([2.5, 2.5], 4))).toThrow(FormatError);
    expect(() => read(grid(2.5, 4))).toThrow(FormatError);
    const foreign = { name: "rectilinear", configuration: { kind: "by_file", chunk_shapes: [5, 7] } };
    expect(() => read({ chunk_grid: foreign })).toThrow('"kind" is "by_file"');
    expect(() => read(grid([0, 5], 4))).toThrow(FormatError);
  });
  it("makes keys of both kinds", () => {
    expect(chunkKey(read(), "/a", [1, 2])).toBe("/a/c/1/2");
    const key = (name: string, configuration?: Json): string =>
      chunkKey(
        read({ chunk_key_encoding: { name, ...(configuration ? { configuration } : {}) } }),
        "/a",
        [1, 2],
      );
    expect(key("default", { separator: "." })).toBe("/a/c.1.2");
    expect(key("default")).toBe("/a/c/1/2");
    expect(key("v2")).toBe("/a/1.2");
    const scalar = readV3Array("p", "a", {
      ...PLAIN,
      shape: [],
      dimension_names: [],
      chunk_grid: { name: "regular", configuration: { chunk_shape: [] } },
    });
    expect(chunkKey(scalar, "/a", [])).toBe("/a/c");
  });
});

describe("v3DataTypeOf", () => {
  it("spells data types", () => {
    expect(v3DataTypeOf("float16")).toBe("float16");
    expect(v3DataTypeOf("string")).toBe("string");
    expect(v3DataTypeOf("datetime64[us]")).toEqual({
      name: "numpy.datetime64",
      configuration: { unit: "us", scale_factor: 1 },
    });
    expect(() => v3DataTypeOf("cftime64[360_day]")).toThrow(DtypeError);
  });
});
