import { dataArray, dataset } from "hyperslab";
import { expect, it } from "vitest";
import { listOf } from "./read.js";

const t = dataArray(
  [
    [1, NaN],
    [3, 5],
  ],
  { dims: ["y", "x"], coords: { y: [1, 2] }, attrs: { units: "K" } },
);
const w = dataArray([1, 3], { dims: "y", coords: { y: [1, 2] }, attrs: { of: "weights" } });

it("counts elements as their weights say, and leaves missing ones out", async () => {
  const mean = t.weighted(w).mean("y");
  expect(await listOf(mean)).toEqual([2.5, 5]);
  expect(mean.attrs).toEqual({ units: "K" });
  expect(await listOf(t.weighted(w).sum("y"))).toEqual([10, 15]);
  expect(await listOf(t.weighted(w).sumOfWeights("y"))).toEqual([4, 3]);
  expect(await t.weighted(w).mean().item()).toBe(25 / 7);
  expect(await listOf(t.weighted(w).mean("y", { skipna: false }))).toEqual([2.5, NaN]);
});

it("has variance and deviation", async () => {
  expect(await listOf(t.weighted(w).sumOfSquares("y"))).toEqual([3, 0]);
  expect(await listOf(t.weighted(w).var("y"))).toEqual([0.75, 0]);
  expect(await listOf(t.weighted(w).std("y"))).toEqual([Math.sqrt(0.75), 0]);
});

it("is missing where all weights are 0", async () => {
  expect(await listOf(t.weighted(w.mul(0)).mean("y"))).toEqual([NaN, NaN]);
});

it("takes masks and integers, and dimensions of the weights alone", async () => {
  expect(await listOf(t.weighted(w.gt(1)).mean("y"))).toEqual([3, 5]);
  const counts = dataArray(Int32Array.of(1, 2), { dims: "y", coords: { y: [1, 2] } });
  expect(await counts.weighted(w).mean().item()).toBe(1.75);
  const members = dataArray([1, 1], { dims: "m" });
  expect(await listOf(counts.weighted(members).sum("m"))).toEqual([2, 4]);
});

it("weighs every variable of a dataset", async () => {
  const ds = dataset({ a: t, b: t.mul(2) })
    .weighted(w)
    .mean("y");
  expect(await listOf(ds.get("b"))).toEqual([5, 10]);
});

it("refuses weights that are missing", () => {
  expect(() => t.weighted(dataArray([1, NaN], { dims: "y" }))).toThrow(/fillna\(0\)/);
});
