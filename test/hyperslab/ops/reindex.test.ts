import { literal } from "@hyperslab/array/build";
import { inMemoryBlock } from "hyperslab/evaluate";
import { toBlock } from "hyperslab/ndarray";
import { dtypeWithMissing, reindexVariable } from "hyperslab/ops/reindex";
import { Variable } from "hyperslab/variable";
import { expect, it } from "vitest";

it("says in which dtype an element can be missing", () => {
  expect(dtypeWithMissing("int16", "where")).toBe("float32");
  expect(dtypeWithMissing("int32", "where")).toBe("float64");
  expect(dtypeWithMissing("datetime64[s]", "where")).toBe("datetime64[s]");
  expect(() => dtypeWithMissing("string", "where")).toThrow(/no missing value/);
});

it("leaves holes where positions are missing", () => {
  const variable = new Variable(
    ["y", "x"],
    literal(
      toBlock([
        [1, 2],
        [3, 4],
      ]),
    ),
  );
  const made = reindexVariable(variable, 1, Int32Array.of(1, -1, 0));
  expect(inMemoryBlock(made.node)?.data).toEqual(Float64Array.of(2, NaN, 1, 4, NaN, 3));
  expect(reindexVariable(variable, 0, Int32Array.of(1)).block?.data).toEqual(Float64Array.of(3, 4));
});

it("has empty texts where there is no missing value", () => {
  const words = new Variable(
    ["x", "y"],
    literal(
      toBlock([
        ["a", "b"],
        ["c", "d"],
      ]),
    ),
  );
  expect(reindexVariable(words, 0, Int32Array.of(-1, 0)).block?.data).toEqual(["", "", "a", "b"]);
});
