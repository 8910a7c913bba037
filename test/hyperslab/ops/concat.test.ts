import { concat, dataArray, dataset, merge } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, failure, listOf } from "../read.js";

const a = dataArray([1, 2], {
  dims: "x",
  coords: { x: [1, 2], h: 2, k: 1 },
  name: "t",
  attrs: { units: "K" },
});
const b = dataArray([3], { dims: "x", coords: { x: [3], h: 2, k: 5 }, name: "t", attrs: { units: "C" } });

describe("concat", () => {
  it("along a dimension that is there", async () => {
    const joined = concat([a, b], "x");
    expect(await listOf(joined)).toEqual([1, 2, 3]);
    expect(await listOf(joined.coord("x"))).toEqual([1, 2, 3]);
    expect(joined.attrs).toEqual({ units: "K" });
    expect(joined.coord("h").dims).toEqual([]);
    expect(await listOf(joined.coord("k"))).toEqual([1, 1, 5]);
  });

  it("along a new dimension, with labels", async () => {
    const joined = concat([a, a.mul(10)], "m", { labels: ["p", "q"] });
    expect(joined.dims).toEqual(["m", "x"]);
    expect(await listOf(joined.sel({ m: "q" }))).toEqual([10, 20]);
  });

  it("along a scalar coordinate", async () => {
    const joined = concat([a.isel({ x: 0 }), a.isel({ x: 1 })], "x");
    expect(await listOf(joined.sel({ x: 2 }))).toEqual([2]);
  });

  it("aligns the other dimensions", async () => {
    const joined = concat([a.rename("u"), dataArray([9], { dims: "x", coords: { x: [2] } })], "m");
    expect(joined.name).toBeNull();
    expect(await listOf(joined)).toEqual([1, 2, NaN, 9]);
    const inner = concat([a, b.assignCoords({ x: [2] })], "m", { join: "inner" });
    expect(inner.sizes).toEqual({ m: 2, x: 1 });
  });

  it("joins all variables of datasets, or only those that have it", async () => {
    const one = dataset({ t: a, c: 5 });
    const two = dataset({ t: b, c: 5 });
    expect(concat([one, two], "x").get("c").sizes).toEqual({ x: 3 });
    expect(concat([one, two], "x", { dataVars: "minimal" }).get("c").sizes).toEqual({});
    const odd = dataset({ t: b, c: 6 });
    expect((await failure(() => concat([one, odd], "x", { dataVars: "minimal" }))).tag).toBe(
      "AlignmentError",
    );
  });

  it("refuses nothing, mixtures and missing variables", () => {
    expect(() => concat([], "x")).toThrow(/no objects/);
    expect(() => concat([a, dataset({ a })] as never, "x")).toThrow(/objects of one kind/);
    expect(() => concat([dataset({ a }), dataset({ b })], "x")).toThrow(/missing from 1 of 2/);
  });
});

describe("merge", () => {
  it("puts arrays under their names, on all labels", async () => {
    const merged = merge([a, b.rename("u")]);
    expect(merged.names).toEqual(["t", "u"]);
    expect(merged.sizes).toEqual({ x: 3 });
    expect(await listOf(merged.get("u"))).toEqual([NaN, NaN, 3]);
    expect(coordNames(merged)).toEqual(["h", "x"]);
    expect(merged.attrs).toEqual({ units: "K" });
  });

  it("refuses arrays without names, and variables that differ", async () => {
    expect(() => merge([a.rename(null)])).toThrow(/without a name/);
    expect((await failure(() => merge([a, a.mul(2).rename("t")]))).tag).toBe("AlignmentError");
    expect(merge([a, a]).names).toEqual(["t"]);
    expect(await listOf(merge([a, a.mul(2)], { compat: "override" }).get("t"))).toEqual([1, 2]);
  });

  it("is a method of datasets too", () => {
    expect(dataset({ a }).merge(b.rename("u")).names).toEqual(["a", "u"]);
  });
});
