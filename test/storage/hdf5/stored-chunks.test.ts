import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { FormatError } from "@hyperslab/core/errors";
import { printExactJson } from "@hyperslab/storage/exact-json";
import { toKerchunk } from "@hyperslab/storage/kerchunk";
import { openGroup } from "@hyperslab/storage/open-group";
import type { ArraySource, StoredGroup } from "@hyperslab/storage/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const FIXTURES = fileURLToPath(new URL("../../golden/fixtures", import.meta.url));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-chunks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function read(source: ArraySource | undefined): Promise<unknown> {
  if (!source) return undefined;
  const { dtype, shape, dims } = source.describe();
  const block = allocateBlock(dtype, shape);
  await source.readBlock(
    shape.map((length) => slice(0, length)),
    block,
  );
  return { dtype, shape, dims, data: Array.from(block.data as ArrayLike<unknown>) };
}

/** The arrays of a group that can be described; the others' reasons. */
function describable(group: StoredGroup): {
  arrays: Map<string, ArraySource>;
  reasons: Record<string, string>;
} {
  const arrays = new Map<string, ArraySource>();
  const reasons: Record<string, string> = {};
  for (const [name, source] of group.arrays)
    try {
      source.storedChunks?.();
      arrays.set(name, source);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      reasons[name] = error instanceof Error ? error.message : "";
    }
  return { arrays, reasons };
}

describe("storedChunks of HDF5", () => {
  it.each([
    "netcdf4/packed.nc",
    "netcdf4/storage.nc",
    "netcdf4/types.nc",
    "hdf5/long-indexes-earliest.h5",
    "hdf5/types-earliest.h5",
  ])("lead from Kerchunk's references of %s to the same elements", async (name) => {
    const group = await openGroup(`${FIXTURES}/${name}`);
    const { arrays } = describable(group);
    const refs = join(folder, `${name.replaceAll("/", "-")}.json`);
    writeFileSync(refs, printExactJson(await toKerchunk(new Map([["/", { ...group, arrays }]]))));
    const again = await openGroup(refs);
    expect(arrays.size).toBeGreaterThan(0);
    expect([...(again.skipped ?? [])]).toEqual([]);
    for (const [array, source] of arrays) {
      // readers of Zarr see single bytes of text along with an axis of characters
      expect(await read(again.arrays.get(array)), array).toEqual(await read(source));
    }
  });
  it("say what has no words in Zarr", async () => {
    const types = describable(await openGroup(`${FIXTURES}/hdf5/types-latest.h5`)).reasons;
    expect(types["text"]).toContain("texts of variable length");
    expect(types["compound.x"]).toContain("field of a compound");
    expect(types["bits-signed"]).toContain("only some bits");
    const virtual = describable(await openGroup(`${FIXTURES}/hdf5/virtual.h5`)).reasons;
    expect(virtual["stacked"]).toContain("virtual dataset");
    const filters = describable(await openGroup(`${FIXTURES}/hdf5/filters.h5`)).reasons;
    expect(filters["scaleoffset"]).toContain("numcodecs has no codec");
  });
  it("tell of chunks that left out filters", async () => {
    const group = await openGroup(`${FIXTURES}/hdf5/layouts-latest.h5`);
    const masks: Record<string, number[]> = {};
    for (const name of ["masked", "raw-edges"]) {
      masks[name] = [];
      for await (const { filterMask } of group.arrays.get(name)?.storedChunks?.().locate() ?? [])
        masks[name].push(filterMask);
    }
    expect(masks["masked"]).toEqual([0, 3]);
    // edges went through none of them
    expect(masks["raw-edges"].filter((mask) => mask !== 0).length).toBeGreaterThan(0);
  });
});
