import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allocateBlock } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { cacheDirectory, cacheWritten, readCache, writeCache } from "@hyperslab/storage/hdf5/manifest-cache";
import { openGroup } from "@hyperslab/storage/open-group";
import { openStore } from "@hyperslab/storage/open-store";
import type { StoredGroup } from "@hyperslab/storage/source";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const FIXTURES = fileURLToPath(new URL("../../golden/fixtures", import.meta.url));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-manifests-"));
  process.env["HYPERSLAB_CACHE"] = join(folder, "cache");
});
afterEach(async () => {
  await cacheWritten();
  process.env["HYPERSLAB_CACHE"] = "off";
  rmSync(folder, { recursive: true, force: true });
});

function entries(): string[] {
  return readdirSync(join(folder, "cache", "manifests"));
}

async function contentOf(group: StoredGroup): Promise<unknown> {
  const arrays: Record<string, unknown> = {};
  for (const [name, source] of group.arrays) {
    const info = source.describe();
    const block = allocateBlock(info.dtype, info.shape);
    await source.readBlock(
      info.shape.map((length) => slice(0, length)),
      block,
    );
    arrays[name] = { info, data: Array.from(block.data as ArrayLike<unknown>) };
  }
  const { arrays: _, ...facts } = group;
  return { ...facts, arrays };
}

describe("the cache of manifests", () => {
  it("lies where the environment says", () => {
    expect(cacheDirectory({ HYPERSLAB_CACHE: "off" })).toBeNull();
    expect(cacheDirectory({ HYPERSLAB_CACHE: "/a" })).toBe("/a/manifests");
    expect(cacheDirectory({ XDG_CACHE_HOME: "/x" })).toBe("/x/hyperslab/manifests");
    expect(cacheDirectory({})).toMatch(/\.cache\/hyperslab\/manifests$/);
  });
  it.each(["netcdf4/dimensions.nc", "netcdf4/types.nc", "hdf5/layouts-latest.h5", "netcdf4/groups.nc"])(
    "gives the same group of %s",
    async (name) => {
      const group = name.includes("groups") ? "forecasts" : undefined;
      const first = await contentOf(await openGroup(join(FIXTURES, name), { group }));
      await cacheWritten();
      expect(entries()).toHaveLength(1);
      expect(await contentOf(await openGroup(join(FIXTURES, name), { group }))).toEqual(first);
    },
  );
  it("keeps long chunk indexes as numbers", async () => {
    const path = join(FIXTURES, "hdf5/long-indexes-latest.h5");
    const read = async (): Promise<unknown> => {
      const group = await openGroup(path);
      const kept = ["grown", "fixed", "both-deflate"].flatMap((name) => {
        const source = group.arrays.get(name);
        return source ? [[name, source] as const] : [];
      });
      return contentOf({ ...group, arrays: new Map(kept) });
    };
    const first = await read();
    await cacheWritten();
    expect(entries().length).toBeGreaterThan(1);
    expect(await read()).toEqual(first);
  });
  it("is not used for a file that has changed", async () => {
    const path = join(folder, "changing.nc");
    writeFileSync(path, readFileSync(join(FIXTURES, "netcdf4/dimensions.nc")));
    const old = await openGroup(path);
    await cacheWritten();
    writeFileSync(path, readFileSync(join(FIXTURES, "netcdf4/packed.nc")));
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    expect([...(await openGroup(path)).arrays.keys()]).toContain("unsigned");
    const time = old.arrays.get("time");
    const block = allocateBlock("int32", [5]);
    await expect(time?.readBlock([slice(0, 5)], block)).rejects.toThrow("has changed since it was opened");
  });
  it("does without entries that are damaged", async () => {
    const path = join(FIXTURES, "netcdf4/packed.nc");
    const first = await contentOf(await openGroup(path));
    await cacheWritten();
    const [name] = entries();
    const entry = join(folder, "cache", "manifests", name);
    const bytes = readFileSync(entry);
    for (const damaged of [
      bytes.subarray(0, 40),
      Buffer.from("{}\n"),
      Buffer.alloc(0),
      Buffer.from("null\n"),
    ]) {
      writeFileSync(entry, damaged);
      expect(await contentOf(await openGroup(path))).toEqual(first);
      await cacheWritten();
    }
  });
  it("knows nothing of values whose versions look alike", async () => {
    const store = openStore({ kind: "file", path: folder });
    writeCache(store, "/a", { size: 5 }, "x", { json: 1, columns: [] });
    await cacheWritten();
    expect(await readCache(store, "/a", { size: 5 }, "x")).toBeUndefined();
    const version = { size: 5, tag: "one" };
    writeCache(store, "/a", version, "x", {
      json: { nan: NaN, big: 2n ** 60n },
      columns: [Float64Array.of(1, 2)],
    });
    await cacheWritten();
    expect(await readCache(store, "/a", version, "x")).toEqual({
      json: { nan: NaN, big: 2n ** 60n },
      columns: [Float64Array.of(1, 2)],
    });
    expect(await readCache(store, "/a", { size: 5, tag: "two" }, "x")).toBeUndefined();
    expect(await readCache(store, "/a", version, "y")).toBeUndefined();
  });
});
