import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@hyperslab/core/errors";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openWritableStore } from "@hyperslab/storage/open-store";
import { abortWrite, beginWrite, commitWrite, listIncomplete } from "@hyperslab/storage/write-protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder = "";
let path = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-protocol-"));
  path = join(folder, "out.zarr");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Begins a write and puts a group with one value into it. */
async function begin(to: string | MemoryStore, value: number, overwrite = false) {
  const pending = await beginWrite(to, { overwrite });
  const store = openWritableStore(pending.working);
  await store.set("/zarr.json", new TextEncoder().encode('{"zarr_format": 3, "node_type": "group"}'));
  await store.set("/a/c/0", Uint8Array.of(value));
  return JSON.parse(JSON.stringify(pending)) as typeof pending;
}
const valueAt = async (root: string) =>
  (await openWritableStore({ kind: "file", path: root }).get("/a/c/0"))?.[0];

describe("a write to a directory", () => {
  it("appears when it is committed, and not before", async () => {
    const pending = await begin(path, 1);
    const names = await readdir(folder);
    expect(names).toEqual([expect.stringMatching(/^out\.zarr\.incomplete-[0-9a-f]{8}$/)]);
    expect(await listIncomplete(folder, "out.zarr")).toEqual(names);
    await commitWrite(pending);
    expect(await readdir(folder)).toEqual(["out.zarr"]);
    expect(await valueAt(path)).toBe(1);
  });
  it("leaves nothing when it is given up", async () => {
    await abortWrite(await begin(path, 1));
    expect(await readdir(folder)).toEqual([]);
  });
  it("does not come back under a task that still writes", async () => {
    const pending = await begin(path, 1);
    const store = openWritableStore(pending.working);
    let given = false;
    const writing = (async () => {
      for (let i = 0; !given || i < 50; i++) await store.set(`/a/c/${i}/0`, Uint8Array.of(i));
    })();
    const ended = writing.catch((error: unknown) => error);
    await abortWrite(pending);
    given = true;
    expect(await ended).toBeInstanceOf(StorageError);
    expect(await readdir(folder)).toEqual([]);
  });
  it("refuses an existing destination", async () => {
    await commitWrite(await begin(path, 1));
    await expect(beginWrite(path)).rejects.toThrow(StorageError);
    await expect(beginWrite(path)).rejects.toThrow("it exists already");
    expect(await valueAt(path)).toBe(1);
  });
  it("replaces it where it may, only at the end", async () => {
    await commitWrite(await begin(path, 1));
    const pending = await begin(path, 2, true);
    expect(await valueAt(path)).toBe(1);
    await commitWrite(pending);
    expect(await valueAt(path)).toBe(2);
    expect(await readdir(folder)).toEqual(["out.zarr"]);
  });
  it("never replaces what is no Zarr store", async () => {
    await mkdir(path);
    await writeFile(join(path, "thesis.tex"), "x");
    await expect(beginWrite(path, { overwrite: true })).rejects.toThrow("is no Zarr store");
    const other = join(folder, "file.txt");
    await writeFile(other, "x");
    await expect(beginWrite(other, { overwrite: true })).rejects.toThrow("is no Zarr store");
    await expect(beginWrite(other)).rejects.toThrow("it exists already");
  });
  it("takes the place of an empty directory, and makes missing parents", async () => {
    await mkdir(path);
    await commitWrite(await begin(path, 1));
    expect(await valueAt(path)).toBe(1);
    const deep = join(folder, "new", "deep", "out.zarr");
    await commitWrite(await begin(deep, 3));
    expect(await valueAt(deep)).toBe(3);
  });
  it("loses a race without harm: the first stays, the second's data too", async () => {
    const [first, second] = [await begin(path, 1), await begin(path, 2)];
    await commitWrite(first);
    await expect(commitWrite(second)).rejects.toThrow("it exists already");
    expect(await valueAt(path)).toBe(1);
    expect(await listIncomplete(folder, "out.zarr")).toHaveLength(1);
    await abortWrite(second);
    expect(await readdir(folder)).toEqual(["out.zarr"]);
  });
});

describe("a write to a store in memory", () => {
  it("appears when it is committed, replaces only where it may, and can be given up", async () => {
    const store = new MemoryStore();
    const pending = await begin(store, 1);
    expect(store.entries.size).toBe(0);
    await commitWrite(pending);
    expect([...store.entries.keys()]).toEqual(["/a/c/0", "/zarr.json"]);
    await expect(beginWrite(store)).rejects.toThrow("it exists already");
    await store.set("/old/c/0", Uint8Array.of(1));
    await commitWrite(await begin(store, 2, true));
    expect([...store.entries.keys()].sort()).toEqual(["/a/c/0", "/zarr.json"]);
    expect(store.entries.get("/a/c/0")).toEqual(Uint8Array.of(2));
    await abortWrite(await begin(store, 3, true));
    expect(store.entries.get("/a/c/0")).toEqual(Uint8Array.of(2));
  });
  it("refuses stores that can't be written", async () => {
    await expect(beginWrite("https://host/x")).rejects.toThrow("can only be read");
    await expect(beginWrite({ get: () => undefined })).rejects.toThrow("can only be read");
  });
});
