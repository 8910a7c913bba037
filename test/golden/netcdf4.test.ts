import { readdirSync } from "node:fs";
import { openDataset } from "hyperslab";
import { openGroup } from "@hyperslab/storage/open-group";
import { describe, expect, it } from "vitest";
import { attributeWord, fixture, type GoldenDataset, plainAttributes, readGolden } from "./golden.js";
import { labelledDifferences } from "./labelled.js";
import { attributesOf, sourceDifferences } from "./stored.js";

interface GoldenGroup {
  readonly dimensions: Readonly<Record<string, number>>;
  readonly groups: readonly string[];
  readonly unlimited: readonly string[];
  readonly stored: GoldenDataset;
  readonly decoded: GoldenDataset;
}

interface GoldenFile {
  readonly file: string;
  readonly format: string;
  readonly groups: Readonly<Record<string, GoldenGroup>>;
}

/** Where ours is another answer on purpose, and why. */
const ON_PURPOSE: Record<string, string> = {
  texts_filled: "xarray makes NaN of a text that is the fill value; our texts stay texts",
};

const files = readdirSync(fixture("netcdf4")).filter((name) => name.endsWith(".json"));
describe.each(files)("netcdf4/%s", (name) => {
  const golden = readGolden<GoldenFile>(`netcdf4/${name}`);
  const path = fixture(`netcdf4/${golden.file}`);
  describe.each(Object.entries(golden.groups))("group %s/", (group, wanted) => {
    it("has the dimensions, groups and attributes that netCDF4 sees", async () => {
      const opened = await openGroup(path, { group });
      expect(opened.format).toBe(golden.format === "HDF5" ? "hdf5" : "netcdf4");
      expect(Object.fromEntries(opened.dims)).toEqual({ ...wanted.stored.sizes, ...wanted.dimensions });
      expect([...(opened.groups ?? [])].sort()).toEqual(wanted.groups);
      expect([...opened.unlimited].sort()).toEqual(wanted.unlimited);
      const attributes = Object.entries(opened.attributes).map(([key, value]) => [key, attributeWord(value)]);
      expect(Object.fromEntries(attributes)).toEqual(plainAttributes(wanted.stored.attributes));
    });
    it.each(Object.entries({ ...wanted.stored.coords, ...wanted.stored.data }))(
      "reads %s",
      async (variable, content) => {
        const source = (await openGroup(path, { group })).arrays.get(variable);
        if (!source) throw new Error(`${golden.file} has no variable "${variable}"`);
        expect(source.describe().dims).toEqual(content.dims);
        expect(await sourceDifferences(source, content)).toBe("");
        const [ours, theirs] = attributesOf(source, content);
        expect(ours).toEqual(theirs);
      },
    );
    it("is decoded as in xarray", async () => {
      const other = Object.keys(ON_PURPOSE).filter((variable) => variable in wanted.stored.data);
      const ds = await openDataset(path, { group, dropVariables: other });
      const data = Object.entries(wanted.decoded.data).filter(([variable]) => !other.includes(variable));
      const golden: GoldenDataset = { ...wanted.decoded, data: Object.fromEntries(data) };
      expect(labelledDifferences(await ds.compute(), golden, "exact").join("\n")).toBe("");
    });
  });
});
