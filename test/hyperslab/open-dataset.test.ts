import { MemoryStore, dataArray, dataset, openDataset, openGroups, openMfdataset, openZarr } from "hyperslab";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { fileURLToPath } from "node:url";
import { coordNames, failure, listOf } from "./read.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../golden/fixtures/${name}`, import.meta.url));

const store = new MemoryStore();
beforeAll(async () => {
  const ds = dataset(
    {
      t: [
        ["time", "x"],
        [
          [1.5, NaN],
          [3, 4],
        ],
        { units: "K" },
      ],
      n: { dims: "x", data: Int16Array.of(7, 8) },
    },
    {
      coords: {
        time: [new Date("2000-01-01T00:00Z"), new Date("2000-01-02T00:00Z")],
        x: [10, 20],
        h: 2,
        area: [
          ["time", "x"],
          [
            [1, 1],
            [1, 1],
          ],
        ],
      },
      attrs: { title: "T" },
    },
  );
  await ds.toZarr(store);
});

it("reads labels and small coordinates, and leaves the rest lazy", async () => {
  const ds = await openDataset(store);
  expect(ds.coords.get("x")?.inMemory).toBe(true);
  expect(ds.get("t").variable.block).toBeNull();
  expect(ds.get("h").variable.block?.data[0]).toBe(2);
  expect(coordNames(ds)).toEqual(["area", "h", "time", "x"]);
  expect(ds.attrs).toEqual({ title: "T" });
  expect(ds.get("time").dtype).toBe("datetime64[ns]");
  expect(await listOf(ds.get("t").sel({ time: "2000-01-02" }))).toEqual([3, 4]);
});

describe("options", () => {
  it("turn decoding off, in parts or whole", async () => {
    const raw = await openDataset(store, { decodeCf: false });
    expect(raw.get("time").dtype).toBe("int64");
    expect(raw.get("time").attrs["units"]).toContain("since");
    expect((await openDataset(store, { decodeTimes: false })).get("time").dtype).toBe("int64");
    expect(coordNames(await openDataset(store, { decodeCoords: false }))).toEqual(["time", "x"]);
    expect((await openDataset(store, { useCftime: true })).get("time").dtype).toMatch(/cftime64/);
    expect((await openDataset(store, { timeUnit: "s" })).get("time").dtype).toBe("datetime64[s]");
  });

  it("drop variables and cut others", async () => {
    const ds = await openZarr(store, { dropVariables: ["n"], chunks: { x: 1 } });
    expect(ds.names).toEqual(["t"]);
    expect(ds.get("t").chunks["x"]).toEqual([1, 1]);
    expect((await failure(() => openDataset(store, { dropVariables: "q" }))).tag).toBe("NameError");
  });
});

it("reads the metadata of every array where those of the whole are old", async () => {
  const files = new MemoryStore();
  await dataset({ a: [["x"], [1, 2]], b: [["x"], [3, 4]] }).toZarr(files);
  const own = JSON.parse(new TextDecoder().decode(await files.get("/a/zarr.json"))) as { attributes: object };
  own.attributes = { units: "K" };
  await files.set("/a/zarr.json", new TextEncoder().encode(JSON.stringify(own)));
  await files.set("/c/zarr.json", (await files.get("/b/zarr.json")) ?? new Uint8Array());
  const old = await openDataset(files);
  expect([old.names, old.get("a").attrs]).toEqual([["a", "b"], {}]);
  const ds = await openDataset(files, { consolidated: false });
  expect([ds.names, ds.get("a").attrs]).toEqual([["a", "b", "c"], { units: "K" }]);
  expect((await openGroups(files, { consolidated: false })).get("/")?.names).toEqual(["a", "b", "c"]);
  expect((await openMfdataset([files], { consolidated: false })).names).toEqual(["a", "b", "c"]);
  const unlisted = { get: (key: `/${string}`) => files.get(key) };
  expect((await failure(() => openDataset(unlisted, { consolidated: false }))).message).toMatch(
    /can't list its keys.*leave `consolidated` out/s,
  );
});

it("unpacks numbers as an expression", async () => {
  const packed = new MemoryStore();
  const t = dataArray([1.25, NaN, 2], { dims: "x", name: "t" });
  const encoding = { t: { dtype: "int16", scale_factor: 0.25, add_offset: 1, _FillValue: -1 } } as const;
  await t.toZarr(packed, { encoding });
  const stored = (await openDataset(packed, { maskAndScale: false })).get("t");
  expect(stored.dtype).toBe("int16");
  expect(await listOf(stored)).toEqual([1, -1, 4]);
  const read = (await openDataset(packed)).get("t");
  expect(read.dtype).toBe("float64");
  expect(read.encoding).toMatchObject({ dtype: "int16", scale_factor: 0.25, add_offset: 1, _FillValue: -1 });
  expect(await listOf(read)).toEqual([1.25, NaN, 2]);
});

it("knows text without a word on its bytes", async () => {
  const words = new MemoryStore();
  await dataArray(["a", "é"], { dims: "x", name: "w", attrs: { _Encoding: "utf-8", k: 1 } }).toZarr(words);
  const read = (await openDataset(words)).get("w");
  expect(read.attrs).toEqual({ k: 1 });
  expect(read.encoding["_Encoding"]).toBe("utf-8");
  const again = new MemoryStore();
  await read.toZarr(again);
  expect(new TextDecoder().decode(again.entries.get("/w/zarr.json"))).not.toContain("_Encoding");
  expect((await openDataset(words, { decodeCf: false })).get("w").attrs["_Encoding"]).toBe("utf-8");
});

it("opens NetCDF-3", async () => {
  const ds = await openDataset(fixture("netcdf3/packed.nc"));
  expect(ds.get("t").dims).toEqual(["time", "y", "x"]);
  expect(ds.get("time").dtype).toBe("datetime64[ns]");
  expect(coordNames(ds)).toEqual(["lat", "lon", "time"]);
  expect(ds.encoding["source"]).toContain("packed.nc");
});

describe("what can't be opened", () => {
  afterEach(() => vi.restoreAllMocks());
  it("is told to whoever asks for it, and warned of", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const entries = new Map(store.entries);
    const text = new TextDecoder().decode(entries.get("/zarr.json"));
    const root = JSON.parse(text) as {
      consolidated_metadata: { metadata: Record<string, Record<string, unknown>> };
    };
    root.consolidated_metadata.metadata["n"]["data_type"] = "decimal42";
    entries.set("/zarr.json", new TextEncoder().encode(JSON.stringify(root)));
    const ds = await openDataset(new MemoryStore(entries));
    expect(ds.names).toEqual(["t"]);
    expect(warn).toHaveBeenCalledWith(
      expect.stringMatching(/variable "n" is left out: .*decimal42/),
      "HyperslabWarning",
    );
    const error = await failure(() => ds.isel({ x: 0 }).get("n"));
    expect(error.tag).toBe("NameError");
    expect(error.message).toMatch(/it is stored, but was left out: .*decimal42/);
    expect((await failure(() => ds.get("m"))).message).not.toContain("left out");
    warn.mockClear();
    await openDataset(new MemoryStore(entries), { dropVariables: "n" });
    expect(warn).not.toHaveBeenCalled();
  });
  it.each([undefined, null, 5, ""])("refuses %j for a location", async (location) => {
    const error = await failure(() => openDataset(location as never));
    expect([error.tag, error.message]).toEqual(["ArgumentError", expect.stringContaining("give a path")]);
  });
  it("is named", async () => {
    expect((await failure(() => openDataset("no/such/store.zarr"))).tag).toBe("StorageError");
    expect((await failure(() => openDataset(new MemoryStore()))).message).not.toBe("");
  });
});
