import { StorageError } from "@hyperslab/core/errors";
import { BlockReader } from "@hyperslab/storage/hdf5/block-reader";
import type { ReadableStore } from "@hyperslab/storage/store";
import { describe, expect, it } from "vitest";

const BYTES = Uint8Array.from({ length: 700_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);

/** A store of one value, with the ranges that were asked for. */
function countingStore(lasting: boolean, fail = 0): { store: ReadableStore; ranges: string[] } {
  const ranges: string[] = [];
  const store: ReadableStore = {
    label: "memory",
    lasting,
    get: () => Promise.resolve(BYTES),
    getRange(_key, range) {
      if (!("offset" in range)) throw new TypeError("no suffixes");
      ranges.push(`${range.offset}+${range.length}`);
      if (ranges.length <= fail) return Promise.reject(new StorageError({ path: "memory", reason: "away" }));
      return Promise.resolve(BYTES.subarray(range.offset, range.offset + range.length));
    },
    sizeOf: () => Promise.resolve(BYTES.length),
  };
  return { store, ranges };
}

describe("BlockReader", () => {
  const version = { size: BYTES.length };
  it("reads any range", async () => {
    for (const lasting of [false, true]) {
      const reader = new BlockReader(countingStore(lasting).store, "/file", version);
      for (const [offset, length] of [
        [0, 1],
        [65_535, 2],
        [1, 200_000],
        [300_000, 399_999],
        [699_999, 1],
        [5, 0],
      ])
        expect(await reader.read(offset, length)).toEqual(BYTES.subarray(offset, offset + length));
    }
  });
  it("asks once for what is read again, and for more at first where requests are dear", async () => {
    const near = countingStore(false);
    const far = countingStore(true);
    for (const { store } of [near, far]) {
      const reader = new BlockReader(store, "/file", version);
      await Promise.all([reader.read(0, 8), reader.read(60_000, 10), reader.read(8, 500)]);
      await reader.read(200_000, 50);
      await reader.read(100, 50);
    }
    expect(near.ranges).toEqual(["0+65536", "196608+65536"]);
    expect(far.ranges).toEqual(["0+262144"]);
  });
  it("reads ahead of who goes through the file", async () => {
    const { store, ranges } = countingStore(true);
    const reader = new BlockReader(store, "/file", version);
    for (let at = 0; at + 1000 <= BYTES.length; at += 1000) await reader.read(at, 1000);
    expect(ranges.length).toBeLessThanOrEqual(4);
  });
  it("asks anew after a failure", async () => {
    const { store } = countingStore(false, 1);
    const reader = new BlockReader(store, "/file", version);
    await expect(reader.read(0, 8)).rejects.toThrow("away");
    expect(await reader.read(0, 8)).toEqual(BYTES.subarray(0, 8));
  });
  it("keeps no more than its budget, and still answers", async () => {
    const many = Array.from(
      { length: 60 },
      () => new BlockReader(countingStore(true).store, "/file", version),
    );
    for (const reader of many) for (let at = 0; at < BYTES.length; at += 60_000) await reader.read(at, 10);
    const kept = many.filter((reader) => reader.kept(0, 10));
    expect(kept.length).toBeLessThan(60);
    expect(await many[0].read(0, 10)).toEqual(BYTES.subarray(0, 10));
  });
});
