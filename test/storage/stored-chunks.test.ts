import { FormatError } from "@hyperslab/core/errors";
import { toKerchunk } from "@hyperslab/storage/kerchunk";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openGroup } from "@hyperslab/storage/open-group";
import { openGroupTree } from "@hyperslab/storage/open-group-tree";
import type { ArraySource, ChunkLocation } from "@hyperslab/storage/source";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dataArray, dataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hyperslab-chunks-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const grid = dataArray(
  Float32Array.from({ length: 24 }, (_, i) => i),
  { dims: "x", name: "t" },
);
const made = dataset({
  t: [["y", "x"], [0, 1, 2, 3].map((y) => [0, 1, 2, 3, 4, 5].map((x) => y * 10 + x))],
  s: grid.sum(),
});

async function locations(source: ArraySource | undefined): Promise<ChunkLocation[]> {
  const found: ChunkLocation[] = [];
  for await (const one of source?.storedChunks?.().locate() ?? []) found.push(one);
  return found;
}

describe("chunks of Zarr", () => {
  it("are the values of the store", async () => {
    const store = new MemoryStore();
    await made.toZarr(store, { encoding: { t: { chunks: [2, 4] } } });
    const source = (await openGroup(store)).arrays.get("t");
    expect(source?.storedChunks?.()).toMatchObject({
      shape: [4, 6],
      chunks: [2, 4],
      dtype: "<f8",
      order: "C",
      dims: ["y", "x"],
    });
    expect((await locations(source)).map(({ coords, key, range }) => [coords, key, range])).toEqual([
      [[0, 0], "/t/c/0/0", null],
      [[0, 1], "/t/c/0/1", null],
      [[1, 0], "/t/c/1/0", null],
      [[1, 1], "/t/c/1/1", null],
    ]);
    await store.delete("/t/c/1/0");
    expect((await locations(source)).map(({ coords }) => coords.join())).toEqual(["0,0", "0,1", "1,1"]);
  });
  it("lie in shards", async () => {
    const store = new MemoryStore();
    await made.toZarr(store, { encoding: { t: { chunks: [2, 2], shards: [4, 4] } } });
    const source = (await openGroup(store)).arrays.get("t");
    const found = await locations(source);
    expect(found.map(({ coords, key }) => `${coords.join()} ${key}`)).toEqual([
      "0,0 /t/c/0/0",
      "0,1 /t/c/0/0",
      "1,0 /t/c/0/0",
      "1,1 /t/c/0/0",
      "0,2 /t/c/0/1",
      "1,2 /t/c/0/1",
    ]);
    expect(found.every(({ range }) => (range?.length ?? 0) > 0)).toBe(true);
  });
  it("of a scalar have no coordinates", async () => {
    const store = new MemoryStore();
    await made.toZarr(store);
    expect((await locations((await openGroup(store)).arrays.get("s"))).map(({ coords }) => coords)).toEqual([
      [],
    ]);
  });
  it("of other orders are refused, with the reason", async () => {
    const store = new MemoryStore();
    await made.toZarr(store);
    const text = new TextDecoder().decode(await store.get("/t/zarr.json"));
    const json = JSON.parse(text) as { codecs: unknown[]; chunk_grid: unknown };
    json.codecs.unshift({ name: "transpose", configuration: { order: [1, 0] } });
    await store.set("/t/zarr.json", new TextEncoder().encode(JSON.stringify(json)));
    const root = JSON.parse(new TextDecoder().decode(await store.get("/zarr.json"))) as Record<
      string,
      unknown
    >;
    delete root["consolidated_metadata"];
    await store.set("/zarr.json", new TextEncoder().encode(JSON.stringify(root)));
    expect((await openGroup(store)).arrays.get("t")?.storedChunks?.().order).toBe("F");
  });
});

describe("chunks of NetCDF-3", () => {
  const file = fileURLToPath(new URL("../golden/fixtures/netcdf3/records-cdf1.nc", import.meta.url));
  it("are records, and whole variables", async () => {
    const { arrays } = await openGroup(file);
    const bytes = readFileSync(file);
    for (const [name, source] of arrays) {
      const stored = source.storedChunks?.();
      const found = await locations(source);
      const last = found.at(-1)?.range;
      expect([name, (last?.offset ?? 0) + (last?.length ?? 0) <= bytes.length]).toEqual([name, true]);
      expect(stored?.chunks.length).toBe(stored?.shape.length);
    }
  });
});

describe("toKerchunk", () => {
  it("says everything of a hierarchy", async () => {
    const path = join(folder, "tree.zarr");
    await made.toZarr(path);
    await made.pick("s").toZarr(join(path, "inner"));
    const { readFile, writeFile } = await import("node:fs/promises");
    const root = JSON.parse(await readFile(join(path, "zarr.json"), "utf8")) as Record<string, unknown>;
    delete root["consolidated_metadata"];
    await writeFile(join(path, "zarr.json"), JSON.stringify(root));
    const tree = await openGroupTree(path);
    expect([...tree.keys()]).toEqual(["/", "/inner"]);
    const { refs } = await toKerchunk(tree);
    expect(Object.keys(refs).filter((key) => key.startsWith("inner/"))).toEqual([
      "inner/.zgroup",
      "inner/.zattrs",
      "inner/s/.zarray",
      "inner/s/.zattrs",
      "inner/s/0",
    ]);
    expect(JSON.parse(String(refs["t/.zattrs"]))).toEqual({ _ARRAY_DIMENSIONS: ["y", "x"] });
  });
  it("refuses what others can't find", async () => {
    const store = new MemoryStore();
    await made.toZarr(store);
    await expect(toKerchunk(new Map([["/", await openGroup(store)]]))).rejects.toThrow(FormatError);
  });
});
