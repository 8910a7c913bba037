import { readdirSync } from "node:fs";
import { type DataArray, type Dataset, openDataset } from "hyperslab";
import { arrayVariable } from "hyperslab/labelled";
import { beforeAll, describe, expect, it } from "vitest";
import {
  attributeWord,
  fixture,
  type GoldenAttribute,
  type GoldenDataset,
  type GoldenVariable,
  plainAttributes,
  readGolden,
  toWords,
} from "./golden.js";
import { labelledDifferences, variableDifferences } from "./labelled.js";

interface GoldenCf {
  /** What xarray refuses to decode, by variable. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly stored: GoldenDataset;
  readonly decoded: GoldenDataset;
  readonly encoding?: Readonly<Record<string, Readonly<Record<string, GoldenAttribute>>>>;
}

/** Where ours is another answer on purpose, and why. */
const ON_PURPOSE: Record<string, string> = {
  "float-nan-noleap": "xarray makes the reference date of a NaN in a calendar of cftime; ours is NaT",
};

/** Counts of floats are rounded on the way to a time: by how many of the result's units at most. */
const ROUNDING = 1000n;

/** Times from fractions of a day, where the last digits depend on the order of multiplications. */
function fromFloats(golden: GoldenCf, name: string, variable: GoldenVariable): boolean {
  const stored = golden.stored.data[name] ?? golden.stored.coords[name];
  return stored.dtype.startsWith("float") && variable.dtype.includes("64[");
}

function timesApart(array: DataArray, variable: GoldenVariable): string {
  const { block } = arrayVariable(array.labelled);
  if (!block || block.dtype !== variable.dtype) return `dtype ${array.dtype}, want ${variable.dtype}`;
  const most = variable.dtype.startsWith("cftime") ? 1n : ROUNDING;
  const apart = toWords(block).flatMap((got, i) => {
    const want = variable.values?.[i] ?? "";
    if (got === want) return [];
    if (got === "NaT" || want === "NaT") return [`element ${i}: ${got}, want ${want}`];
    const difference = BigInt(String(got)) - BigInt(String(want));
    return difference <= most && -difference <= most ? [] : [`element ${i}: ${got}, want ${want}`];
  });
  return apart.join("\n");
}

const stores = ["times", "more-times", "packed", "text"].flatMap((name) => [
  `cf-${name}-v2`,
  `cf-${name}-v3`,
]);

describe.each(stores)("%s, decoded", (store) => {
  const golden = readGolden<GoldenCf>(`zarr/${store}.json`);
  const { errors = {}, decoded, encoding = {} } = golden;
  let ds: Dataset;
  beforeAll(async () => {
    ds = await openDataset(fixture(`zarr/${store}`), { dropVariables: Object.keys(errors) });
  });
  const variables = Object.entries(decoded.data).filter(([name]) => !(name in ON_PURPOSE));
  it.each(variables)("%s", async (name, variable) => {
    const array = await ds.get(name).compute();
    if (fromFloats(golden, name, variable)) expect(timesApart(array, variable)).toBe("");
    else
      expect(variableDifferences(name, arrayVariable(array.labelled), variable, "exact").join("\n")).toBe("");
  });
  it.each(variables)("what %s was stored with", (name) => {
    const want = plainAttributes(encoding[name] ?? {});
    const ours = ds.get(name).encoding;
    // NaN as fill value of floats is what xarray writes unasked
    const kept = Object.keys(want).filter((key) => !(key === "_FillValue" && want[key] === "NaN"));
    expect(kept.map((key) => [key, attributeWord(ours[key])])).toEqual(kept.map((key) => [key, want[key]]));
  });
  it.each(Object.keys(errors))("%s, which names no time, is refused", async (name) => {
    const others = Object.keys(decoded.data);
    await expect(openDataset(fixture(`zarr/${store}`), { dropVariables: others })).rejects.toThrow(name);
  });
  it.each(Object.keys(ON_PURPOSE).filter((name) => name in decoded.data))(
    "%s: not as xarray",
    async (name) => {
      expect(
        toWords(
          arrayVariable((await ds.get(name).compute()).labelled).block ?? {
            dtype: "bool",
            shape: [],
            data: [],
          },
        ),
      ).toContain("NaT");
    },
  );
});

describe.each(["cf-coordinates-v2", "cf-coordinates-v3"])("%s, decoded", (store) => {
  it("has xarray's coordinates and data variables", async () => {
    const { decoded } = readGolden<GoldenCf>(`zarr/${store}.json`);
    const ds = await openDataset(fixture(`zarr/${store}`));
    expect(labelledDifferences(await ds.compute(), decoded, "exact").join("\n")).toBe("");
  });
});

const files = readdirSync(fixture("netcdf3")).filter((name) => name.endsWith(".json"));
describe.each(files)("netcdf3/%s, decoded", (file) => {
  it("is as in xarray", async () => {
    const golden = readGolden<GoldenCf & { file: string }>(`netcdf3/${file}`);
    const ds = await openDataset(fixture(`netcdf3/${golden.file}`));
    expect(labelledDifferences(await ds.compute(), golden.decoded, "exact").join("\n")).toBe("");
  });
});
