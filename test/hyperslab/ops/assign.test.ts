import { dataArray, dataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, failure, listOf } from "../read.js";

const t = dataArray(
  [
    [1, 2],
    [3, 4],
  ],
  { dims: ["y", "x"], coords: { x: [10, 20], lab: ["x", ["a", "b"]], h: 2 }, name: "t" },
);
const ds = dataset({ t, n: ["y", [5, 6]] }, { attrs: { title: "T" } });

describe("assignCoords", () => {
  it("takes labels, scalars, dimensions with data, and arrays", async () => {
    expect(
      await t
        .assignCoords({ x: ["p", "q"] })
        .sel({ x: "q" })
        .isel({ y: 1 })
        .item(),
    ).toBe(4);
    expect(coordNames(t.assignCoords({ run: 3 }))).toEqual(["h", "lab", "run", "x"]);
    expect(
      t
        .assignCoords({
          area: [
            ["y", "x"],
            [
              [1, 1],
              [1, 1],
            ],
          ],
        })
        .coord("area").dims,
    ).toEqual(["y", "x"]);
    const shifted = t.assignCoords({ x: t.coord("x").add(1) });
    expect(await listOf(shifted.sel({ x: 21 }))).toEqual([2, 4]);
  });

  it("brings arrays onto the labels of the object", async () => {
    const other = dataArray([7, 8], { dims: "x", coords: { x: [20, 10] } });
    expect(await listOf(t.assignCoords({ c: other }).coord("c"))).toEqual([8, 7]);
  });

  it("refuses dimensions and lengths that the array doesn't have", async () => {
    expect((await failure(() => t.assignCoords({ q: ["z", [1]] }))).tag).toBe("DimensionError");
    expect((await failure(() => t.assignCoords({ x: [1, 2, 3] }))).tag).toBe("ShapeError");
    expect((await failure(() => t.assignCoords({ q: [1, 2, 3] }))).message).toContain("say its dimensions");
  });
});

describe("assign", () => {
  it("adds variables, of which some come from the dataset", async () => {
    const made = ds.assign({ u: (one) => one.get("t").mul(2), v: ["y", [1, 1]] });
    expect(made.names).toEqual(["t", "n", "u", "v"]);
    expect(await listOf(made.get("u"))).toEqual([2, 4, 6, 8]);
    expect(made.attrs).toEqual({ title: "T" });
  });

  it("replaces variables and aligns new ones", async () => {
    const half = t.isel({ x: [1] });
    const made = ds.assign({ half });
    expect(await listOf(made.get("half"))).toEqual([NaN, 2, NaN, 4]);
    expect(ds.assign({ n: ["y", [0, 0]] }).names).toEqual(["t", "n"]);
  });
});

describe("rename", () => {
  it("names arrays, dimensions, coordinates and variables", () => {
    expect(t.rename("u").name).toBe("u");
    expect(t.rename(null).name).toBeNull();
    const made = t.rename({ x: "lon", h: "height" });
    expect(made.dims).toEqual(["y", "lon"]);
    expect(coordNames(made)).toEqual(["height", "lab", "lon"]);
    expect(ds.rename({ t: "u" }).names).toEqual(["u", "n"]);
  });

  it("refuses names that are absent or taken", () => {
    expect(() => t.rename({ q: "r" })).toThrow(/no such variable/);
    expect(() => ds.rename({ t: "n" })).toThrow(/taken/);
  });
});

it("dropVars drops, or says what is there", () => {
  expect(coordNames(t.dropVars(["lab", "h"]))).toEqual(["x"]);
  expect(ds.drop("n").names).toEqual(["t"]);
  expect(() => t.dropVars("q")).toThrow(/there are x, lab, h/);
  expect(t.dropVars("q", { errors: "ignore" }).dims).toEqual(["y", "x"]);
});

it("dropDims drops every variable with the dimension", () => {
  expect(ds.dropDims("x").names).toEqual(["n"]);
  expect(() => ds.dropDims("q")).toThrow(/not among/);
});

it("setCoords and resetCoords move variables", () => {
  const set = ds.setCoords("n");
  expect(set.names).toEqual(["t"]);
  expect(set.resetCoords("n").names).toEqual(["t", "n"]);
  expect(coordNames(set.resetCoords())).toEqual(["x"]);
  expect(coordNames(set.resetCoords(null, { drop: true }))).toEqual(["x"]);
  expect(() => ds.setCoords("q")).toThrow(/no such/);
  expect(() => ds.resetCoords("x")).toThrow(/labels a dimension/);
  expect(t.resetCoords("h").names).toEqual(["t", "h"]);
  expect(coordNames(t.resetCoords("h", { drop: true }))).toEqual(["lab", "x"]);
});

it("swapDims labels a dimension by another coordinate", async () => {
  const made = t.swapDims({ x: "lab" });
  expect(made.dims).toEqual(["y", "lab"]);
  expect(await listOf(made.sel({ lab: "b" }))).toEqual([2, 4]);
  expect(made.coord("x").dims).toEqual(["lab"]);
  expect(t.swapDims({ y: "row" }).dims).toEqual(["row", "x"]);
  expect(() => t.swapDims({ q: "lab" })).toThrow(/not among/);
  expect(() => t.swapDims({ y: "lab" })).toThrow(/name a coordinate along "y"/);
});

it("assignAttrs adds to attributes", () => {
  expect(t.assignAttrs({ units: "K" }).attrs).toEqual({ units: "K" });
  expect(ds.assignAttrs({ q: 1 }).attrs).toEqual({ title: "T", q: 1 });
});
