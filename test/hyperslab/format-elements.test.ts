import { formatArray, formatElement, formatFlat } from "hyperslab/format-elements";
import { toBlock } from "hyperslab/ndarray";
import { describe, expect, it } from "vitest";

describe("one element", () => {
  it.each([
    [0, "0.0"],
    [5.5, "5.5"],
    [531, "531.0"],
    [1428571.57, "1.429e+06"],
    [1000, "1e+03"],
    [999.96, "1e+03"],
    [0.00012345, "0.0001234"],
    [0.00001, "1e-05"],
    [-2.5, "-2.5"],
    [NaN, "nan"],
    [-Infinity, "-inf"],
  ])("%d is %s", (value, text) => {
    expect(formatElement(value, "float64")).toBe(text);
  });

  it("of other dtypes", () => {
    expect(formatElement(1, "bool")).toBe("True");
    expect(formatElement(5n, "int64")).toBe("5");
    expect(formatElement("it's\n", "string")).toBe(`"it's\\n"`);
    expect(formatElement("a", "string")).toBe("'a'");
    expect(formatElement(0n, "datetime64[s]")).toBe("1970-01-01");
    expect(formatElement(3661n, "datetime64[s]")).toBe("1970-01-01T01:01:01");
    expect(formatElement(2n, "timedelta64[D]")).toBe("2 days");
    expect(formatElement(0x3e00, "float16")).toBe("1.5");
  });
});

describe("a line", () => {
  it("shows as many from both ends as fit", () => {
    const block = toBlock(
      Array.from({ length: 100 }, (_, i) => i),
      "int64",
    );
    expect(formatFlat(block, 20)).toBe("0 1 2 3 ... 97 98 99");
    expect(formatFlat(toBlock([1n, 2n, 3n]), 20)).toBe("1 2 3");
    expect(formatFlat(toBlock([7n]), 20)).toBe("7");
    expect(formatFlat(toBlock([]), 20)).toBe("");
    expect(formatFlat(toBlock(["a long text that is cut"]), 12)).toBe("'a long t...");
  });
});

describe("an array", () => {
  it("stands in brackets, elements of one width", () => {
    expect(
      formatArray(
        toBlock([
          [1, 2.5],
          [10, NaN],
        ]),
      ),
    ).toBe("array([[ 1. ,  2.5],\n       [10. ,  nan]])");
    expect(formatArray(toBlock([1n, 20n]))).toBe("array([ 1, 20])");
    expect(formatArray(toBlock(new Float64Array(0)))).toBe("array([], dtype=float64)");
    expect(formatArray({ dtype: "float32", shape: [12, 0, 180], data: new Float32Array(0) })).toBe(
      "array([], shape=(12, 0, 180), dtype=float32)",
    );
    expect(formatArray(toBlock(3.5))).toBe("array(3.5)");
    expect(formatArray(toBlock(Int32Array.of(1)))).toBe("array([1], dtype=int32)");
    expect(formatArray(toBlock(["a", "bb"]))).toBe("array(['a', 'bb'], dtype=string)");
    expect(formatArray(toBlock(Float32Array.of(0.1)))).toBe("array([0.1], dtype=float32)");
  });

  it("is cut where it is large", () => {
    const text = formatArray(
      toBlock(
        Array.from({ length: 300 }, (_, i) => i),
        "int64",
      ),
    );
    expect(text).toBe("array([  0,   1,   2, ..., 297, 298, 299], shape=(300,))");
  });

  it("has empty lines between planes", () => {
    expect(formatArray(toBlock([[[1n]], [[2n]]]))).toBe("array([[[1]],\n\n       [[2]]])");
  });

  it("has powers where numbers are far apart", () => {
    expect(formatArray(toBlock([1.5e-9]))).toBe("array([1.500000e-09])");
  });
});
