import { plotMap } from "@hyperslab/plot/plot-map";
import { decode } from "fast-png";
import { dataArray } from "hyperslab";
import { describe, expect, it } from "vitest";

const field = dataArray(
  [
    [1, 2, 3],
    [4, 5, NaN],
  ],
  {
    dims: ["lat", "lon"],
    coords: {
      lat: dataArray([-30, 30], { dims: "lat", attrs: { units: "degrees_north" } }),
      lon: dataArray([0, 120, 240], { dims: "lon", attrs: { units: "degrees_east" } }),
    },
    name: "t",
    attrs: { units: "K", long_name: "temperature" },
  },
);

describe("plotMap", () => {
  it("draws an array with its coordinates, units and name", () => {
    const image = decode(plotMap(field, { width: 360 }));
    expect(image.width).toBe(360 + 46 + 84);
    const untitled = decode(plotMap(field, { width: 360, title: "" }));
    expect(Buffer.compare(Buffer.from(image.data.buffer), Buffer.from(untitled.data.buffer))).not.toBe(0);
  });
  it("counts cells where a dimension has no coordinate", () => {
    expect(decode(plotMap(dataArray([[1, 2]], { dims: ["y", "x"] }))).width).toBeGreaterThan(360);
  });
  it("wants two dimensions, and data in memory", () => {
    expect(() => plotMap(field.mean("lat"))).toThrow("select or reduce until two are left");
    expect(() => plotMap(field.isel({ lat: 0 }))).toThrow("a map: dimensions (lon)");
  });
});
