import { elementwise, literal, select, source } from "@hyperslab/array/build";
import type { Node } from "@hyperslab/array/node";
import { slice } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { sameBlock, sameVariable } from "hyperslab/equality";
import { toBlock } from "hyperslab/ndarray";
import { Variable } from "hyperslab/variable";
import { expect, it } from "vitest";

const stored = (path: string): Node =>
  source(
    { format: "zarr", store: { kind: "process", id: 0 }, path, detail: null },
    "x",
    "float64",
    regularGrid([3], [3]),
  );
const same = (a: Node, b: Node): boolean => sameVariable(new Variable(["x"], a), new Variable(["x"], b));

it("compares elements, not dtypes", () => {
  expect(sameBlock(toBlock([1, NaN]), toBlock([1, NaN]))).toBe(true);
  expect(sameBlock(toBlock([1, 2]), toBlock(Int32Array.of(1, 2)))).toBe(true);
  expect(sameBlock(toBlock([1, 2]), toBlock(BigInt64Array.of(1n, 2n)))).toBe(true);
  expect(sameBlock(toBlock(["1"]), toBlock([1]))).toBe(false);
  expect(sameBlock(toBlock([1]), toBlock([2]))).toBe(false);
});

it("compares dimensions", () => {
  const node = literal(toBlock([1]));
  expect(sameVariable(new Variable(["x"], node), new Variable(["y"], node))).toBe(false);
});

it("knows one lazy expression written twice", () => {
  expect(same(stored("/a"), stored("/a"))).toBe(true);
  expect(same(stored("/a"), stored("/b"))).toBe(false);
  const half = (path: string): Node => elementwise("divide", [select(stored(path), [slice(0, 2)]), 2]);
  expect(same(half("/a"), half("/a"))).toBe(true);
  expect(same(half("/a"), half("/b"))).toBe(false);
  expect(same(half("/a"), select(stored("/a"), [slice(0, 2)]))).toBe(false);
});

it("never takes lazy data for equal to data in memory", () => {
  expect(same(stored("/a"), literal(toBlock([0, 0, 0])))).toBe(false);
});
