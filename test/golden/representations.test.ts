import { type DataArray, type Dataset, openDataset, slice } from "hyperslab";
import { beforeAll, describe, expect, it } from "vitest";
import { fixture, readGolden } from "./golden.js";

const SHOWN: Record<string, (ds: Dataset) => DataArray | Dataset> = {
  dataset: (ds) => ds,
  "dataset of a month": (ds) => ds.pick("count", "mask", "t").isel({ time: 0 }),
  array: (ds) => ds.get("p").isel({ time: slice(0, 3) }),
  "array of integers": (ds) => ds.get("count"),
  "array of truth values": (ds) => ds.get("mask"),
  scalar: (ds) => ds.get("t").isel({ time: 1, lat: 0, lon: 0 }),
};

/** What is written otherwise on purpose, in both texts: sizes and dtypes of text and of dates in calendars. */
function comparable(text: string): string[] {
  const lines = text
    .replace(/^<\w+\.(\w+)/, "<$1")
    .replaceAll(/Size: \S+/g, "Size")
    .replaceAll(/(<U\d+|string) \S+/g, "string")
    .split("\n")
    // calendars of cftime have dtypes of their own here; 110.25 is rounded up here, to even there
    .filter((line) => !/^( {2}\* month| {4}old) /.test(line));
  // scalar coordinates stand where they came from
  return lines.sort();
}

describe("texts like xarray's", () => {
  const golden = readGolden<Record<string, readonly string[]>>("expressions/representations.json");
  let ds: Dataset;
  beforeAll(async () => {
    ds = await openDataset(fixture("expressions/data.zarr")).then((lazy) => lazy.compute());
  });
  it.each(Object.keys(SHOWN))("%s", (name) => {
    expect(comparable(String(SHOWN[name](ds)))).toEqual(comparable(golden[name].join("\n")));
  });
});
