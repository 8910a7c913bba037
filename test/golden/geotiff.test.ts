import { openGroup } from "@hyperslab/storage/open-group";
import type { StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, it } from "vitest";
import {
  differences,
  fixture,
  type GoldenAttribute,
  type GoldenContent,
  attributeWord,
  plainAttributes,
  readGolden,
  toWords,
} from "./golden.js";
import { readSource, sourceDifferences } from "./stored.js";

interface GoldenGroup {
  readonly arrays: Readonly<Record<string, GoldenContent>>;
  readonly attributes: Readonly<Record<string, GoldenAttribute>>;
  readonly crs: Readonly<Record<string, unknown>>;
  readonly epsg: number | null;
}

const golden =
  readGolden<Readonly<Record<string, Readonly<Record<string, GoldenGroup>>>>>("geotiff/geotiff.json");

const groups = Object.entries(golden).flatMap(([file, found]) =>
  Object.entries(found).map(([group, want]): [string, string, GoldenGroup] => [file, group, want]),
);

/** Decoders of JPEG may differ by one. */
const LOSSY = /^jpeg/;

function open(file: string, group: string): Promise<StoredGroup> {
  return openGroup(fixture(`geotiff/${file}.tif`), group === "/" ? {} : { group });
}

describe("GeoTIFFs of GDAL", () => {
  it.each(groups)("reads %s, %s", async (file, name, want) => {
    const group = await open(file, name);
    expect(Object.fromEntries(group.skipped ?? [])).toEqual({});
    for (const [array, content] of Object.entries(want.arrays)) {
      const source = group.arrays.get(array);
      if (!source) throw new Error(`no array "${array}" in ${[...group.arrays.keys()].join(", ")}`);
      if (LOSSY.test(file) && array === "band_data") {
        const words = toWords(await readSource(source));
        for (const [i, value] of Object.entries(content.samples ?? {}))
          expect(Math.abs(Number(words[Number(i)]) - Number(value))).toBeLessThan(4);
      } else if (name !== "/" && array !== "band_data")
        expect(`${array}: ${differences(await readSource(source), content, "near")}`).toBe(`${array}: `);
      else expect(`${array}: ${await sourceDifferences(source, content)}`).toBe(`${array}: `);
    }
  });
  it.each(groups)("has the attributes of %s, %s", async (file, name, want) => {
    const { attributes, dims } = (await open(file, name)).arrays.get("band_data")?.describe() ?? {};
    const { grid_mapping, coordinates: _, ...own } = attributes ?? {};
    const words = Object.entries(own).map(([key, value]) => [key, attributeWord(value)]);
    const theirs = Object.entries(plainAttributes(want.attributes)).map(([key, value]) => [
      key,
      // rioxarray has a list also where all bands are alike
      Array.isArray(value) && value.every((one) => one === value[0]) ? (value[0] as unknown) : value,
    ]);
    expect(Object.fromEntries(words)).toEqual(Object.fromEntries(theirs));
    expect(grid_mapping).toBe("spatial_ref");
    expect(dims?.slice(0, 3)).toEqual(["band", "y", "x"]);
  });
  it.each(groups.filter(([, group]) => group === "/"))("knows where %s%s lies", async (file, name, want) => {
    const { attributes = {} } = (await open(file, name)).arrays.get("spatial_ref")?.describe() ?? {};
    // rasterio looks in its register which system has these parameters
    if (/lambert|polar/.test(file)) expect(attributes["spatial_ref"]).toBeUndefined();
    else if (want.epsg !== null) expect(attributes["spatial_ref"]).toBe(`EPSG:${want.epsg}`);
    const wrong: string[] = [];
    for (const [key, value] of Object.entries(want.crs)) {
      const ours = attributes[key];
      if (key === "GeoTransform") {
        const numbers = (text: unknown): number[] => String(text).split(" ").map(Number);
        expect(numbers(ours)).toEqual(numbers(value));
      } else if (typeof value === "number" && typeof ours === "number") expect(ours).toBeCloseTo(value, 6);
      else if (ours !== undefined && typeof value !== "string") expect(ours).toEqual(value);
      else if (ours === undefined) wrong.push(key);
    }
    if (want.epsg !== null || file === "lambert" || file === "polar")
      expect(attributes["grid_mapping_name"]).toBe(want.crs["grid_mapping_name"]);
    expect(wrong.filter((key) => !key.endsWith("name"))).toEqual([]);
  });
  it("lists smaller pictures as groups", async () => {
    expect((await open("overviews", "/")).groups).toEqual(["overview_0", "overview_1"]);
    await expect(open("overviews", "overview_2")).rejects.toThrow("its groups are overview_0, overview_1");
  });
});
