import { align, dataArray } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "../read.js";

const a = dataArray([1, 2, 3], { dims: "x", coords: { x: [10, 20, 30] } });
const b = dataArray([5, 6, 7], { dims: "x", coords: { x: [30, 20, 40] } });

describe("joins", () => {
  it.each([
    ["inner", [20, 30], [2, 3], [6, 5]],
    ["left", [10, 20, 30], [1, 2, 3], [NaN, 6, 5]],
    ["right", [30, 20, 40], [3, 2, NaN], [5, 6, 7]],
    ["outer", [10, 20, 30, 40], [1, 2, 3, NaN], [NaN, 6, 5, 7]],
  ] as const)("%s", async (join, labels, left, right) => {
    const [x, y] = align([a, b], { join });
    expect(await listOf(x.coord("x"))).toEqual(labels);
    expect(await listOf(y.coord("x"))).toEqual(labels);
    expect(await listOf(x)).toEqual(left);
    expect(await listOf(y)).toEqual(right);
  });

  it("refuse labels that stand twice, unless all are equal", async () => {
    const twice = dataArray([1, 2, 3], { dims: "x", coords: { x: [10, 10, 30] } });
    for (const join of ["inner", "outer"] as const) {
      const error = await failure(() => align([twice, a], { join }));
      expect([error.tag, error.message]).toEqual([
        "AlignmentError",
        expect.stringContaining("some stand more than once"),
      ]);
    }
    expect(await listOf(twice.add(twice))).toEqual([2, 4, 6]);
  });

  it("exact refuses, override takes the first labels", async () => {
    const error = await failure(() => align([a, b], { join: "exact" }));
    expect(error.tag).toBe("AlignmentError");
    expect(error.message).toContain("labels differ: 3 from 10 to 30 and 3 from 30 to 40");
    const [, y] = align([a, b], { join: "override" });
    expect(await listOf(y.coord("x"))).toEqual([10, 20, 30]);
    expect(await listOf(y)).toEqual([5, 6, 7]);
  });

  it("that are unknown are refused", () => {
    expect(() => align([a, b], { join: "cross" as never })).toThrow(/no such join/);
  });
});

it("gives objects that fit as they are", () => {
  const [x] = align([a, a]);
  expect(x.labelled).toBe(a.labelled);
});

it("demands equal lengths where labels are missing", () => {
  const bare = dataArray([1, 2], { dims: "x" });
  expect(() => align([a, bare])).toThrow(/lengths 3 and 2, and not every object has labels/);
});

it("leaves out excluded dimensions", () => {
  const [x] = align([a, b], { exclude: ["x"] });
  expect(x.labelled).toBe(a.labelled);
});
