import { dataArray, dataset, slice } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, listOf } from "../read.js";

const t = dataArray(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { dims: ["y", "x"], coords: { x: [10, 20, 30], lab: ["x", ["a", "b", "c"]] } },
);

it("a position takes the dimension away, and leaves its labels as scalars", async () => {
  const one = t.isel({ x: -1 });
  expect(one.dims).toEqual(["y"]);
  expect(await listOf(one)).toEqual([3, 6]);
  expect(await one.coord("x").item()).toBe(30);
  expect(await one.coord("lab").item()).toBe("c");
  expect(coordNames(t.isel({ x: 0 }, { drop: true }))).toEqual([]);
});

it.each([
  [slice(0, 2), [1, 2]],
  [slice(-2, null), [2, 3]],
  [slice(null, null, -1), [3, 2, 1]],
  [slice(2, 0, -1), [3, 2]],
  [slice(1, 99), [2, 3]],
  [slice(2, 1), []],
  [slice(null, null, 2), [1, 3]],
  [
    [2, 0, 2],
    [3, 1, 3],
  ],
  [
    [true, false, true],
    [1, 3],
  ],
] as const)("%j", async (indexer, expected) => {
  expect(await listOf(t.isel({ x: indexer, y: 0 }))).toEqual(expected);
});

describe("an array of positions", () => {
  it("along another dimension brings it", async () => {
    const at = dataArray(Int32Array.of(2, 0), { dims: "station", coords: { station: ["p", "q"] } });
    const picked = t.isel({ x: at, y: 0 });
    expect(picked.dims).toEqual(["station"]);
    expect(await listOf(picked)).toEqual([3, 1]);
    expect(coordNames(picked)).toEqual(["lab", "station", "x"]);
    expect(picked.coord("x").dims).toEqual(["station"]);
  });

  it("of no dimension is one position", () => {
    expect(t.isel({ x: dataArray(1n) }).dims).toEqual(["y"]);
  });

  it("has to be in one dimension", () => {
    expect(() => t.isel({ x: dataArray([[0]], { dims: ["a", "b"] }) })).toThrow(/an array of 2 dimensions/);
    const at = dataArray([0, 1], { dims: "p" });
    expect(() => t.isel({ x: at, y: at })).toThrow(/a dimension of its own/);
  });
});

it("tells dimensions and positions that are not there", () => {
  expect(() => t.isel({ z: 0 })).toThrow('isel: dimension "z": not among (y, x)');
  expect(t.isel({ z: 0 }, { missingDims: "ignore" }).dims).toEqual(["y", "x"]);
  expect(() => t.isel({ x: 3 })).toThrow(
    "isel(x=3): a dimension of length 3; give a whole number from -3 to 2",
  );
  expect(() => t.isel({ x: 0.5 })).toThrow(/whole number/);
  expect(() => t.isel({ x: [true] })).toThrow(/a mask/);
  expect(() => t.isel({ x: slice("a", "b") })).toThrow(/sel\(\)/);
  expect(() => t.isel({ x: slice(0, 1, 0) })).toThrow(/step of 0/);
});

it("leaves variables of a dataset without the dimension alone", () => {
  const ds = dataset({ t, n: ["z", [1, 2]] });
  const one = ds.isel({ x: 0 });
  expect(one.sizes).toEqual({ y: 2, z: 2 });
});
