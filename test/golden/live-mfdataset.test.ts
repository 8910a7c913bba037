import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ManyLocations, type OpenMfOptions, openMfdataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GoldenDataset } from "./golden.js";
import { labelledDifferences } from "./labelled.js";
import { findPython, writeFilesWithPython } from "./python.js";

interface FileSet {
  readonly files: ManyLocations;
  readonly options: OpenMfOptions;
  readonly expected: GoldenDataset;
}

const python = findPython() ?? "";

describe.skipIf(!python)("many files, beside xarray (HYPERSLAB_PYTHON, or python3 with xarray)", () => {
  let folder = "";
  let sets: Readonly<Record<string, FileSet>> = {};
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "hyperslab-files-"));
    sets = writeFilesWithPython<FileSet>(python, folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("every set of files is the dataset that xarray makes of it", async () => {
    expect(Object.keys(sets).length).toBeGreaterThan(20);
    const different: string[] = [];
    for (const [name, { files, options, expected }] of Object.entries(sets)) {
      try {
        const found = await openMfdataset(files, options);
        const lines = labelledDifferences(await found.compute(), expected, "exact");
        different.push(...lines.map((line) => `${name}: ${line}`));
      } catch (error) {
        different.push(`${name}: ${String(error)}`);
      }
    }
    expect(different.join("\n")).toBe("");
  });
});
