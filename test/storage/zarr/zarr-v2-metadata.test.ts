import { DtypeError, FormatError } from "@hyperslab/core/errors";
import type { Json } from "@hyperslab/storage/exact-json";
import { chunkKey, describeZarr, storedChunkShape, storedGrid } from "@hyperslab/storage/zarr/zarr-metadata";
import { readV2Array, v2DtypeOf, writeV2Array } from "@hyperslab/storage/zarr/zarr-v2-metadata";
import { describe, expect, it } from "vitest";

const PLAIN: { readonly [key: string]: Json } = {
  zarr_format: 2,
  shape: [5, 7],
  chunks: [2, 9],
  dtype: "<f4",
  compressor: null,
  fill_value: "NaN",
  order: "C",
  filters: null,
};

const read = (
  changes: { readonly [key: string]: Json } = {},
  zattrs: Json = { _ARRAY_DIMENSIONS: ["y", "x"] },
) => readV2Array("store/a", "a", { ...PLAIN, ...changes }, zattrs);

describe("readV2Array", () => {
  it("brings metadata into the normal form", () => {
    const array = read({}, { _ARRAY_DIMENSIONS: ["y", "x"], units: "m", _NCProperties: "x" });
    expect(array).toMatchObject({
      shape: [5, 7],
      chunks: [2, 9],
      dtype: "float32",
      fill: "0x7fc00000",
      dims: ["y", "x"],
      keys: { kind: "v2", separator: "." },
    });
    expect(JSON.parse(JSON.stringify(array))).toEqual(array);
    const info = describeZarr(array);
    expect(info.attributes).toEqual({ units: "m", _FillValue: NaN });
    expect(info.grid).toEqual([
      { kind: "regular", length: 5, chunk: 2 },
      { kind: "regular", length: 7, chunk: 7 },
    ]);
    expect(storedChunkShape(array, [2, 0])).toEqual([2, 9]);
    expect(info.encoding).toMatchObject({ dtype: "<f4", chunks: [2, 9], compressor: null, zarr_format: 2 });
  });
  it.each([
    ["|b1", "bool"],
    ["|i1", "int8"],
    [">u2", "uint16"],
    ["<f2", "float16"],
    [">f8", "float64"],
    ["<M8[ns]", "datetime64[ns]"],
    [">m8[h]", "timedelta64[h]"],
    ["|S5", "string"],
    ["<U3", "string"],
  ])("knows dtype %s", (dtype, expected) => {
    expect(read({ dtype, fill_value: null }).dtype).toBe(expected);
  });
  it.each([
    ["<c4", "<c4"],
    ["|V0", "|V0"],
    [
      [
        ["a", "<f4"],
        ["a", "<f4"],
      ],
      '[["a","<f4"],["a","<f4"]]',
    ],
    ["<m8[M]", "M"],
    ["<M8[as]", "as"],
    ["<f16", "<f16"],
  ] satisfies [Json, string][])("names dtype %j, which it doesn't know", (dtype, name) => {
    expect(() => read({ dtype, fill_value: null })).toThrow(DtypeError);
    expect(() => read({ dtype, fill_value: null })).toThrow(name);
  });
  it.each([
    [{ shape: [5] }, "chunks"],
    [{ shape: "x" }, '"shape" is "x"'],
    [{ shape: [5, -1] }, '"shape" is [5,-1]'],
    [{ shape: [5, 1.5] }, '"shape"'],
    [{ chunks: [2, 0] }, '"chunks"'],
    [{ zarr_format: 3 }, '"zarr_format" is 3'],
    [{ order: "K" }, '"order" is "K", not C or F'],
    [{ filters: {} }, '"filters"'],
    [{ dimension_separator: "-" }, '"dimension_separator"'],
    [{ fill_value: "zero" }, "fill_value"],
    [{ shape: [1e300, 1] }, '"shape"'],
  ] satisfies [{ readonly [key: string]: Json }, string][])("refuses %j", (changes, message) => {
    expect(() => read(changes)).toThrow(FormatError);
    expect(() => read(changes)).toThrow(message);
    expect(() => read(changes)).toThrow("store/a");
  });
  it("refuses what is no object", () => {
    for (const json of [null, 5, "x", []] as const)
      expect(() => readV2Array("p", "a", json, null)).toThrow(FormatError);
  });
  it("takes dimension names from where they may be", () => {
    expect(read({}, null).dims).toEqual(["a_dim_0", "a_dim_1"]);
    expect(read({}, { _ARRAY_DIMENSIONS: ["y"] }).dims).toEqual(["a_dim_0", "a_dim_1"]);
    const refs = { dimrefs: ["/lat", "/sub/lon"] };
    expect(read({ _NCZARR_ARRAY: refs }, null).dims).toEqual(["lat", "lon"]);
    expect(read({}, { _nczarr_array: { dimension_references: ["/lat", "/lon"] } }).dims).toEqual([
      "lat",
      "lon",
    ]);
  });
  it("shows no _FillValue for text and truth values", () => {
    expect(describeZarr(read({ dtype: "|b1", fill_value: false })).attributes).toEqual({});
    expect(describeZarr(read({ dtype: "<U3", fill_value: "" })).attributes).toEqual({});
    expect(describeZarr(read({ dtype: "<i8", fill_value: 2n ** 60n })).attributes).toEqual({
      _FillValue: 2n ** 60n,
    });
  });
  it("writes what it read", () => {
    const cases: { readonly [key: string]: Json }[] = [
      {},
      { dtype: ">i2", fill_value: -9, order: "F" },
      { dtype: "<M8[ns]", fill_value: null },
    ];
    for (const changes of cases) {
      const expected = { ...PLAIN, dimension_separator: ".", ...changes };
      expect(writeV2Array(read(changes))).toEqual(expected);
    }
  });
});

describe("chunkKey", () => {
  it("joins coordinates", () => {
    expect(chunkKey(read(), "/g/a", [1, 2])).toBe("/g/a/1.2");
    expect(chunkKey(read({ dimension_separator: "/" }), "/a", [1, 2])).toBe("/a/1/2");
    const scalar = readV2Array("p", "a", { ...PLAIN, shape: [], chunks: [] }, null);
    expect(chunkKey(scalar, "/", [])).toBe("/0");
    expect(storedGrid(scalar)).toEqual([]);
  });
});

describe("v2DtypeOf", () => {
  it("spells dtypes as NumPy does", () => {
    const spelled = (
      ["bool", "int8", "uint16", "float64", "datetime64[ns]", "timedelta64[D]", "string"] as const
    ).map(v2DtypeOf);
    expect(spelled).toEqual(["|b1", "|i1", "<u2", "<f8", "<M8[ns]", "<m8[D]", "|O"]);
    expect(() => v2DtypeOf("cftime64[noleap]")).toThrow("encode it as numbers");
  });
});
