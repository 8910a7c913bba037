import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openGroup } from "@hyperslab/storage/open-group";
import { openDataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GoldenContent, GoldenDataset } from "./golden.js";
import { labelledDifferences } from "./labelled.js";
import { findPython } from "./python.js";
import { PythonProcess } from "./python-process.js";
import { sourceDifferences } from "./stored.js";

const python = findPython() ?? "";
const live = new PythonProcess(fileURLToPath(new URL("./live_hdf5.py", import.meta.url)));
const SEEDS = (process.env["HYPERSLAB_SEEDS"] ?? "1,2,3,4").split(",").map(Number);

/** What Python reads from the file that it wrote. */
function write<T>(writer: "netcdf4" | "h5py", path: string, seed: number): Promise<T> {
  return live.ask(python, writer, path, seed);
}

describe.skipIf(!python)("random files (HYPERSLAB_PYTHON, or python3 with netCDF4 and h5py)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hyperslab-live-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SEEDS)("that netCDF4 wrote (seed %i) are as in xarray", async (seed) => {
    const path = join(folder, `${seed}.nc`);
    const golden = await write<GoldenDataset>("netcdf4", path, seed);
    const ds = await openDataset(path);
    expect(labelledDifferences(await ds.compute(), golden, "exact").join("\n")).toBe("");
  });
  it.each(SEEDS)("that h5py wrote (seed %i) hold what h5py reads", async (seed) => {
    const path = join(folder, `${seed}.h5`);
    const golden = await write<Record<string, GoldenContent>>("h5py", path, seed);
    const { arrays } = await openGroup(path);
    expect([...arrays.keys()].sort()).toEqual(Object.keys(golden).sort());
    const wrong: string[] = [];
    for (const [name, content] of Object.entries(golden)) {
      const source = arrays.get(name);
      const found = source ? await sourceDifferences(source, content) : "not there";
      if (found) wrong.push(`${name}: ${found}`);
    }
    expect(wrong.join("\n")).toBe("");
  });
});
