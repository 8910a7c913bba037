import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, listOf } from "../read.js";

const t = dataArray(
  [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ],
  { dims: ["z", "y", "x"], coords: { z: [7], x: [1, 2, 3] } },
);

describe("transpose", () => {
  it("orders dimensions, reverses them, or puts some in front", async () => {
    expect(t.transpose("x", "y", "z").dims).toEqual(["x", "y", "z"]);
    expect(t.transpose().dims).toEqual(["x", "y", "z"]);
    expect(t.transpose("y", "...").dims).toEqual(["y", "z", "x"]);
    expect(await listOf(t.transpose())).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it("wants every dimension named", () => {
    expect(() => t.transpose("x")).toThrow(/name every dimension/);
    expect(() => t.transpose("q", "...")).toThrow(/not among/);
  });

  it("orders the variables of a dataset", () => {
    const ds = dataset({ t, n: ["x", [1, 2, 3]] });
    expect(ds.transpose("x", "...").get("t").dims).toEqual(["x", "z", "y"]);
  });
});

describe("squeeze", () => {
  it("makes labels scalars, or drops them", () => {
    expect(t.squeeze().dims).toEqual(["y", "x"]);
    expect(coordNames(t.squeeze())).toEqual(["x", "z"]);
    expect(coordNames(t.squeeze("z", { drop: true }))).toEqual(["x"]);
    expect(() => t.squeeze("x")).toThrow(/length 3/);
    expect(() => t.squeeze("q")).toThrow(/not among/);
  });
});

describe("expandDims", () => {
  const one = t.isel({ z: 0, y: 0 });
  it("is the inverse of squeeze", async () => {
    const back = t.squeeze().expandDims("z");
    expect(back.dims).toEqual(["z", "y", "x"]);
    expect(await listOf(back.coord("z"))).toEqual([7]);
  });

  it("makes lengths and labels, in front or elsewhere", async () => {
    expect(one.expandDims({ m: 2 }).sizes).toEqual({ m: 2, x: 3 });
    expect(one.expandDims({ m: ["a", "b"] }, 1).dims).toEqual(["x", "m"]);
    expect(one.expandDims(["a", "b"], -1).dims).toEqual(["x", "a", "b"]);
    expect(await listOf(one.expandDims({ m: [5, 6] }).sel({ m: 6 }))).toEqual([1, 2, 3]);
    expect(() => one.expandDims("x")).toThrow(/there already/);
  });
});

describe("chunk", () => {
  it("cuts what is named, and all by one length", () => {
    expect(t.chunk({ x: 2 }).chunks).toEqual({ z: [1], y: [2], x: [2, 1] });
    expect(t.chunk({ x: [1, 2] }).chunks["x"]).toEqual([1, 2]);
    expect(t.chunk(1).chunks).toEqual({ z: [1], y: [1, 1], x: [1, 1, 1] });
    expect(t.chunk({ x: 1 }).chunk({ x: -1 }).chunks["x"]).toEqual([3]);
    expect(t.chunk({ x: 2 }).inMemory).toBe(false);
    expect(t.chunk({ x: 2 }).coord("x").inMemory).toBe(true);
  });

  it("keeps the values", async () => {
    expect(await listOf(t.chunk({ x: 2, y: 1 }))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("refuses what is no cut", () => {
    expect(() => t.chunk({ q: 1 })).toThrow(/not among/);
    expect(() => t.chunk({ x: 0 })).toThrow(/give 1 or more/);
    expect(() => t.chunk({ x: [1, 1] })).toThrow(/a sum of 2 where the length is 3/);
  });
});
