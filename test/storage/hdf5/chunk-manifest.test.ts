import { ManifestBuilder, columnsOf, tableOf } from "@hyperslab/storage/hdf5/chunk-manifest";
import { describe, expect, it } from "vitest";

describe("ChunkTable", () => {
  it("finds chunks that are all there", () => {
    const builder = new ManifestBuilder();
    for (let i = 0; i < 1000; i++) builder.add(i, 10 * i, 9, 0);
    const table = builder.finish();
    expect(table.size).toBe(1000);
    expect(table.find(999)).toEqual({ offset: 9990, length: 9, mask: 0 });
    expect(table.find(1000)).toBeNull();
    expect(table.find(-1)).toBeNull();
    expect(table.columns.masks).toBeNull();
  });
  it("finds the few chunks of a huge grid, added in any order", () => {
    const builder = new ManifestBuilder();
    builder.add(2 ** 50, 7, 1, 0);
    builder.add(5, 8, 2, 3);
    builder.add(9, 9, 3, 0);
    const table = builder.finish();
    expect(table.find(5)).toEqual({ offset: 8, length: 2, mask: 3 });
    expect(table.find(2 ** 50)).toEqual({ offset: 7, length: 1, mask: 0 });
    expect(table.find(0)).toBeNull();
    expect(table.find(6)).toBeNull();
    expect([...table.entries()].map(([number]) => number)).toEqual([5, 9, 2 ** 50]);
  });
  it("keeps the first of two chunks in one place", () => {
    const builder = new ManifestBuilder();
    builder.add(3, 30, 1, 0);
    builder.add(1, 10, 1, 0);
    builder.add(1, 11, 1, 0);
    const table = builder.finish();
    expect(table.size).toBe(2);
    expect(table.find(1)?.offset).toBe(10);
  });
  it("is the same after a way through its columns", () => {
    for (const mask of [0, 5]) {
      const builder = new ManifestBuilder();
      builder.add(0, 1, 2, mask);
      builder.add(4, 2 ** 40, 3, 0);
      const table = builder.finish();
      expect(tableOf(columnsOf(table))?.columns).toEqual(table.columns);
    }
    expect(tableOf([])).toBeUndefined();
    expect(tableOf([new Float64Array(1), new Float64Array(2), new Float64Array(1)])).toBeUndefined();
  });
});
