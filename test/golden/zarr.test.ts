import { isHyperslabError } from "@hyperslab/core/errors";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { describe, expect, it } from "vitest";
import { fixture, type GoldenDataset, type GoldenVariable, readGolden } from "./golden.js";
import { attributesOf, sourceDifferences } from "./stored.js";

interface GoldenArray extends Omit<GoldenVariable, "dims"> {
  readonly dims: readonly string[] | null;
}
interface GoldenStore {
  readonly store: string;
  readonly zarrFormat: 2 | 3;
  readonly groups?: readonly string[];
  readonly arrays: Readonly<Record<string, GoldenArray>>;
}
interface GoldenCf {
  readonly stored: GoldenDataset;
}

async function open(store: string): Promise<StoredGroup> {
  const ref = storeRefOf(fixture(`zarr/${store}`));
  const group = await openZarrGroup(openStore(ref), ref, "/");
  if (!group) throw new Error(`no group in ${store}`);
  return group;
}

async function openArray(store: string, name: string): Promise<ArraySource> {
  const group = await open(store);
  const source = group.arrays.get(name);
  if (source) return source;
  throw group.skipped?.get(name) ?? new Error(`no array "${name}" in ${store}`);
}

describe.each(["v2", "v3", "consolidated-v2", "consolidated-v3"])("store %s of zarr-python", (store) => {
  const golden = readGolden<GoldenStore>(`zarr/${store}.json`);
  it("has these arrays and groups", async () => {
    const group = await open(store);
    expect(Object.fromEntries(group.skipped ?? [])).toEqual({});
    expect([...group.arrays.keys()].sort()).toEqual(Object.keys(golden.arrays).sort());
    expect(group.groups).toEqual(golden.groups ?? []);
    expect(group.attributes["title"]).toBeTypeOf("string");
  });
  it.each(Object.entries(golden.arrays))("reads %s", async (name, array) => {
    const source = await openArray(store, name);
    const { dims } = source.describe();
    if (array.dims) expect(dims).toEqual(array.dims);
    expect(dims.length).toBe(array.shape.length);
    expect(await sourceDifferences(source, array)).toBe("");
  });
  it.each(Object.entries(golden.arrays))("has the attributes of %s", async (name, array) => {
    const source = await openArray(store, name);
    const [ours, theirs] = attributesOf(source, array);
    // format 2 keeps NetCDF's fill value in its own
    expect({ ...ours, _FillValue: null }).toEqual({ ...theirs, _FillValue: null });
  });
});

describe.each(
  ["coordinates", "packed", "times", "more-times", "text"].flatMap((name) => [
    `cf-${name}-v2`,
    `cf-${name}-v3`,
  ]),
)("store %s of xarray, not decoded", (store) => {
  const { stored } = readGolden<GoldenCf>(`zarr/${store}.json`);
  it.each(Object.entries({ ...stored.coords, ...stored.data }))("reads %s", async (name, variable) => {
    const source = await openArray(store, name);
    expect(source.describe().dims).toEqual(variable.dims);
    expect(await sourceDifferences(source, variable)).toBe("");
    const [ours, theirs] = attributesOf(source, variable);
    expect(ours).toEqual(theirs);
  });
});

describe.each(["extensions-v2", "extensions-v3"])("store %s: beyond the specification's core", (store) => {
  const golden = readGolden<GoldenStore>(`zarr/${store}.json`);
  it.each(Object.entries(golden.arrays))("reads %s, or refuses it by name", async (name, array) => {
    try {
      expect(await sourceDifferences(await openArray(store, name), array)).toBe("");
    } catch (error) {
      if (!isHyperslabError(error)) throw error;
      expect(["CodecError", "FormatError", "DtypeError"]).toContain(error.tag);
    }
  });
});
