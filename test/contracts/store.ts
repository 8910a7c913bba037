/** What every store has to do, whatever it lies in. Call `storeContract` in a test file of the store. */
import { CancelledError, StorageError } from "@hyperslab/core/errors";
import { type ReadableStore, type StoreKey, type WritableStore, isWritable } from "@hyperslab/storage/store";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** A store with the given values in it, and what takes it away again. */
export interface StoreUnderTest {
  readonly store: ReadableStore;
  dispose?(): Promise<void> | void;
}

const VALUES: ReadonlyMap<StoreKey, Uint8Array> = new Map<StoreKey, Uint8Array>([
  ["/digits", Uint8Array.from({ length: 10 }, (_, i) => i)],
  ["/empty", new Uint8Array(0)],
  ["/a/b/c", Uint8Array.of(1, 2, 3)],
  ["/a/other", Uint8Array.of(4)],
  ["/spaced out/naïve 100%?#", Uint8Array.of(5, 6)],
]);

export function storeContract(
  name: string,
  make: (values: ReadonlyMap<StoreKey, Uint8Array>) => Promise<StoreUnderTest>,
): void {
  describe(`${name} as a store`, () => {
    let under: StoreUnderTest;
    let store: ReadableStore;
    beforeAll(async () => {
      under = await make(VALUES);
      ({ store } = under);
    });
    afterAll(() => under.dispose?.());

    it("gives whole values", async () => {
      for (const [key, value] of VALUES) expect([...((await store.get(key)) ?? [])]).toEqual([...value]);
    });
    it("has undefined for absent keys", async () => {
      for (const key of ["/nothing", "/a", "/a/b", "/digits/0", "/"] satisfies StoreKey[]) {
        expect(await store.get(key), key).toBeUndefined();
        expect(await store.sizeOf(key), key).toBeUndefined();
        expect(await store.getRange(key, { offset: 0, length: 1 }), key).toBeUndefined();
        expect(await store.getRange(key, { suffixLength: 1 }), key).toBeUndefined();
      }
    });
    it("knows sizes", async () => {
      for (const [key, value] of VALUES) expect(await store.sizeOf(key)).toBe(value.length);
    });
    it("gives ranges", async () => {
      const ranges = [
        [{ offset: 0, length: 10 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
        [{ offset: 3, length: 2 }, [3, 4]],
        [{ offset: 9, length: 1 }, [9]],
        [{ offset: 4, length: 0 }, []],
        [{ suffixLength: 3 }, [7, 8, 9]],
        [{ suffixLength: 10 }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ] as const;
      for (const [range, expected] of ranges)
        expect([...((await store.getRange("/digits", range)) ?? [])]).toEqual([...expected]);
    });
    it("refuses ranges past the end", async () => {
      const ranges = [
        { offset: 8, length: 3 },
        { offset: 10, length: 1 },
        { offset: 1000, length: 5 },
        { suffixLength: 11 },
      ];
      for (const range of ranges)
        await expect(store.getRange("/digits", range), JSON.stringify(range)).rejects.toThrow(StorageError);
    });
    it("refuses keys that leave the root or are ambiguous", async () => {
      const keys = [
        "/../digits",
        "/a/../digits",
        "/a//other",
        "/./digits",
        "digits",
        "/a\\other",
        "/a/\0",
        "/a/",
      ];
      for (const key of keys)
        await expect((async () => store.get(key as StoreKey))(), JSON.stringify(key)).rejects.toThrow(
          StorageError,
        );
    });
    it("stops when it is told to", async () => {
      const signal = AbortSignal.abort();
      await expect(store.get("/digits", { signal })).rejects.toThrow(CancelledError);
      await expect(store.getRange("/digits", { offset: 0, length: 1 }, { signal })).rejects.toThrow(
        CancelledError,
      );
    });
    it("lists what lies directly under a prefix, where it can list", async () => {
      if (!store.list) return;
      expect(await store.list("/")).toEqual([
        { name: "a", kind: "prefix" },
        { name: "digits", kind: "value" },
        { name: "empty", kind: "value" },
        { name: "spaced out", kind: "prefix" },
      ]);
      expect(await store.list("/a")).toEqual([
        { name: "b", kind: "prefix" },
        { name: "other", kind: "value" },
      ]);
      expect(await store.list("/nothing")).toEqual([]);
    });
    it("writes, replaces and removes, where it can write", async () => {
      if (!isWritable(store)) return;
      await write(store);
    });
  });
}

async function write(store: WritableStore): Promise<void> {
  const value = Uint8Array.of(1, 2, 3, 4);
  await store.set("/new/deep/value", value.subarray(1, 3));
  value.fill(0);
  expect([...((await store.get("/new/deep/value")) ?? [])]).toEqual([2, 3]);
  await store.set("/new/deep/value", Uint8Array.of(9));
  expect([...((await store.get("/new/deep/value")) ?? [])]).toEqual([9]);
  await store.set("/new/second", Uint8Array.of(8));
  await store.set("/newer", Uint8Array.of(7));
  await store.delete("/new/deep");
  expect(await store.list("/new")).toEqual([{ name: "second", kind: "value" }]);
  await store.delete("/new/second");
  await store.delete("/new");
  await store.delete("/never/there");
  expect(await store.get("/newer")).toEqual(Uint8Array.of(7));
  await store.delete("/newer");
  expect((await store.list("/")).map(({ name }) => name)).not.toContain("new");
  await expect((async () => store.set("/../x", value))()).rejects.toThrow(StorageError);
  await expect((async () => store.delete("/../x"))()).rejects.toThrow(StorageError);
}
