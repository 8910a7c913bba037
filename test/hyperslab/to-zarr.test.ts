import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataArray, dataset, openDataset, slice } from "hyperslab";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, listOf } from "./read.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "to-zarr-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ds = dataset(
  {
    t: [
      ["time", "x"],
      [
        [1, 2, 3],
        [4, NaN, 6],
      ],
      { units: "K" },
    ],
    mask: ["x", [true, false, true]],
    name: ["x", ["a", "bé", ""]],
    wait: { dims: "x", data: ["2000-01-01", "NaT", "2000-01-03"], dtype: "datetime64[s]" },
  },
  {
    coords: {
      time: { dims: "time", data: ["0001-01-01", "0001-02-01"], dtype: "cftime64[noleap]" },
      x: [10, 20, 30],
      area: ["x", [1, 2, 3]],
      alone: ["z", [1, 2]],
    },
    attrs: { title: "T", levels: [1, 2] },
  },
);

describe.each([2, 3] as const)("version %i", (zarrFormat) => {
  it("reads back as the same", async () => {
    const path = join(folder, `same-${zarrFormat}.zarr`);
    await ds.toZarr(path, { zarrFormat });
    const back = await (await openDataset(path)).compute();
    expect([...back.names].sort()).toEqual(["mask", "name", "t", "wait"]);
    expect([...back.coords.keys()].sort()).toEqual(["alone", "area", "time", "x"]);
    expect(back.attrs).toEqual(ds.attrs);
    for (const name of ["t", "mask", "name", "area", "alone", "time"]) {
      expect(await listOf(back.get(name))).toEqual(await listOf(ds.get(name)));
      expect(back.get(name).attrs).toEqual(ds.get(name).attrs);
      expect(back.get(name).dtype).toBe(ds.get(name).dtype);
    }
    expect(await listOf(back.get("wait").isnull())).toEqual([0, 1, 0]);
  });
});

it("writes lazy results chunk by chunk", async () => {
  const path = join(folder, "lazy.zarr");
  const lazy = ds.get("t").chunk({ time: 1, x: 2 }).mul(2).rename("u");
  await lazy.toZarr(path, { encoding: { u: { shards: [1, 4] } } });
  const back = (await openDataset(path)).get("u");
  expect(back.encoding).toMatchObject({ chunks: [1, 2] });
  expect(await listOf(back)).toEqual([2, 4, 6, 8, NaN, 12]);
});

it("takes chunks by dimension and by variable", async () => {
  const path = join(folder, "chunks.zarr");
  await ds.pick("t").toZarr(path, { chunks: { x: 2 }, encoding: { area: { chunks: [1] } } });
  const back = await openDataset(path);
  expect(back.get("t").encoding["chunks"]).toEqual([2, 2]);
  expect(back.get("area").encoding["chunks"]).toEqual([1]);
});

it("keeps the encoding of what was read, also after a selection", async () => {
  const first = join(folder, "first.zarr");
  await ds
    .get("t")
    .rename("t")
    .toZarr(first, { encoding: { t: { dtype: "int8", scale_factor: 0.5, _FillValue: -1 } } });
  const second = join(folder, "second.zarr");
  await (await openDataset(first)).isel({ x: slice(1, 3) }).toZarr(second);
  const raw = (await openDataset(second, { decodeCf: false })).get("t");
  expect(raw.dtype).toBe("int8");
  expect(await listOf(raw)).toEqual([4, 6, -1, 12]);
});

describe("what is there already", () => {
  it("stays unless it may be replaced", async () => {
    const path = join(folder, "twice.zarr");
    await ds.pick("mask").toZarr(path);
    expect((await failure(() => ds.pick("t").toZarr(path))).tag).toBe("StorageError");
    await ds.pick("t").toZarr(path, { mode: "w" });
    expect((await openDataset(path)).names).toEqual(["t"]);
  });

  it("stays when a write fails, and nothing is left beside it", async () => {
    const path = join(folder, "kept.zarr");
    await ds.pick("mask").toZarr(path);
    const before = await readdir(folder);
    const error = await failure(() => ds.pick("t").toZarr(path, { mode: "w", signal: AbortSignal.abort() }));
    expect(error.tag).toBe("CancelledError");
    expect(await readdir(folder)).toEqual(before);
    expect((await openDataset(path)).names).toEqual(["mask"]);
  });
});

it("refuses what it can't do", async () => {
  const path = join(folder, "refused.zarr");
  expect((await failure(() => ds.toZarr(path, { encoding: { q: {} } }))).tag).toBe("NameError");
  expect((await failure(() => ds.toZarr(path, { mode: "a" as never }))).message).toContain('use "w" or "w-"');
  const unknown = { t: { zlib: true } as object };
  expect((await failure(() => ds.toZarr(path, { encoding: unknown }))).message).toContain(
    'encoding of "t": zlib: no such setting; use chunks, shards',
  );
  expect((await failure(() => ds.toZarr(path, { chunks: { q: 3 } }))).tag).toBe("DimensionError");
  expect((await failure(() => ds.toZarr(undefined as never))).message).toContain("give a path");
  expect((await failure(() => ds.toZarr(path, { encoding: { t: { chunks: [0, 1] } } }))).tag).toBe(
    "ArgumentError",
  );
  expect((await readdir(folder)).filter((name) => name.startsWith("refused"))).toEqual([]);
});

it("keeps the fill value 1e20, with which much of climate data says missing", async () => {
  const path = join(folder, "cmip.zarr");
  const encoding = { t: { _FillValue: 1e20, missing_value: 1e20 } };
  await ds.pick("t").toZarr(path, { encoding });
  const read = (await openDataset(path)).get("t");
  expect(read.encoding).toMatchObject(encoding.t);
  expect(await listOf(read)).toEqual([1, 2, 3, 4, NaN, 6]);
  // xarray demands floats' fill values in base64
  const json = await readFile(join(path, "t", "zarr.json"), "utf8");
  expect(json).toMatch(/"_FillValue": "[A-Za-z0-9+/]{11}="/);
  expect(json).toMatch(/"missing_value": 1e\+20/);
});

it("names an array without a name as xarray does", async () => {
  const path = join(folder, "unnamed.zarr");
  await dataArray([1], { dims: "x" }).toZarr(path);
  expect((await openDataset(path)).names).toEqual(["__xarray_dataarray_variable__"]);
});
