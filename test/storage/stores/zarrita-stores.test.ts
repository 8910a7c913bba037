/** The stores of zarrita's own package, used as they are. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { StorageError } from "@hyperslab/core/errors";
import { type ForeignStore, asStore } from "@hyperslab/storage/store";
import FileSystemStore from "@zarrita/storage/fs";
import FetchStore from "@zarrita/storage/fetch";
import ZipFileStore from "@zarrita/storage/zip";
import { MemoryStore, dataset, openDataset } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Served, serve } from "../serve.js";
import { makeZip } from "./make-zip.js";

describe("zarrita's stores", () => {
  const data = Float32Array.from({ length: 600 }, (_, i) => i);
  let folder = "";
  let served: Served;
  let stores: Record<string, ForeignStore> = {};
  beforeAll(async () => {
    const memory = new MemoryStore();
    await dataset({ t: { dims: ["x", "y"], data, shape: [20, 30] } }).toZarr(memory, { chunks: { x: 5 } });
    folder = await mkdtemp(join(tmpdir(), "hyperslab-zarrita-"));
    for (const [key, value] of memory.entries) {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await writeFile(join(folder, key), value);
    }
    served = await serve(new Map(memory.entries));
    const archive = makeZip([...memory.entries].map(([key, value]) => ({ name: key.slice(1), value })));
    stores = {
      FileSystemStore: new FileSystemStore(folder),
      FetchStore: new FetchStore(served.url),
      ZipFileStore: ZipFileStore.fromBlob(new Blob([Uint8Array.from(archive)])),
    };
  });
  afterAll(async () => {
    await served.close();
    await rm(folder, { recursive: true });
  });

  it.each(["FileSystemStore", "FetchStore", "ZipFileStore"])("%s opens as it is", async (name) => {
    const ds = await openDataset(stores[name]);
    expect((await ds.get("t").values()).data).toEqual(data);
    const store = asStore(stores[name]);
    expect(await store.get("/nothing")).toBeUndefined();
    const start = await store.getRange("/zarr.json", { offset: 0, length: 1 });
    expect(Buffer.from(start ?? []).toString()).toBe("{");
    // its own would read above its root
    await expect(store.get("/../x")).rejects.toThrow(StorageError);
  });
});
