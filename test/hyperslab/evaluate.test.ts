import { elementwise, literal, reduce, source } from "@hyperslab/array/build";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { inMemoryBlock, settled } from "hyperslab/evaluate";
import { toBlock } from "hyperslab/ndarray";
import { Variable } from "hyperslab/variable";
import { expect, it } from "vitest";

const node = literal(toBlock([1, 2, 3]));
const stored = source(
  { format: "zarr", store: { kind: "process", id: 0 }, path: "/x", detail: null },
  "x",
  "float64",
  regularGrid([3], [3]),
);

it("evaluates expressions over data in memory", () => {
  const sum = reduce(elementwise("add", [node, 10]), reduction("sum", "float64"), [0]);
  expect(inMemoryBlock(sum)?.data).toEqual(Float64Array.of(36));
  expect(inMemoryBlock(sum)).toBe(inMemoryBlock(sum));
});

it("leaves alone what is stored", () => {
  expect(inMemoryBlock(elementwise("add", [node, stored]))).toBeNull();
  const variable = new Variable(["x"], stored);
  expect(settled(variable)).toBe(variable);
});

it("settles variables with their attributes", () => {
  const made = settled(new Variable(["x"], elementwise("negative", [node]), { units: "m" }));
  expect(made.block?.data).toEqual(Float64Array.of(-1, -2, -3));
  expect(made.attrs).toEqual({ units: "m" });
});
