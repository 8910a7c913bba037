import { literal, rechunk } from "@hyperslab/array/build";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { toBlock } from "hyperslab/ndarray";
import { Variable, axisOf, withNode } from "hyperslab/variable";
import { expect, it } from "vitest";

const node = literal(
  toBlock([
    [1, 2, 3],
    [4, 5, 6],
  ]),
);
const variable = new Variable(["y", "x"], node, { units: "m" }, { chunks: [1, 3] });

it("names the axes of a node", () => {
  expect(variable).toMatchObject({
    shape: [2, 3],
    dtype: "float64",
    size: 6,
    nbytes: 48,
    sizes: { y: 2, x: 3 },
  });
  expect(variable.chunks).toBeNull();
  expect(variable.data.get(1, 2)).toBe(6);
  expect(() => new Variable(["x"], node)).toThrow(/one name of its own/);
  expect(() => new Variable(["x", "x"], node)).toThrow(/one name of its own/);
});

it("is lazy over a lazy node", () => {
  const lazy = withNode(variable, rechunk(node, regularGrid([2, 3], [1, 2])));
  expect(lazy.chunks).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect(lazy.block).toBeNull();
  expect(() => lazy.data).toThrow(/a lazy array/);
  expect(lazy.attrs).toEqual({ units: "m" });
  expect(lazy.encoding).toEqual({});
});

it("knows its axes by name", () => {
  expect(axisOf(variable, "x", "mean")).toBe(1);
  expect(() => axisOf(variable, "z", "mean")).toThrow('mean: dimension "z": not among (y, x)');
});
