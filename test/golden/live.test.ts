import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labelledDifferences } from "./labelled.js";
import { findPython, readWithPython, writeWithPython } from "./python.js";

const python = findPython() ?? "";
const SEEDS = [1, 2, 3];

describe.skipIf(!python)("beside xarray (HYPERSLAB_PYTHON, or python3 with xarray and zarr)", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hyperslab-live-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each([2, 3] as const)("Zarr version %i", (version) => {
    it.each(SEEDS)(
      "what xarray wrote (seed %i), we read; what we write of it, xarray reads",
      async (seed) => {
        const theirs = join(folder, `theirs-${version}-${seed}.zarr`);
        const golden = await writeWithPython(python, theirs, version, seed);
        const ds = await openDataset(theirs);
        expect(labelledDifferences(await ds.compute(), golden, "exact").join("\n")).toBe("");

        const ours = join(folder, `ours-${version}-${seed}.zarr`);
        await ds.toZarr(ours, { zarrFormat: version });
        const again = await openDataset(ours);
        expect(labelledDifferences(await again.compute(), golden, "exact").join("\n")).toBe("");
        const seen = await readWithPython(python, ours);
        expect(Object.entries(seen.data).sort()).toEqual(Object.entries(golden.data).sort());
        expect(Object.entries(seen.coords).sort()).toEqual(Object.entries(golden.coords).sort());
        expect(seen.attributes).toEqual(golden.attributes);
      },
    );
  });
});
