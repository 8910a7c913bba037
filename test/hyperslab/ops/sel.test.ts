import { dataArray, slice } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "../read.js";

const t = dataArray([1, 2, 3, 4], { dims: "x", coords: { x: [40, 30, 20, 10] } });

it("selects labels, slices with both ends, and lists", async () => {
  expect(await t.sel({ x: 30 }).item()).toBe(2);
  expect(await listOf(t.sel({ x: slice(30, 10) }))).toEqual([2, 3, 4]);
  expect(await listOf(t.sel({ x: slice(35, 15) }))).toEqual([2, 3]);
  expect(await listOf(t.sel({ x: [10, 40] }))).toEqual([4, 1]);
  expect(await listOf(t.sel({ x: [true, false, false, true] }))).toEqual([1, 4]);
  expect(await listOf(t.sel({ x: [12, 41] }, { method: "nearest" }))).toEqual([4, 1]);
});

it("takes an array of labels along a dimension of its own", async () => {
  const at = dataArray([20, 40], { dims: "station" });
  const picked = t.sel({ x: at });
  expect(picked.dims).toEqual(["station"]);
  expect(await listOf(picked)).toEqual([3, 1]);
});

it("selects times by date, text and part of one", async () => {
  const days = dataArray([1, 2, 3], {
    dims: "time",
    coords: {
      time: [new Date("2000-01-30T00:00Z"), new Date("2000-01-31T00:00Z"), new Date("2000-02-01T00:00Z")],
    },
  });
  expect(await listOf(days.sel({ time: "2000-01" }))).toEqual([1, 2]);
  expect(await days.sel({ time: new Date("2000-02-01T00:00Z") }).item()).toBe(3);
  expect(await listOf(days.sel({ time: slice("2000-01-31", "2000") }))).toEqual([2, 3]);
});

describe("without labels", () => {
  const bare = dataArray([1, 2, 3], { dims: "x" });
  it("positions stand for them", async () => {
    expect(await bare.sel({ x: 1 }).item()).toBe(2);
    expect(await listOf(bare.sel({ x: slice(1, 3) }))).toEqual([2, 3]);
    expect(await listOf(bare.sel({ x: [2, 0] }))).toEqual([3, 1]);
    expect(() => bare.sel({ x: 5 })).toThrow(/length 3/);
    expect(() => bare.sel({ x: 1 }, { method: "nearest" })).toThrow(/has no labels/);
  });
});

it("tells what is not there", async () => {
  expect((await failure(() => t.sel({ x: 5 }))).tag).toBe("LabelError");
  expect((await failure(() => t.sel({ q: 5 }))).tag).toBe("DimensionError");
  expect(
    (await failure(() => t.assignCoords({ lab: ["x", [1, 2, 3, 4]] }).sel({ lab: 1 }))).message,
  ).toContain("swapDims()");
  expect(() => t.sel({ x: slice(1, 2) }, { method: "nearest" })).toThrow(/leave the method out/);
});

it("refuses a method that doesn't exist, and a date that is none", async () => {
  const days = dataArray([1, 2], {
    dims: "t",
    coords: { t: [new Date("2000-01-01"), new Date("2000-01-03")] },
  });
  const method = "closest" as "nearest";
  expect((await failure(() => days.sel({ t: "2000-01-02" }, { method }))).message).toContain(
    "no such method; use nearest, ffill",
  );
  expect((await failure(() => days.sel({ t: new Date("never") }))).tag).toBe("LabelError");
});
