import { chmod, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@hyperslab/core/errors";
import { FileStore } from "@hyperslab/storage/stores/file-store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hyperslab-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("FileStore", () => {
  it("gives the same bytes on its quick and on its patient way", async () => {
    const store = new FileStore(folder);
    await store.set(
      "/x",
      Uint8Array.from({ length: 300 }, (_, i) => i),
    );
    for (let i = 0; i < 40; i++) {
      expect((await store.get("/x"))?.length).toBe(300);
      expect([...((await store.getRange("/x", { offset: i, length: 2 })) ?? [])]).toEqual([i, i + 1]);
      expect(await store.get("/y")).toBeUndefined();
      await expect(store.getRange("/x", { offset: 299, length: 2 })).rejects.toThrow("300 bytes");
    }
  });
  it("gives memory that is its own and aligned", async () => {
    const store = new FileStore(folder);
    await store.set("/x", new Uint8Array(24));
    const value = await store.get("/x");
    expect(value?.byteOffset).toBe(0);
    expect(value?.slice()).not.toBe(value);
    expect(value?.constructor).toBe(Uint8Array);
  });
  it("reads into memory that it is given, and asks for no more than there is", async () => {
    const store = new FileStore(folder);
    await store.set(
      "/x",
      Uint8Array.from({ length: 50 }, (_, i) => i),
    );
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const asked: number[] = [];
    const take = (length: number): Uint8Array => {
      asked.push(length);
      return new Uint8Array(memory.buffer, 64, length);
    };
    const value = await store.get("/x", { memory: take });
    expect(value?.buffer).toBe(memory.buffer);
    expect([...(value ?? [])]).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const range = await store.getRange("/x", { offset: 10, length: 5 }, { memory: take });
    expect([...(range ?? [])]).toEqual([10, 11, 12, 13, 14]);
    expect(asked).toEqual([50, 5]);
    expect(await store.get("/y", { memory: take })).toBeUndefined();
    await expect(store.getRange("/x", { suffixLength: 51 }, { memory: take })).rejects.toThrow("50 bytes");
    expect(asked).toEqual([50, 5]);
    expect((await store.get("/x", { memory: () => null }))?.buffer).not.toBe(memory.buffer);
  });
  it("leaves no partial files, and lists none", async () => {
    const store = new FileStore(folder);
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.set(`/d/${i}`, new Uint8Array(1000))));
    await writeFile(join(folder, "d", "0.1-abc.partial"), "x");
    expect((await readdir(join(folder, "d"))).filter((name) => name.endsWith(".partial"))).toEqual([
      "0.1-abc.partial",
    ]);
    expect(await store.list("/d")).toHaveLength(20);
  });
  it("replaces a value whole, whoever is reading", async () => {
    const store = new FileStore(folder);
    await store.set("/x", new Uint8Array(5000).fill(1));
    const writing = (async () => {
      for (let i = 2; i < 30; i++) await store.set("/x", new Uint8Array(5000).fill(i));
    })();
    for (let i = 0; i < 60; i++) {
      const value = await store.get("/x");
      expect(value?.length).toBe(5000);
      expect(new Set(value).size).toBe(1);
    }
    await writing;
  });
  it("says why a value can't be written", async () => {
    const store = new FileStore(folder);
    await store.set("/x", new Uint8Array(1));
    const error = await store.set("/x/y", new Uint8Array(1)).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(StorageError);
    expect(String(error)).toContain("can't be written");
    expect(await readdir(folder)).toEqual(["x"]);
  });
  it("writes again into a folder that somebody removed", async () => {
    const store = new FileStore(folder);
    await store.set("/d/x", new Uint8Array(1));
    await rm(join(folder, "d"), { recursive: true });
    await store.set("/d/x", new Uint8Array(2)).catch(() => store.set("/d/x", new Uint8Array(2)));
    expect(await store.sizeOf("/d/x")).toBe(2);
  });
  it("follows the links that the owner made", async () => {
    const other = await mkdtemp(join(tmpdir(), "hyperslab-files-"));
    try {
      await writeFile(join(other, "v"), "abc");
      await symlink(other, join(folder, "link"));
      const store = new FileStore(folder);
      expect(await store.sizeOf("/link/v")).toBe(3);
      expect(await store.list("/")).toEqual([{ name: "link", kind: "prefix" }]);
    } finally {
      await rm(other, { recursive: true });
    }
  });
  it.skipIf(process.getuid?.() === 0)("says that a file may not be read", async () => {
    const store = new FileStore(folder);
    await store.set("/x", new Uint8Array(1));
    await chmod(join(folder, "x"), 0);
    await expect(store.get("/x")).rejects.toThrow(/EACCES/);
  });
});
