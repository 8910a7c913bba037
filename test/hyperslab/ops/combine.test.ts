import { combineByCoords, combineNested, dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { failure, listOf } from "../read.js";

const at = (times: number[], lats: number[] = [0, 1], name = "t"): ReturnType<typeof dataset> =>
  dataset(
    { [name]: [["time", "lat"], times.map((time) => lats.map((lat) => time * 10 + lat))] },
    { coords: { time: times, lat: lats }, attrs: { title: "T" } },
  );

describe("combineByCoords", () => {
  it("puts datasets in the order of their labels", async () => {
    const made = combineByCoords([at([4]), at([0, 1]), at([2, 3])]);
    expect(await listOf(made.get("time"))).toEqual([0, 1, 2, 3, 4]);
    expect(await listOf(made.get("t").isel({ lat: 1 }))).toEqual([1, 11, 21, 31, 41]);
    expect(made.attrs).toEqual({ title: "T" });
  });
  it("in two dimensions, falling labels too", async () => {
    const tiles = [at([2, 3], [1, 0]), at([0, 1], [3, 2]), at([0, 1], [1, 0]), at([2, 3], [3, 2])];
    const made = combineByCoords(tiles);
    expect(await listOf(made.get("lat"))).toEqual([3, 2, 1, 0]);
    expect(await listOf(made.get("t").sel({ time: 2 }))).toEqual([23, 22, 21, 20]);
  });
  it("merges different variables", () => {
    const made = combineByCoords([at([1]), at([0]), at([0], [0, 1], "u"), at([1], [0, 1], "u")]);
    expect(made.names).toEqual(["t", "u"]);
    expect(made.sizes).toEqual({ time: 2, lat: 2 });
  });
  it("takes arrays by their names", () => {
    const array = (x: number): ReturnType<typeof dataArray> =>
      dataArray([x], { dims: "x", coords: { x: [x] }, name: "a" });
    expect(combineByCoords([array(2), array(1)]).get("a").shape).toEqual([2]);
  });
  it("says which datasets do not fit", async () => {
    const message = async (...sets: ReturnType<typeof dataset>[]): Promise<string> =>
      (await failure(() => combineByCoords(sets))).message;
    expect(await message(at([0, 1, 2]), at([2, 3]), at([1, 5]))).toMatch(
      /object 0 \(0 to 2\) and object 2 \(1 to 5\) overlap/,
    );
    expect(await message(at([0, 2]), at([1, 3]))).toMatch(
      /object 0 \(0 to 2\) and object 1 \(1 to 3\) overlap/,
    );
    expect(await message(at([0]), at([0]))).toMatch(/nothing to order them by/);
    expect(await message(at([0, 1]), at([3, 2]))).toMatch(/object 1 run the other way/);
    expect(await message(at([0, 1]), at([3, 2, 5]))).toMatch(/object 1 are in no order/);
    expect(await message(at([0], [0]), at([1], [0]), at([0], [1]))).toMatch(/none stands at \(1, 1\)/);
    expect(await message(at([0, 1]), at([0, 2]))).toMatch(/begin with the same labels/);
    expect(await message()).toMatch(/no datasets/);
  });
});

describe("combineNested", () => {
  it("joins as it is nested, on new dimensions too", async () => {
    const made = combineNested(
      [
        [at([0]), at([1])],
        [at([0]), at([1])],
      ],
      ["member", "time"],
    );
    expect(made.get("t").sizes).toEqual({ member: 2, time: 2, lat: 2 });
    expect(await listOf(made.get("t").isel({ member: 1, lat: 0 }))).toEqual([0, 10]);
    expect(combineNested([at([5]), at([1])], "time").sizes["time"]).toBe(2);
  });
  it("merges a level where that is asked for", () => {
    const made = combineNested(
      [
        [at([0]), at([1])],
        [at([0], [0, 1], "u"), at([1], [0, 1], "u")],
      ],
      [null, "time"],
    );
    expect(made.names).toEqual(["t", "u"]);
  });
  it("refuses lists that don't fit", () => {
    expect(() => combineNested([at([0])], ["member", "time"])).toThrow(/only 1 level/);
    expect(() => combineNested([[at([0])]], "time")).toThrow(/lists within the innermost/);
    expect(() => combineNested([[at([0])], []], ["member", "time"])).toThrow(/lengths 1 and 0/);
    expect(() => combineNested([], "time")).toThrow(/an empty list/);
  });
});
