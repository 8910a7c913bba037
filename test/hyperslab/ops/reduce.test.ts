import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, listOf } from "../read.js";

const t = dataArray(
  [
    [1, NaN, 3],
    [4, 5, 6],
  ],
  {
    dims: ["y", "x"],
    coords: {
      x: [10, 20, 30],
      y: [1, 2],
      area: [
        ["y", "x"],
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
      ],
      h: 2,
    },
    name: "t",
    attrs: { units: "K" },
  },
);

it("goes over dimensions by name, all where none are named", async () => {
  expect(await listOf(t.sum("y"))).toEqual([5, 5, 9]);
  expect(await listOf(t.mean("x"))).toEqual([2, 5]);
  expect(await t.max().item()).toBe(6);
  expect(await t.max(["x", "y"]).item()).toBe(6);
  expect(await t.max("...").item()).toBe(6);
});

it("takes options, also in the place of dimensions", async () => {
  expect(await t.sum({ skipna: false }).item()).toBeNaN();
  expect(await t.sum("x", { minCount: 3 }).isel({ y: 0 }).item()).toBeNaN();
  expect(await t.std("x", { ddof: 1 }).isel({ y: 1 }).item()).toBe(1);
  expect(t.mean("x", { keepAttrs: false }).attrs).toEqual({});
});

it("keeps coordinates that don't have the dimension, name and attributes", () => {
  const mean = t.mean("x");
  expect(coordNames(mean)).toEqual(["h", "y"]);
  expect(mean.name).toBe("t");
  expect(mean.attrs).toEqual({ units: "K" });
});

it("keeps dimensions of length 1 on demand, without their labels", () => {
  const kept = t.mean("x", { keepdims: true });
  expect(kept.sizes).toEqual({ y: 2, x: 1 });
  expect(coordNames(kept)).toEqual(["h", "y"]);
});

it("counts and finds positions", async () => {
  expect(await listOf(t.count("x"))).toEqual([2, 3]);
  expect(await listOf(t.argmax("x"))).toEqual([2, 2]);
  expect(t.count("x").dtype).toBe("int64");
  expect(await t.argmin().item()).toBe(0n);
  expect(await t.argmax().item()).toBe(5n);
});

it("times are missing where one is, but not in a mean", async () => {
  const times = dataArray(["2000-01-01", "NaT", "2000-01-03"], { dims: "x", dtype: "datetime64[ns]" });
  expect(await times.min().isnull().item()).toBe(true);
  expect(await times.mean().eq("2000-01-02").item()).toBe(true);
  expect(await times.max({ skipna: true }).eq("2000-01-03").item()).toBe(true);
});

describe("datasets", () => {
  const ds = dataset(
    { t, n: ["y", Int32Array.of(1, 2)], s: ["x", ["a", "b", "c"]], c: 5n },
    { attrs: { title: "T" } },
  );
  it("leave out what has no mean", () => {
    const mean = ds.mean("x");
    expect(mean.names).toEqual(["t", "n", "c"]);
    expect(mean.attrs).toEqual({ title: "T" });
  });

  it("pass on what doesn't have the dimension, as xarray does", async () => {
    expect(ds.mean("x").get("n").dtype).toBe("int32");
    expect(await listOf(ds.std("x").get("n"))).toEqual([0, 0]);
    expect(await listOf(ds.count("x").get("n"))).toEqual([1, 1]);
    expect(ds.mean("x").get("c").dtype).toBe("float64");
  });
});

it("refuses dimensions and dtypes", () => {
  expect(() => t.mean("z")).toThrow('mean: dimension "z": not among (y, x)');
  expect(() => dataArray(["a"], { dims: "x" }).sum()).toThrow(/strings/);
});
