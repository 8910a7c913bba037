import { openGroup } from "@hyperslab/storage/open-group";
import { openSource } from "@hyperslab/storage/open-source";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { describe, expect, it } from "vitest";
import { checksum, differences, fixture, type GoldenVariable, readGolden, toWords } from "./golden.js";
import { readSource, sourceDifferences } from "./stored.js";

const golden =
  readGolden<Readonly<Record<string, Readonly<Record<string, GoldenVariable>>>>>("grib/grib.json");

/** cfgrib takes values that go down the columns for rows: the same data as rows are in another file. */
const ON_PURPOSE: Readonly<Record<string, string>> = {
  "columns-1": "westwards-1",
  "columns-2": "westwards-2",
};

describe("GRIB files of eccodes", () => {
  it.each(Object.entries(golden))("reads %s as cfgrib does", async (file, variables) => {
    const { arrays } = await openGroup(fixture(`grib/${file}.grib`));
    expect([...arrays.keys()].sort()).toEqual(Object.keys(variables).sort());
    for (const [name, theirs] of Object.entries(variables)) {
      const want = name === "t2m" && file in ON_PURPOSE ? golden[ON_PURPOSE[file]][name] : theirs;
      const source = arrays.get(name);
      if (!source) throw new Error(`no variable ${name}`);
      const { dims, attributes } = source.describe();
      expect(dims).toEqual(want.dims);
      for (const key of ["units", "long_name"])
        if (want.attributes[key] && name !== "surface")
          expect(`${name} ${key} ${String(attributes[key])}`).toBe(
            `${name} ${key} ${String(want.attributes[key].value)}`,
          );
      if (name === "longitude" && file === "westwards-2") {
        // eccodes sorts them, which the values aren't
        expect(toWords(await readSource(source))).toEqual([
          356, 356.5, 357, 357.5, 358, 358.5, 359, 359.5, 360,
        ]);
        continue;
      }
      const isCoordinate = want.dtype === "float64";
      const wrong = isCoordinate
        ? differences(await readSource(source), want, "near")
        : await sourceDifferences(source, want);
      expect(`${name}: ${wrong}`).toBe(`${name}: `);
      const again = await openSource(JSON.parse(JSON.stringify(source.ref)) as SourceRef);
      expect(again.describe()).toEqual(source.describe());
    }
  });
});

const folder = process.env["HYPERSLAB_REAL_DATA"];

it.skipIf(!folder)(
  "reads ERA5 as cfgrib does (HYPERSLAB_REAL_DATA names the folder of real files)",
  async () => {
    const { arrays, dims } = await openGroup(`${folder}/era5-2mt-2019-03-uk.grib`);
    expect(Object.fromEntries(dims)).toEqual({ time: 744, latitude: 33, longitude: 49 });
    const source = arrays.get("t2m");
    if (!source) throw new Error("no t2m");
    expect(checksum(await readSource(source))).toBe(
      "96abea797db80899120259c64a98f4e7b4604e541b2137cfdccaf7f71c84eacf",
    );
  },
);
