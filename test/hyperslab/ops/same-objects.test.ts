import { MemoryStore, dataArray, dataset, openDataset } from "hyperslab";
import { expect, it } from "vitest";

const a = dataArray([1, NaN], { dims: "x", coords: { x: [1, 2] }, name: "t", attrs: { units: "K" } });

it("compares elements and coordinates, and strictly names and attributes", async () => {
  expect(await a.equals(a.add(0).rename("u"))).toBe(true);
  expect(await a.identical(a.rename("u"))).toBe(false);
  expect(await a.identical(a.assignAttrs({ units: "C" }))).toBe(false);
  expect(await a.equals(a.assignAttrs({ units: "C" }))).toBe(true);
  expect(await a.equals(a.assignCoords({ x: [1, 3] }))).toBe(false);
  expect(await a.equals(a.add(1))).toBe(false);
  expect(await a.equals(a.assignCoords({ h: 1 }))).toBe(false);
  expect(await a.equals(a.toDataset())).toBe(false);
});

it("computes what is lazy", async () => {
  const store = new MemoryStore();
  const ds = dataset({ t: a }, { attrs: { title: "T" } });
  await ds.toZarr(store);
  const lazy = await openDataset(store);
  expect(await lazy.identical(ds)).toBe(true);
  expect(await lazy.equals(await openDataset(store))).toBe(true);
  expect(await lazy.get("t").add(1).equals(ds.get("t"))).toBe(false);
});
