import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "./read.js";

const t = dataArray(
  [
    [1, 2],
    [3, 4],
  ],
  {
    dims: ["y", "x"],
    coords: { x: [10, 20], time: new Date("2000-05-01T00:00Z") },
    name: "t",
    attrs: { units: "K" },
  },
);

describe("DataArray", () => {
  it("knows its facts without computing", () => {
    expect(t).toMatchObject({
      name: "t",
      dims: ["y", "x"],
      shape: [2, 2],
      ndim: 2,
      size: 4,
      dtype: "float64",
      nbytes: 32,
    });
    expect(t.sizes).toEqual({ y: 2, x: 2 });
    expect(t.chunks).toEqual({});
    expect(t.inMemory).toBe(true);
    expect(t.attrs).toEqual({ units: "K" });
    expect(t.encoding).toEqual({});
  });

  it("gives coordinates and their fields", async () => {
    expect([...t.coords.keys()]).toEqual(["x", "time"]);
    expect(await t.coord("time.month").item()).toBe(5n);
    expect(() => t.coord("q")).toThrow(/there are x, time/);
    expect(t.coord("x").coord("x").dims).toEqual(["x"]);
  });

  it("gives data when they are there", async () => {
    expect(t.data.get(1, 0)).toBe(3);
    const lazy = t.add(1);
    expect(() => lazy.data).toThrow(/await compute\(\) first/);
    const computed = await lazy.compute();
    expect(computed.data.get(1, 0)).toBe(4);
    expect(computed.attrs).toEqual({ units: "K" });
    expect((await lazy.persist()).inMemory).toBe(true);
  });

  it("gives its one element in the form of its dtype", async () => {
    expect(await t.max().item()).toBe(4);
    expect(await t.gt(2).any().item()).toBe(true);
    expect(await dataArray("a").item()).toBe("a");
    expect(await t.count().item()).toBe(4n);
    expect((await failure(() => t.item())).message).toContain("4 elements");
  });

  it("becomes a dataset", () => {
    expect(t.toDataset().names).toEqual(["t"]);
    expect(t.toDataset("u").names).toEqual(["u"]);
    expect(() => t.rename(null).toDataset()).toThrow(/give a name/);
  });

  it("tells its plan", () => {
    expect(t.chunk({ x: 1 }).mean().explain()).toContain("== plan");
    expect(t.explain()).toContain("nothing to compute");
  });
});

describe("Dataset", () => {
  const ds = dataset(
    { t, n: ["z", [1, 2, 3]] },
    { coords: { k: ["z", ["a", "b", "c"]] }, attrs: { title: "T" } },
  );
  it("gives variables, coordinates and fields", async () => {
    expect(ds.names).toEqual(["t", "n"]);
    expect([...ds.coords.keys()].sort()).toEqual(["k", "time", "x"]);
    expect(ds.get("t").name).toBe("t");
    expect([...ds.get("n").coords.keys()].sort()).toEqual(["k", "time"]);
    expect(await ds.get("time.year").item()).toBe(2000n);
    expect(ds.has("n")).toBe(true);
    expect(ds.has("q")).toBe(false);
    expect(() => ds.get("q")).toThrow(/there are/);
  });

  it("picks variables with the coordinates that they need", () => {
    const some = ds.pick("n");
    expect(some.names).toEqual(["n"]);
    expect([...some.coords.keys()].sort()).toEqual(["k", "time"]);
    expect(some.attrs).toEqual({ title: "T" });
    expect(() => ds.pick("q")).toThrow(/no such variable/);
  });

  it("maps its variables", async () => {
    const made = ds.map((array) => array.max());
    expect(made.names).toEqual(["t", "n"]);
    expect(await made.get("n").item()).toBe(3);
    expect(made.attrs).toEqual({ title: "T" });
  });

  it("computes all at once", async () => {
    const computed = await ds.mul(2).compute();
    expect(computed.inMemory).toBe(true);
    expect(await listOf(computed.get("n"))).toEqual([2, 4, 6]);
    expect(ds.nbytes).toBe(32 + 24 + 16 + 8 + 48);
  });
});

describe("selections by number", () => {
  it("head, tail, thin", async () => {
    const n = dataArray([1, 2, 3, 4, 5], { dims: "x" });
    expect(await listOf(n.head({ x: 2 }))).toEqual([1, 2]);
    expect(await listOf(n.tail({ x: 2 }))).toEqual([4, 5]);
    expect(n.tail({ x: 0 }).sizes).toEqual({ x: 0 });
    expect(await listOf(n.thin({ x: 2 }))).toEqual([1, 3, 5]);
  });
});
