/** Dtype names of both formats. */
import { describe, expect, it } from "vitest";
import { elementOfV2, elementOfV3 } from "@hyperslab/codecs/element";

describe("v2", () => {
  it.each([
    ["<f4", "float32", 4, true],
    [">f4", "float32", 4, false],
    ["|b1", "bool", 1, true],
    ["|u1", "uint8", 1, true],
    ["<i8", "int64", 8, true],
    ["<f2", "float16", 2, true],
    [">M8[ns]", "datetime64[ns]", 8, false],
    ["<m8[D]", "timedelta64[D]", 8, true],
    ["|S7", "string", 7, true],
    [">U5", "string", 20, false],
    ["|O", "string", 0, true],
  ])("%s", (name, dtype, size, littleEndian) => {
    expect(elementOfV2(name)).toMatchObject({ dtype, size, littleEndian });
  });

  it.each([["<c8"], ["|V8"], ["<f16"], ["<M8[M]"], ["<M8"], [[["a", "<f4"]]], ["float32"]])(
    "not %j",
    (name) => {
      expect(() => elementOfV2(name)).toThrow(expect.objectContaining({ tag: "DtypeError" }));
    },
  );
});

describe("v3", () => {
  it.each([
    ["float32", "float32", 4],
    ["bool", "bool", 1],
    ["string", "string", 0],
    [{ name: "numpy.datetime64", configuration: { unit: "ns", scale_factor: 1 } }, "datetime64[ns]", 8],
    [{ name: "numpy.timedelta64", configuration: { unit: "μs", scale_factor: 1 } }, "timedelta64[us]", 8],
    [{ name: "fixed_length_utf32", configuration: { length_bytes: 20 } }, "string", 20],
    [{ name: "null_terminated_bytes", configuration: { length_bytes: 5 } }, "string", 5],
    [{ name: "int16" }, "int16", 2],
  ])("%j", (name, dtype, size) => {
    expect(elementOfV3(name)).toMatchObject({ dtype, size, littleEndian: true });
  });

  it.each([
    ["complex64"],
    ["r16"],
    ["datetime64[ns]"],
    [null],
    [{ name: "numpy.datetime64", configuration: { unit: "generic" } }],
    [{ name: "numpy.datetime64", configuration: { unit: "ns", scale_factor: 10 } }],
    [{ name: "fixed_length_utf32", configuration: { length_bytes: 7 } }],
    [{ name: "struct", configuration: { fields: [] } }],
  ])("not %j", (name) => {
    expect(() => elementOfV3(name)).toThrow(expect.objectContaining({ tag: "DtypeError" }));
  });
});
