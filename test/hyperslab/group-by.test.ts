import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, listOf } from "./read.js";

const t = dataArray(
  [
    [1, 10],
    [2, 20],
    [3, NaN],
    [5, 50],
  ],
  {
    dims: ["time", "x"],
    coords: { k: ["time", ["b", "a", "b", "b"]], x: [1, 2], h: 2 },
    name: "t",
    attrs: { units: "K" },
  },
);

describe("reductions", () => {
  it.each([
    ["sum", [2, 20, 9, 60]],
    ["mean", [2, 20, 3, 30]],
    ["min", [2, 20, 1, 10]],
    ["max", [2, 20, 5, 50]],
    ["count", [1, 1, 3, 2]],
    ["first", [2, 20, 1, 10]],
    ["last", [2, 20, 5, 50]],
    ["prod", [2, 20, 15, 500]],
  ] as const)("%s", async (name, expected) => {
    const made = t.groupBy("k")[name]();
    expect(made.dims).toEqual(["k", "x"]);
    expect(coordNames(made)).toEqual(["h", "k", "x"]);
    expect(made.attrs).toEqual({ units: "K" });
    expect(await listOf(made)).toEqual(expected);
  });

  it("any and all", async () => {
    expect(await listOf(t.gt(2).groupBy("k").any())).toEqual([0, 1, 1, 1]);
    expect(await listOf(t.gt(2).groupBy("k").all())).toEqual([0, 1, 0, 0]);
  });

  it("take other dimensions along", async () => {
    const groups = t.groupBy("k");
    expect(await listOf(groups.sum(["time", "x"]))).toEqual([22, 69]);
    expect(await listOf(groups.mean("..."))).toEqual([11, 69 / 5]);
    expect(await listOf(groups.count("..."))).toEqual([2, 5]);
    expect(() => groups.first("...")).toThrow(/name the grouped dimension alone/);
    expect(() => groups.mean("x")).toThrow(/the groups are along "time"/);
  });

  it("repeat what doesn't have the dimension for every group of a dataset", async () => {
    const ds = dataset({ t, n: ["x", [1, 2]] })
      .groupBy("k")
      .mean();
    expect(ds.get("n").dims).toEqual(["k", "x"]);
    expect(await listOf(ds.get("n"))).toEqual([1, 2, 1, 2]);
  });
});

describe("arithmetic", () => {
  const groups = t.groupBy("k");
  it("gives every element the value of its group", async () => {
    const anomaly = groups.sub(groups.mean());
    expect(anomaly.dims).toEqual(["time", "x"]);
    expect(await listOf(anomaly)).toEqual([-2, -20, 0, 0, 0, NaN, 2, 20]);
    expect(coordNames(anomaly)).toEqual(["h", "k", "x"]);
    expect(await listOf(groups.add(groups.max()).isel({ x: 0 }))).toEqual([6, 4, 8, 10]);
    expect(await listOf(groups.mul(groups.max()).isel({ x: 0 }))).toEqual([5, 4, 15, 25]);
    expect(await listOf(groups.div(groups.max()).isel({ x: 0 }))).toEqual([0.2, 1, 0.6, 1]);
  });

  it("is missing where the other has no such group, and leaves out what is in none", async () => {
    const some = groups.mean().sel({ k: ["a"] });
    expect(await listOf(groups.sub(some).isel({ x: 0 }))).toEqual([NaN, 0, NaN, NaN]);
    const keys = dataArray([1, NaN, 1, 2], { dims: "time", name: "key" });
    const keyed = t.groupBy(keys);
    expect(keyed.sub(keyed.mean()).sizes).toEqual({ time: 3, x: 2 });
  });

  it("demands the dimension of the groups", () => {
    expect(() => groups.sub(t)).toThrow(/give one with dimension "k"/);
  });
});

describe("map", () => {
  it("joins in the original order", async () => {
    const made = t.groupBy("k").map((group) => group.sub(group.min("time")));
    expect(await listOf(made.isel({ x: 0 }))).toEqual([0, 0, 2, 4]);
  });

  it("joins along the groups where the dimension is gone", async () => {
    const made = t.groupBy("k").map((group) => group.max("time"));
    expect(made.dims).toEqual(["k", "x"]);
    expect(await listOf(made)).toEqual([2, 20, 5, 50]);
    expect(await listOf(made.coord("k"))).toEqual(["a", "b"]);
  });
});

it("tells its groups", () => {
  const groups = t.groupBy("k");
  expect(groups.name).toBe("k");
  expect(groups.size).toBe(2);
  expect(groups.groups.get("b")).toEqual([0, 2, 3]);
  expect([...groups].map(([label, group]) => [label, group.sizes["time"]])).toEqual([
    ["a", 1],
    ["b", 3],
  ]);
});

describe("labels of a dimension as groups", () => {
  it("keep their order, also where they fall", async () => {
    const falling = dataArray([1, 2, 3], { dims: "lat", coords: { lat: [60, 0, -60] } });
    const mean = falling.groupBy("lat").mean();
    expect(await listOf(mean.coord("lat"))).toEqual([60, 0, -60]);
    expect(await listOf(mean)).toEqual([1, 2, 3]);
  });
});

it("the mean of groups over further dimensions keeps dtype and digits", async () => {
  const wide = dataArray(
    Float32Array.from({ length: 40_000 }, (_, i) => 16_777_216 + (i % 2) * 2),
    {
      dims: ["y", "x"],
      shape: [200, 200],
      coords: { k: ["y", Array.from({ length: 200 }, (_, i) => i % 2)] },
    },
  );
  const mean = wide.groupBy("k").mean(["y", "x"]);
  expect(mean.dtype).toBe("float32");
  expect(await listOf(mean)).toEqual([Math.fround(16_777_217), Math.fround(16_777_217)]);
  expect(await listOf(wide.sub(16_777_216).groupBy("k").mean(["y", "x"]))).toEqual([1, 1]);
});

describe("spread of groups over further dimensions", () => {
  // expected: numpy.nanvar and nanstd of the elements of each group
  it.each([
    [{}, [43.8889, 342.16], [6.6249, 18.4976]],
    [{ ddof: 1 }, [52.6667, 427.7], [7.2572, 20.6809]],
    [{ skipna: false }, [43.8889, NaN], [6.6249, NaN]],
    [{ ddof: 6 }, [NaN, NaN], [NaN, NaN]],
  ] as const)("%j", async (options, variance, deviation) => {
    const rows = [
      [1, 10, 2],
      [2, 50, NaN],
      [3, 20, 4],
      [5, 30, 7],
    ];
    const array = dataArray(rows, { dims: ["y", "x"], coords: { k: ["y", ["a", "b", "a", "b"]] } });
    const groups = array.chunk({ y: 2, x: 2 }).groupBy("k");
    const near = (found: (number | string)[]) => found.map((one) => Number(Number(one).toFixed(4)));
    expect(near(await listOf(groups.var(["y", "x"], options)))).toEqual(variance);
    expect(near(await listOf(groups.std(["y", "x"], options)))).toEqual(deviation);
  });
});
