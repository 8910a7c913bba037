import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "./read.js";

describe("dataArray", () => {
  it("takes flat data with a shape, lists, scalars", () => {
    expect(dataArray(new Int16Array(6), { dims: ["y", "x"], shape: [2, 3] }).sizes).toEqual({ y: 2, x: 3 });
    expect(dataArray([[1], [2]], { dims: ["y", "x"] }).sizes).toEqual({ y: 2, x: 1 });
    expect(dataArray(1).dims).toEqual([]);
    expect(dataArray([1, 2], { dims: "x", dtype: "float32" }).dtype).toBe("float32");
    expect(dataArray([1, 2], { coords: { x: [5, 6] } }).dims).toEqual(["x"]);
  });

  it("refuses names that don't fit", async () => {
    expect((await failure(() => dataArray([[1]], { dims: "x" }))).message).toContain("data of shape (1, 1)");
    expect((await failure(() => dataArray([1], { dims: ["x", "x"] }))).tag).toBe("ArgumentError");
    expect((await failure(() => dataArray([1, 2], { dims: "x", coords: { x: [1] } }))).tag).toBe(
      "ShapeError",
    );
  });
});

describe("dataset", () => {
  it("shares coordinates and joins labels", async () => {
    const a = dataArray([1, 2], { dims: "x", coords: { x: [1, 2] } });
    const b = dataArray([3, 4], { dims: "x", coords: { x: [2, 3] } });
    const ds = dataset({ a, b });
    expect(await listOf(ds.get("a"))).toEqual([1, 2, NaN]);
    expect(await listOf(ds.get("b"))).toEqual([NaN, 3, 4]);
  });

  it("takes labels of dimensions that variables have", async () => {
    const ds = dataset({ t: ["x", [1, 2]] }, { coords: { x: ["a", "b"], h: 2 }, attrs: { title: "T" } });
    expect(await ds.get("t").sel({ x: "b" }).item()).toBe(2);
    expect(ds.attrs).toEqual({ title: "T" });
  });

  it("refuses lengths that differ, and datasets", async () => {
    expect((await failure(() => dataset({ a: ["x", [1]], b: ["x", [1, 2]] }))).message).toContain(
      'variable "b"',
    );
    expect(() => dataset({ a: dataset({}) as never })).toThrow(/merge\(\) datasets/);
  });
});
