import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { openStore, storeRefOf } from "@hyperslab/storage/open-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import type { ReadableStore } from "@hyperslab/storage/store";
import { ByteCache, byteCache, withByteCache } from "@hyperslab/storage/stores/byte-cache";
import { withCoalescing } from "@hyperslab/storage/stores/coalesce";
import { afterEach, describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";
import { type Served, serve } from "../serve.js";

const VALUE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

storeContract("a store with a cache", async (values) => ({
  store: withByteCache(new MemoryStore(new Map(values)), new ByteCache(2 ** 20), "m"),
}));
storeContract("a coalescing store with a cache too small for it", async (values) => ({
  store: withByteCache(withCoalescing(new MemoryStore(new Map(values))), new ByteCache(300), "m"),
}));

describe("ByteCache", () => {
  it("keeps to its budget, and forgets what was asked for longest ago", () => {
    const cache = new ByteCache(5000);
    for (const name of ["a", "b", "c"]) cache.set(name, new Uint8Array(1200));
    expect(cache.get("a")).toBeDefined();
    cache.set("d", new Uint8Array(1200));
    expect(["a", "b", "c", "d"].filter((name) => cache.get(name))).toEqual(["a", "c", "d"]);
    expect(cache.used).toBeLessThanOrEqual(5000);
    cache.budget = 1500;
    expect(["a", "b", "c", "d"].filter((name) => cache.get(name))).toEqual(["d"]);
    cache.delete("d");
    expect(cache.used).toBe(0);
  });
  it("doesn't keep what would drive out the rest, nor a big memory for a small piece of it", () => {
    const cache = new ByteCache(5000);
    cache.set("big", new Uint8Array(2000));
    expect(cache.get("big")).toBeUndefined();
    cache.set("piece", new Uint8Array(1_000_000).subarray(5, 9));
    expect(cache.get("piece")?.buffer.byteLength).toBe(4);
  });
});

describe("withByteCache", () => {
  it("asks once, also for what is asked for at the same time", async () => {
    const { store, requests } = withRequestLog(new MemoryStore(new Map([["/v", VALUE]])));
    const cached = withByteCache(store, new ByteCache(10_000), "m");
    await Promise.all([
      cached.getRange("/v", { offset: 1, length: 2 }),
      cached.getRange("/v", { offset: 1, length: 2 }),
    ]);
    await cached.getRange("/v", { offset: 1, length: 2 });
    expect(requests).toHaveLength(1);
    await cached.get("/v");
    expect([...((await cached.getRange("/v", { suffixLength: 2 })) ?? [])]).toEqual([...VALUE.subarray(-2)]);
    await cached.getRange("/v", { offset: 100, length: 50 });
    await expect(cached.getRange("/v", { offset: 990, length: 50 })).rejects.toThrow("past the end");
    expect(requests).toHaveLength(3);
  });
  it("keeps nothing that isn't there, and forgets what is written", async () => {
    const memory = new MemoryStore(new Map([["/a/v", VALUE]]));
    const cached = withByteCache(memory, new ByteCache(10_000), "m");
    expect(await cached.get("/a/w")).toBeUndefined();
    await cached.getRange("/a/v", { offset: 0, length: 1 });
    await cached.set("/a/w", VALUE);
    await cached.set("/a/v", Uint8Array.of(9));
    expect(await cached.getRange("/a/v", { offset: 0, length: 1 })).toEqual(Uint8Array.of(9));
    await cached.get("/a/w");
    await cached.delete("/a");
    expect(await cached.get("/a/w")).toBeUndefined();
  });
  it("keeps no bytes in memory that was lent for them", async () => {
    const lent = new Uint8Array(2);
    const inner: ReadableStore = {
      label: "x:",
      get: () => Promise.resolve(undefined),
      sizeOf: () => Promise.resolve(undefined),
      getRange: (_, __, options) => Promise.resolve(options?.memory?.(2) ?? Uint8Array.of(1, 2)),
    };
    const lender = withByteCache(inner, new ByteCache(10_000), "x");
    await lender.getRange("/v", { offset: 0, length: 2 }, { memory: () => lent });
    expect(await lender.getRange("/v", { offset: 0, length: 2 })).toEqual(Uint8Array.of(1, 2));
  });

  let served: Served | undefined;
  afterEach(() => served?.close());
  it("is what a reference with a budget opens, one memory for all", async () => {
    served = await serve(new Map([["/v", VALUE]]));
    const ref = storeRefOf(served.url, { cache: 12_345 });
    const store = openStore(JSON.parse(JSON.stringify(ref)) as typeof ref);
    for (let i = 0; i < 3; i++) expect(await store.get("/v")).toHaveLength(1000);
    expect(served.requests).toHaveLength(1);
    expect(byteCache(0).budget).toBe(12_345);
    expect(byteCache(0).used).toBeGreaterThan(1000);
  });
});
