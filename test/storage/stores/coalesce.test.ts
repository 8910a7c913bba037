import { CancelledError, StorageError } from "@hyperslab/core/errors";
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import { isWritable } from "@hyperslab/storage/store";
import { withCoalescing } from "@hyperslab/storage/stores/coalesce";
import { describe, expect, it } from "vitest";
import { storeContract } from "../../contracts/store.js";

const VALUE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

storeContract("a coalescing store", async (values) => ({
  store: withCoalescing(new MemoryStore(new Map(values))),
}));

function logged(options?: Parameters<typeof withCoalescing>[1]) {
  const { store, requests } = withRequestLog(
    new MemoryStore(
      new Map([
        ["/v", VALUE],
        ["/w", VALUE],
      ]),
    ),
  );
  return { store: withCoalescing(store, options), requests };
}

describe("withCoalescing", () => {
  it("joins what is near, and keeps apart what isn't", async () => {
    const { store, requests } = logged({ gap: 10 });
    const offsets = [500, 0, 20, 31, 505];
    const parts = await Promise.all(offsets.map((offset) => store.getRange("/v", { offset, length: 10 })));
    offsets.forEach((offset, i) =>
      expect([...(parts[i] ?? [])]).toEqual([...VALUE.subarray(offset, offset + 10)]),
    );
    expect(requests.map(({ offset, length }) => [offset, length])).toEqual([
      [0, 41],
      [500, 15],
    ]);
  });
  it("doesn't make ranges longer than it may", async () => {
    const { store, requests } = logged({ most: 100 });
    await Promise.all([0, 40, 80, 120].map((offset) => store.getRange("/v", { offset, length: 40 })));
    expect(requests.map(({ length }) => length)).toEqual([80, 80]);
    await Promise.all([0, 200].map((offset) => store.getRange("/v", { offset, length: 200 })));
    expect(requests.slice(2).map(({ length }) => length)).toEqual([200, 200]);
  });
  it("keeps values apart, and turns of the loop", async () => {
    const { store, requests } = logged();
    await Promise.all([
      store.getRange("/v", { offset: 0, length: 1 }),
      store.getRange("/w", { offset: 1, length: 1 }),
    ]);
    await store.getRange("/v", { offset: 1, length: 1 });
    expect(requests.map(({ key, length }) => [key, length])).toEqual([
      ["/v", 1],
      ["/w", 1],
      ["/v", 1],
    ]);
  });
  it("gives each its own answer where one goes past the end", async () => {
    const { store } = logged();
    const [good, bad, absent] = await Promise.allSettled([
      store.getRange("/v", { offset: 980, length: 20 }),
      store.getRange("/v", { offset: 990, length: 20 }),
      store.getRange("/x", { offset: 0, length: 20 }),
    ]);
    expect(good).toMatchObject({ status: "fulfilled", value: VALUE.subarray(980) });
    expect(bad).toMatchObject({ status: "rejected", reason: expect.any(StorageError) });
    expect(absent).toEqual({ status: "fulfilled", value: undefined });
  });
  it("cancels one of those joined, and the request when all have left", async () => {
    let signal: AbortSignal | undefined;
    const store = withCoalescing({
      label: "slow:",
      get: () => Promise.resolve(undefined),
      sizeOf: () => Promise.resolve(undefined),
      getRange: (_, __, options) => {
        signal = options?.signal;
        return new Promise<never>((_resolve, reject) =>
          signal?.addEventListener("abort", () => reject(signal?.reason as Error)),
        );
      },
    });
    const stops = [new AbortController(), new AbortController()];
    const reads = stops.map((stop, i) =>
      store.getRange("/v", { offset: i, length: 1 }, { signal: stop.signal }),
    );
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    stops[0].abort();
    await expect(reads[0]).rejects.toThrow(CancelledError);
    expect(signal?.aborted).toBe(false);
    stops[1].abort();
    await expect(reads[1]).rejects.toThrow(CancelledError);
    expect(signal?.aborted).toBe(true);
  });
  it("writes through", async () => {
    const store = withCoalescing(new MemoryStore());
    expect(isWritable(store)).toBe(true);
    await store.set("/a", VALUE);
    expect(await store.getRange("/a", { offset: 7, length: 2 })).toEqual(VALUE.subarray(7, 9));
    expect(store.label).toBe("memory:");
  });
});
