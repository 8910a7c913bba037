import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { registerStore } from "@hyperslab/storage/stores/process-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { openZarrGroup } from "@hyperslab/storage/zarr/zarr-group";
import { describe, expect, it } from "vitest";
import { type GoldenContent, readGolden } from "./golden.js";
import { sourceDifferences } from "./stored.js";

interface Packed {
  readonly keys: Readonly<Record<string, string>>;
  readonly arrays: Readonly<Record<string, GoldenContent>>;
}

async function open(packed: Packed): Promise<StoredGroup> {
  const values = Object.entries(packed.keys).map(([key, text]): [string, Uint8Array] => [
    key,
    new Uint8Array(Buffer.from(text, "base64")),
  ]);
  const store = new MemoryStore(new Map(values));
  const group = await openZarrGroup(store, registerStore(store), "/");
  if (!group) throw new Error("no group");
  return group;
}

describe.each(["v2", "v3", "python2"])("elements of more than one number, and rarer grids: %s", (name) => {
  const packed = readGolden<Packed>(`zarr/elements-${name}.json`);

  it("are all there", async () => {
    const group = await open(packed);
    expect(Object.fromEntries(group.skipped ?? [])).toEqual({});
    expect([...group.arrays.keys()].sort()).toEqual(Object.keys(packed.arrays).sort());
  });
  it.each(Object.entries(packed.arrays))("reads %s", async (array, golden) => {
    const source = (await open(packed)).arrays.get(array);
    if (!source) throw new Error(`no array "${array}"`);
    const { dims, shape } = source.describe();
    expect(dims.length).toBe(shape.length);
    expect(await sourceDifferences(source, golden)).toBe("");
  });
});
