import type { Dtype } from "@hyperslab/core/dtype";
import { FormatError } from "@hyperslab/core/errors";
import { type Json, parseExactJson } from "@hyperslab/storage/exact-json";
import {
  type FillElement,
  fillAttribute,
  fillElement,
  fillTextOf,
  readFillAttribute,
  readFillValue,
  writeFillAttribute,
  writeFillValue,
} from "@hyperslab/storage/zarr/zarr-fill-value";
import { describe, expect, it } from "vitest";

const read = (text: string, dtype: Dtype): FillElement =>
  fillElement(
    readFillValue(parseExactJson(text), dtype, dtype === "string" ? "object" : "plain", "p"),
    dtype,
  );

describe("readFillValue", () => {
  it.each([
    ["0", "float32", 0],
    ["1.5", "float32", 1.5],
    ["0.1", "float32", Math.fround(0.1)],
    ["-0.0", "float64", -0],
    ['"NaN"', "float32", NaN],
    ["NaN", "float64", NaN],
    ['"Infinity"', "float32", Infinity],
    ['"-Infinity"', "float64", -Infinity],
    ['"0x7fc00000"', "float32", NaN],
    ['"0x3f800000"', "float32", 1],
    ['"0x3ff0000000000000"', "float64", 1],
    ['"0x3c00"', "float16", 0x3c00],
    ["1", "float16", 0x3c00],
    ["1e20", "float32", Math.fround(1e20)],
    ["100000000000000000000", "float64", 1e20],
    ["9007199254740993", "int64", 9007199254740993n],
    ["-9223372036854775808", "int64", -(2n ** 63n)],
    ["18446744073709551615", "uint64", 2n ** 64n - 1n],
    ["255", "uint8", 255],
    ["3.0", "int16", 3],
    ["true", "bool", 1],
    ["false", "bool", 0],
    ["0", "bool", 0],
    ['"NaT"', "datetime64[ns]", -(2n ** 63n)],
    ["0", "timedelta64[s]", 0n],
    ['"none"', "string", "none"],
    ["0", "string", ""],
    ["null", "string", ""],
    ["null", "int64", 0n],
    ["null", "float32", 0],
  ] satisfies [string, Dtype, number | bigint | string][])("reads %s as %s", (text, dtype, expected) => {
    expect(read(text, dtype)).toBe(expected);
  });
  it("reads base64 of fixed-length bytes", () => {
    expect(readFillValue("eHl6AAA=", "string", "bytes", "p")).toBe("xyz");
    expect(readFillValue("", "string", "bytes", "p")).toBe("");
  });
  it.each([
    ["256", "uint8"],
    ["-1", "uint16"],
    ["1.5", "int32"],
    ['"x"', "float32"],
    ['"0x7fc0"', "float32"],
    ["9223372036854775808", "int64"],
    ["[0]", "int8"],
    ["2", "bool"],
    ["{}", "string"],
  ] satisfies [string, Dtype][])("refuses %s as %s", (text, dtype) => {
    expect(() => read(text, dtype)).toThrow(FormatError);
    expect(() => read(text, dtype)).toThrow(`is no ${dtype}`);
  });
});

describe("writeFillValue", () => {
  it.each([
    [NaN, "float32", "NaN", "NaN"],
    [-Infinity, "float64", "-Infinity", "-Infinity"],
    [0.1, "float32", Math.fround(0.1), Math.fround(0.1)],
    [-9, "int16", -9, -9],
    [2n ** 60n, "int64", 2n ** 60n, 2n ** 60n],
    [true, "bool", true, true],
    ["x", "string", "x", "x"],
    [null, "int32", null, 0],
    [null, "float64", null, 0],
    [null, "string", null, ""],
  ] satisfies [Json, Dtype, Json, Json][])("writes %s of %s", (value, dtype, second, third) => {
    const kind = dtype === "string" ? "object" : "plain";
    const text = fillTextOf(value, dtype, "p");
    expect(writeFillValue(text, dtype, kind, 2)).toBe(second);
    expect(writeFillValue(text, dtype, kind, 3)).toBe(third);
  });
  it("keeps the bits of unusual NaNs in version 3", () => {
    const text = readFillValue("0x7fc00001", "float32", "plain", "p");
    expect(writeFillValue(text, "float32", "plain", 3)).toBe("0x7fc00001");
    expect(writeFillValue(text, "float32", "plain", 2)).toBe("NaN");
  });
});

describe("_FillValue among the attributes", () => {
  it("is base64 of a double for floats, as xarray has it", () => {
    expect(writeFillAttribute(NaN, "float32")).toBe("AAAAAAAA+H8=");
    expect(readFillAttribute("AAAAAAAA+H8=", "float32")).toBeNaN();
    expect(readFillAttribute(writeFillAttribute(-999.5, "float64"), "float64")).toBe(-999.5);
    expect(readFillAttribute(writeFillAttribute(1e20, "float64"), "float64")).toBe(1e20);
    expect(writeFillAttribute(10n ** 20n, "float32")).toBe(writeFillAttribute(1e20, "float32"));
    expect(readFillAttribute(-9, "int16")).toBe(-9);
    expect(readFillAttribute("text", "string")).toBe("text");
    expect(readFillAttribute(1.5, "float32")).toBe(1.5);
  });
  it("is shown as people know it", () => {
    expect(fillAttribute(fillTextOf(1.5, "float16", "p"), "float16")).toBe(1.5);
    expect(fillAttribute(fillTextOf(true, "bool", "p"), "bool")).toBe(true);
    expect(fillAttribute(null, "int8")).toBeNull();
  });
});
