import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { openHdf5 } from "@hyperslab/storage/hdf5/open-hdf5";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { describe, expect, it } from "vitest";
import {
  type GoldenAttribute,
  type GoldenContent,
  attributeWord,
  fixture,
  plainAttributes,
  readGolden,
} from "./golden.js";
import { sourceDifferences } from "./stored.js";

interface GoldenGroup {
  readonly attributes: Readonly<Record<string, GoldenAttribute>>;
  readonly arrays: Readonly<
    Record<string, GoldenContent & { readonly attributes: Readonly<Record<string, GoldenAttribute>> }>
  >;
  readonly groups: Readonly<Record<string, GoldenGroup>>;
  readonly skipped: readonly string[];
}

interface GoldenFile {
  readonly file: string;
  readonly root: GoldenGroup;
}

function open(path: string, group: string): Promise<StoredGroup> {
  const ref = storeRefOf(dirname(path));
  return openHdf5(openStore(ref), `/${basename(path)}`, ref, { group });
}

/** The groups of a golden file by their paths. */
function groupsOf(group: GoldenGroup, path = ""): [string, GoldenGroup][] {
  const below = Object.entries(group.groups ?? {}).flatMap(([name, inner]) =>
    groupsOf(inner, `${path}/${name}`),
  );
  return group.arrays ? [[path, group], ...below] : below;
}

function words(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, attributeWord(value)]));
}

const files = readdirSync(fixture("hdf5")).filter((name) => name.endsWith(".json"));
describe.each(files)("hdf5/%s", (name) => {
  const golden = readGolden<GoldenFile>(`hdf5/${name}`);
  describe.each(groupsOf(golden.root))("group /%s", (path, wanted) => {
    it("has the members and attributes that h5py sees", async () => {
      const group = await open(fixture(`hdf5/${golden.file}`), path);
      expect([...group.arrays.keys()].sort()).toEqual(Object.keys(wanted.arrays).sort());
      expect([...(group.groups ?? [])].sort()).toEqual(Object.keys(wanted.groups).sort());
      expect([...(group.skipped?.keys() ?? [])].sort()).toEqual([...wanted.skipped].sort());
      expect(words(group.attributes)).toEqual(plainAttributes(wanted.attributes));
    });
    it("reads what h5py reads", async () => {
      const group = await open(fixture(`hdf5/${golden.file}`), path);
      const wrong: string[] = [];
      for (const [array, content] of Object.entries(wanted.arrays)) {
        const source = group.arrays.get(array);
        const differences = source
          ? await sourceDifferences(source, content).catch((error: Error) => error.message)
          : "not there";
        if (differences) wrong.push(`${array}: ${differences}`);
        const attributes = words(source?.describe().attributes ?? {});
        if (JSON.stringify(attributes) !== JSON.stringify(plainAttributes(content.attributes)))
          expect.soft(attributes, array).toEqual(plainAttributes(content.attributes));
      }
      expect(wrong.join("\n")).toBe("");
    });
  });
});
