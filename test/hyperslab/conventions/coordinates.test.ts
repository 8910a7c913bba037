import type { Attribute } from "@hyperslab/storage/source";
import { type NamedVariable, coordinateNames, withBoundsAttributes } from "hyperslab/conventions/coordinates";
import { expect, test } from "vitest";

const variable = (dims: string[], attributes: Record<string, Attribute> = {}): NamedVariable => ({
  dims,
  attributes,
});

const variables = new Map([
  ["time", variable(["time"], { units: "days since 2000-01-01", calendar: "noleap", bounds: "time_bnds" })],
  ["time_bnds", variable(["time", "nv"])],
  ["lat", variable(["y", "x"])],
  ["lon", variable(["y", "x"])],
  ["crs", variable([])],
  ["area", variable(["y", "x"])],
  ["height", variable([])],
  [
    "tas",
    variable(["time", "y", "x"], {
      coordinates: "lat lon  absent",
      grid_mapping: "crs: lat lon",
      cell_measures: "area: area",
      units: "K",
    }),
  ],
]);

test("coordinates are the dimensions' own variables, and those that attributes name", () => {
  const { coordinates, used, usedGlobal, warnings } = coordinateNames(variables, {
    coordinates: "height",
    title: "t",
  });
  expect([...coordinates].sort()).toEqual(["height", "lat", "lon", "time"]);
  expect(Object.fromEntries(used)).toEqual({ tas: { coordinates: "lat lon  absent" } });
  expect(usedGlobal).toEqual({ coordinates: "height" });
  expect(warnings).toEqual([]);
});

test("all related variables become coordinates where that is asked for", () => {
  const { coordinates, used } = coordinateNames(variables, {}, "all");
  expect([...coordinates].sort()).toEqual(["area", "crs", "lat", "lon", "time", "time_bnds"]);
  expect(Object.keys(used.get("tas") ?? {})).toEqual(["coordinates", "grid_mapping", "cell_measures"]);
});

test("none but the dimensions' own, where coordinates are not decoded", () => {
  const { coordinates, used } = coordinateNames(variables, { coordinates: "height" }, false);
  expect([...coordinates]).toEqual(["time"]);
  expect(used.size).toBe(0);
});

test("names that lead nowhere give warnings", () => {
  const broken = new Map([
    ["a", variable(["x"], { bounds: "nowhere" })],
    ["b", variable(["x"], { formula_terms: "no roles here" })],
    ["c", variable(["x"], { formula_terms: "a: a b: b" })],
  ]);
  const { coordinates, warnings } = coordinateNames(broken, {}, "all");
  expect(warnings).toEqual([
    expect.stringMatching(/nowhere, which is not there/),
    expect.stringMatching(/begins with no role/),
  ]);
  expect([...coordinates]).toEqual(["a", "b"]);
});

test("bounds of a time axis inherit its units and calendar, unless they have their own", () => {
  const inherited = withBoundsAttributes(variables);
  expect(inherited.get("time_bnds")).toEqual({ units: "days since 2000-01-01", calendar: "noleap" });
  const own = new Map(variables).set("time_bnds", variable(["time"], { units: "hours since 1999-01-01" }));
  expect(withBoundsAttributes(own).get("time_bnds")).toEqual({
    units: "hours since 1999-01-01",
    calendar: "noleap",
  });
  expect(inherited.get("tas")).toBe(variables.get("tas")?.attributes);
});
