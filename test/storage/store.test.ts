import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StorageError } from "@hyperslab/core/errors";
import { type StoreRef, isPortable, isRemote } from "@hyperslab/core/source-ref";
import { FileStore } from "@hyperslab/storage/stores/file-store";
import { HttpStore } from "@hyperslab/storage/stores/http-store";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openStore, openWritableStore, storeRefOf } from "@hyperslab/storage/open-store";
import { processStore, registerStore, unregisterStore } from "@hyperslab/storage/stores/process-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import { asStore, joinKey, keySegments } from "@hyperslab/storage/store";
import { describe, expect, it } from "vitest";
import { storeContract } from "../contracts/store.js";
import { serve } from "./serve.js";

storeContract("MemoryStore", async (values) => ({ store: new MemoryStore(new Map(values)) }));
storeContract("a Map", async (values) => ({ store: asStore(new Map(values)) }));
storeContract("a store with get and getRange alone", async (values) => {
  const memory = new MemoryStore(new Map(values));
  return {
    store: asStore({
      get: (key) => memory.get(key),
      getRange: (key, range) => memory.getRange(key, range),
    }),
  };
});
storeContract("a logged store", async (values) => withRequestLog(new MemoryStore(new Map(values))));
storeContract("FileStore", async (values) => {
  const folder = await mkdtemp(join(tmpdir(), "hyperslab-store-"));
  const store = new FileStore(folder);
  for (const [key, value] of values) await store.set(key, value);
  return { store, dispose: () => rm(folder, { recursive: true }) };
});
for (const ignoreRange of [false, true])
  storeContract(`HttpStore, of a server that ${ignoreRange ? "ignores" : "knows"} ranges`, async (values) => {
    const served = await serve(new Map([...values].map(([key, value]) => [`/root${key}`, value])), {
      ignoreRange,
    });
    return { store: new HttpStore(`${served.url}/root/`), dispose: served.close };
  });

describe("asStore", () => {
  it("refuses a range of another length than asked for", async () => {
    const padding = asStore({ get: () => undefined, getRange: () => new Uint8Array(8) }, "padded:");
    await expect(padding.getRange("/x", { offset: 0, length: 9 })).rejects.toThrow(
      "padded:/x: the store answered 8 bytes for a range of 9",
    );
  });
  it("names the key in what a foreign store throws", async () => {
    const broken = asStore({ get: () => Promise.reject(new Error("disk on fire")) }, "x:");
    await expect(broken.get("/y")).rejects.toThrow("x:/y: disk on fire");
    await expect(broken.get("/y")).rejects.toThrow(StorageError);
  });
  it("leaves our own stores as they are", () => {
    const memory = new MemoryStore();
    expect(asStore(memory)).toBe(memory);
  });
});

describe("references", () => {
  it("open the same store once", () => {
    const ref = storeRefOf("some/where");
    expect(ref).toEqual({ kind: "file", path: join(process.cwd(), "some/where") });
    expect(openStore(ref)).toBe(openStore(JSON.parse(JSON.stringify(ref))));
    expect(storeRefOf("file:///a%20b/c")).toEqual({ kind: "file", path: "/a b/c" });
    expect(storeRefOf("https://host/x")).toEqual({ kind: "http", url: "https://host/x" });
  });
  it("name a scheme that has no store", () => {
    expect(() => storeRefOf("gopher://host/x")).toThrow("there is no store for gopher://");
  });
  it("number the stores of the process", () => {
    const map = new Map<string, Uint8Array>();
    const ref = registerStore(map);
    expect(registerStore(map)).toEqual(ref);
    expect(openStore(ref)).toBe(processStore(ref.id));
    unregisterStore(ref.id);
    expect(() => openStore(ref)).toThrow("stores in memory exist only in the process");
    expect(registerStore(map)).toEqual(ref);
  });
  it("hold no login", async () => {
    const ref = storeRefOf("https://me:secret@host/x", { headers: { "x-token": "t" } });
    expect(ref).toEqual({ kind: "http", url: "https://host/x", secret: expect.any(String) });
    expect(JSON.stringify(ref)).not.toMatch(/secret@|"t"/);
    expect(openStore(ref)).toBe(
      openStore(storeRefOf("https://me:secret@host/x", { headers: { "x-token": "t" } })),
    );
  });
  it("may lie in each other", () => {
    const zip: StoreRef = { kind: "zip", store: { kind: "http", url: "https://host/x" }, key: "/a.zip" };
    const own: StoreRef = { kind: "references", store: registerStore(new MemoryStore()), key: "/r.json" };
    expect([zip, own].map(isRemote)).toEqual([true, true]);
    expect([zip, own].map((store) => isPortable({ store }))).toEqual([true, false]);
    const file: StoreRef = { kind: "cached", store: { kind: "file", path: "/x" }, bytes: 1 };
    expect([isRemote(file), isPortable({ store: file })]).toEqual([false, true]);
  });
  it("refuse to write what can only be read", () => {
    expect(() => openWritableStore({ kind: "http", url: "https://host/x" })).toThrow("can only be read");
  });
});

describe("keys", () => {
  it("join and split", () => {
    expect(joinKey("/", "a", "b/c")).toBe("/a/b/c");
    expect(joinKey("/a/", "/b")).toBe("/a/b");
    expect(joinKey("/")).toBe("/");
    expect(keySegments("/")).toEqual([]);
    expect(keySegments("/a/..b/c.d")).toEqual(["a", "..b", "c.d"]);
  });
});

describe("withRequestLog", () => {
  it("records what is asked", async () => {
    const { store, requests } = withRequestLog(new MemoryStore(new Map([["/a", Uint8Array.of(1, 2, 3)]])));
    await store.get("/a");
    await store.getRange("/a", { offset: 1, length: 2 });
    await store.getRange("/a", { suffixLength: 2 });
    await store.sizeOf("/b");
    expect(requests).toEqual([
      { operation: "get", key: "/a" },
      { operation: "getRange", key: "/a", offset: 1, length: 2 },
      { operation: "getRange", key: "/a", offset: -2, length: 2 },
      { operation: "sizeOf", key: "/b" },
    ]);
  });
});
