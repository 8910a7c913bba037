import { dataArray, dataset, where } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "../read.js";

const t = dataArray([1, NaN, 3], { dims: "x", coords: { x: [1, 2, 3] }, name: "t", attrs: { units: "K" } });

describe("where", () => {
  it("makes elements missing, or takes others", async () => {
    expect(await listOf(t.where(t.gt(1)))).toEqual([NaN, NaN, 3]);
    expect(await listOf(t.where(t.gt(1), 0))).toEqual([0, 0, 3]);
    expect(t.where(t.gt(1)).name).toBe("t");
    expect(t.where(t.gt(1)).attrs).toEqual({ units: "K" });
  });

  it("promotes what has no missing value", async () => {
    const mask = t.notnull();
    expect(t.astype("int16").where(mask).dtype).toBe("float32");
    expect(t.fillna(0).astype("int32").where(mask).dtype).toBe("float64");
    expect(mask.where(mask).dtype).toBe("float64");
    const times = dataArray(["2000", "2001", "2002"], {
      dims: "x",
      coords: { x: [1, 2, 3] },
      dtype: "datetime64[s]",
    });
    expect(await listOf(times.where(mask).isnull())).toEqual([0, 1, 0]);
    expect(() => dataArray(["a"], { dims: "x" }).where(true)).toThrow(/string has no missing value/);
  });

  it("keeps common labels; with another object labels must be equal", async () => {
    const half = t.isel({ x: [0, 2] });
    expect(t.where(half.gt(0)).sizes).toEqual({ x: 2 });
    expect((await failure(() => t.where(half.gt(0), 0))).tag).toBe("AlignmentError");
  });

  it("brings new dimensions from the condition", () => {
    const mask = dataArray([true, false], { dims: "m" });
    expect(t.where(mask).dims).toEqual(["x", "m"]);
  });

  it("as a function has the name of the condition and the attributes of the first", async () => {
    const chosen = where(t.gt(1), t, 0);
    expect(await listOf(chosen)).toEqual([0, 0, 3]);
    expect(chosen.attrs).toEqual({ units: "K" });
    expect(where(t.gt(1), 1, t).attrs).toEqual({});
    expect(await listOf(where(t.gt(1), 1, 0))).toEqual([0, 0, 1]);
  });

  it("refuses a dataset beside an array", () => {
    expect(() => t.where(dataset({ t }) as never)).toThrow(/take one/);
  });
});

it("fillna keeps the labels of the object", async () => {
  expect(await listOf(t.fillna(0))).toEqual([1, 0, 3]);
  const other = dataArray([9], { dims: "x", coords: { x: [2] } });
  expect(await listOf(t.fillna(other))).toEqual([1, 9, 3]);
  const ds = dataset({ a: t, b: t });
  expect(await listOf(ds.fillna({ a: 7 }).get("a"))).toEqual([1, 7, 3]);
  expect(await listOf(ds.fillna({ a: 7 }).get("b"))).toEqual([1, NaN, 3]);
  expect(() => ds.fillna({ q: 1 })).toThrow(/no such variable/);
});

it("isnull and notnull know every dtype", async () => {
  expect(await listOf(t.isnull())).toEqual([0, 1, 0]);
  expect(await listOf(t.notnull())).toEqual([1, 0, 1]);
  expect(await listOf(dataArray(["a", ""], { dims: "x" }).notnull())).toEqual([1, 1]);
  expect(await listOf(dataArray([1n], { dims: "x" }).isnull())).toEqual([0]);
});

it("clip moves elements between bounds", async () => {
  expect(await listOf(t.clip(2, 2.5))).toEqual([2, NaN, 2.5]);
  expect(await listOf(t.clip(null, 2))).toEqual([1, NaN, 2]);
  expect(await listOf(t.clip(2))).toEqual([2, NaN, 3]);
});

it("isin tests for several values, or none", async () => {
  expect(await listOf(t.isin([3, 1, 8]))).toEqual([1, 0, 1]);
  expect(await listOf(t.isin([]))).toEqual([0, 0, 0]);
  expect(await listOf(dataArray(["a", "b"], { dims: "x" }).isin(["b"]))).toEqual([0, 1]);
});

it("round goes half to even, to decimals", async () => {
  const values = dataArray([0.5, 1.5, 2.344, 150], { dims: "x" });
  expect(await listOf(values.round())).toEqual([0, 2, 2, 150]);
  expect(await listOf(values.round(2))).toEqual([0.5, 1.5, 2.34, 150]);
  expect(await listOf(values.round(-2))).toEqual([0, 0, 0, 200]);
});
