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

  it.each([
    ["<c8", { dtype: "float32", size: 4, littleEndian: true, inner: [{ name: "complex", length: 2 }] }],
    [">c16", { dtype: "float64", size: 8, littleEndian: false, inner: [{ name: "complex", length: 2 }] }],
    ["|V8", { dtype: "uint8", size: 1, inner: [{ name: "bytes8", length: 8 }] }],
    ["<M8[10s]", { dtype: "datetime64[s]", count: { kind: "multiple", factor: 10 } }],
    ["<m8[2W]", { dtype: "timedelta64[D]", count: { kind: "multiple", factor: 14 } }],
    [">M8[Y]", { dtype: "datetime64[D]", count: { kind: "months", months: 12 }, littleEndian: false }],
  ])("%s holds more than its dtype says", (name, element) => {
    expect(elementOfV2(name)).toMatchObject(element);
  });

  it.each([["<c4"], ["|V0"], ["<f16"], ["<m8[M]"], ["<M8[ps]"], ["<M8"], [[["a", "<f4"]]], ["float32"]])(
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
    ["complex64", { dtype: "float32", inner: [{ name: "complex", length: 2 }] }],
    ["complex128", { dtype: "float64", inner: [{ name: "complex", length: 2 }] }],
    ["r16", { dtype: "uint8", inner: [{ name: "bytes2", length: 2 }] }],
    [
      { name: "raw_bytes", configuration: { length_bytes: 3 } },
      { dtype: "uint8", inner: [{ length: 3 }] },
    ],
    [
      { name: "numpy.datetime64", configuration: { unit: "ns", scale_factor: 10 } },
      { dtype: "datetime64[ns]", count: { kind: "multiple", factor: 10 } },
    ],
    ["variable_length_bytes", { dtype: "string", kind: "object" }],
  ])("%j holds more than its dtype says", (name, element) => {
    expect(elementOfV3(name)).toMatchObject(element);
  });

  it.each([
    ["complex32"],
    ["r12"],
    ["r0"],
    ["datetime64[ns]"],
    [null],
    [{ name: "numpy.datetime64", configuration: { unit: "generic" } }],
    [{ name: "numpy.datetime64", configuration: { unit: "ns", scale_factor: 1.5 } }],
    [{ name: "fixed_length_utf32", configuration: { length_bytes: 7 } }],
    [{ name: "struct", configuration: { fields: [] } }],
  ])("not %j", (name) => {
    expect(() => elementOfV3(name)).toThrow(expect.objectContaining({ tag: "DtypeError" }));
  });
});
