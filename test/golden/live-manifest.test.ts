import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "hyperslab";
import { printExactJson } from "@hyperslab/storage/exact-json";
import { toKerchunk } from "@hyperslab/storage/kerchunk";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixture } from "./golden.js";
import { labelledDifferences } from "./labelled.js";
import { findPython, hasKerchunk, readReferencesWithPython, writeWithPython } from "./python.js";

const python = findPython() ?? "";
const canRead = python !== "" && hasKerchunk(python);

/** Not `packed.nc`: references are JSON, which does not say that a scale is a float32. */
const FILES = [
  "netcdf3/no-records.nc",
  "netcdf3/one-record-variable.nc",
  "netcdf3/records-cdf1.nc",
  "netcdf3/records-cdf2.nc",
  "netcdf4/groups.nc",
  "netcdf4/storage.nc",
];

describe.skipIf(!canRead)("manifests, read by Python (xarray with kerchunk)", () => {
  let folder = "";
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hyperslab-manifest-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Where what Python reads through our references differs from what we read. */
  async function differences(path: string): Promise<string> {
    // Python remembers what it has read by its name
    const refs = join(folder, `refs-${files++}.json`);
    writeFileSync(refs, printExactJson(await toKerchunk(await openGroupTree(path))));
    const ours = await (await openDataset(path)).compute();
    return labelledDifferences(ours, await readReferencesWithPython(python, refs), "exact").join("\n");
  }

  it.each(FILES)("%s", async (name) => {
    expect(await differences(fixture(name))).toBe("");
  });
  it.each([
    [2, 1],
    [3, 2],
    [3, 3],
  ] as const)("a random store of Zarr version %i (seed %i)", async (version, seed) => {
    const store = join(folder, `theirs-${version}-${seed}.zarr`);
    await writeWithPython(python, store, version, seed);
    expect(await differences(store)).toBe("");
  });
  it("chunks within shards", async () => {
    const ds = await openDataset(fixture("netcdf3/records-cdf1.nc"));
    const name = ds.names.find((one) => ds.get(one).ndim > 1) ?? "";
    const shape = ds.get(name).shape;
    const store = join(folder, "sharded.zarr");
    await ds.pick(name).toZarr(store, {
      encoding: {
        [name]: { chunks: shape.map(() => 1), shards: shape.map((length) => Math.max(1, length)) },
      },
    });
    expect(await differences(store)).toBe("");
  });
});
