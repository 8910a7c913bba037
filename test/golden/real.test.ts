import { readdirSync } from "node:fs";
import { openDataset } from "hyperslab";
import { describe, expect, it } from "vitest";
import { fixture, type GoldenDataset, readGolden } from "./golden.js";
import { labelledDifferences } from "./labelled.js";

interface GoldenFile {
  readonly file: string;
  /** What xarray says to the file with its default options. */
  readonly error?: string;
  /** The options with which it decodes it. */
  readonly options: { readonly decode_times?: boolean };
  readonly stored: GoldenDataset;
  readonly decoded: GoldenDataset;
}

const folder = process.env["HYPERSLAB_REAL_DATA"];
const files = readdirSync(fixture("real")).filter((name) => name.endsWith(".json"));

describe.skipIf(!folder).each(files)("%s (HYPERSLAB_REAL_DATA names the folder of real files)", (name) => {
  const golden = readGolden<GoldenFile>(`real/${name}`);
  const path = `${folder}/${golden.file}`;
  it("decodes as in xarray, to the last bit", async () => {
    const ds = await openDataset(path, { decodeTimes: golden.options.decode_times ?? true });
    expect(labelledDifferences(await ds.compute(), golden.decoded, "exact").join("\n")).toBe("");
  });
  it("keeps the order of variables", async () => {
    const ds = await openDataset(path, { decodeTimes: golden.options.decode_times ?? true });
    const { variables, coordNames } = ds.labelled;
    expect([...variables.keys()].filter((key) => !coordNames.has(key))).toEqual(
      Object.keys(golden.decoded.data),
    );
    expect([...variables.keys()].filter((key) => coordNames.has(key))).toEqual(
      Object.keys(golden.decoded.coords),
    );
  });
  it("is as stored where nothing is decoded", async () => {
    const ds = await openDataset(path, { decodeCf: false });
    expect(labelledDifferences(await ds.compute(), golden.stored, "exact").join("\n")).toBe("");
  });
});
