import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { openNetcdf3 } from "@hyperslab/storage/netcdf3/netcdf3";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, it } from "vitest";
import { attributeWord, fixture, type GoldenDataset, plainAttributes, readGolden } from "./golden.js";
import { attributesOf, sourceDifferences } from "./stored.js";

interface GoldenFile {
  readonly file: string;
  readonly unlimited: readonly string[];
  readonly dimensions?: Readonly<Record<string, number>>;
  readonly stored: GoldenDataset;
  readonly decoded: GoldenDataset;
}

function open(path: string): Promise<StoredGroup> {
  const ref = storeRefOf(dirname(path));
  return openNetcdf3(openStore(ref), `/${basename(path)}`, ref);
}

/** Compares a file with its golden answers, variable by variable. */
function compare(golden: GoldenFile, path: string): void {
  // text is joined where it is stored, as xarray does when it decodes
  const decoded = { ...golden.decoded.coords, ...golden.decoded.data };
  const wanted = Object.entries({ ...golden.stored.coords, ...golden.stored.data }).map(
    ([name, variable]) => [name, variable.dtype === "string" ? decoded[name] : variable] as const,
  );
  it("has the dimensions, and the group's attributes", async () => {
    const group = await open(path);
    expect(Object.fromEntries(group.dims)).toEqual(golden.dimensions ?? golden.stored.sizes);
    expect([...group.unlimited].sort()).toEqual(golden.unlimited);
    const attributes = Object.entries(group.attributes).map(([name, value]) => [name, attributeWord(value)]);
    expect(Object.fromEntries(attributes)).toEqual(plainAttributes(golden.stored.attributes));
  });
  it.each(wanted)("reads %s", async (name, variable) => {
    const source = (await open(path)).arrays.get(name);
    if (!source) throw new Error(`${golden.file} has no variable "${name}"`);
    expect(source.describe().dims).toEqual(variable.dims);
    expect(await sourceDifferences(source, variable)).toBe("");
    const [ours, theirs] = attributesOf(source, variable);
    expect(ours).toEqual(theirs);
  });
}

const small = readdirSync(fixture("netcdf3")).filter((name) => name.endsWith(".json"));
describe.each(small)("netcdf3/%s", (name) => {
  const golden = readGolden<GoldenFile>(`netcdf3/${name}`);
  compare(golden, fixture(`netcdf3/${golden.file}`));
});

const folder = process.env["HYPERSLAB_REAL_DATA"];
const real = readdirSync(fixture("real")).filter((name) => name.endsWith(".json"));
describe.skipIf(!folder).each(real)(
  "real/%s (HYPERSLAB_REAL_DATA names the folder of real files)",
  (name) => {
    const golden = readGolden<GoldenFile>(`real/${name}`);
    compare(golden, `${folder}/${golden.file}`);
  },
);
