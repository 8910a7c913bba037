import { dataArray } from "hyperslab";
import { nodeWithDims, unifiedSizes } from "hyperslab/ops/broadcast";
import { expect, it } from "vitest";
import { coordNames, listOf } from "../read.js";

const a = dataArray([1, 2], { dims: "x" });
const b = dataArray(
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  { dims: ["y", "x"], coords: { y: [7, 8, 9] } },
);

it("unites dimensions in order of first use", () => {
  expect([...unifiedSizes([a.variable, b.variable])]).toEqual([
    ["x", 2],
    ["y", 3],
  ]);
  const longer = dataArray([1, 2, 3], { dims: "x" });
  expect(() => unifiedSizes([a.variable, longer.variable])).toThrow(/lengths 2 and 3/);
});

it("gives axes of length 1 where a dimension is lacking", () => {
  expect(nodeWithDims(a.variable, ["z", "x", "y"]).shape).toEqual([1, 2, 1]);
});

it("stretches over another object, with its labels", async () => {
  const wide = a.broadcastLike(b);
  expect(wide.sizes).toEqual({ x: 2, y: 3 });
  expect(coordNames(wide)).toEqual(["y"]);
  expect(await listOf(wide)).toEqual([1, 1, 1, 2, 2, 2]);
});
