import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryStore, type Dataset, dataset, inlineExecutor, openMfdataset, slice } from "hyperslab";
import { type StoreRequest, withRequestLog } from "@hyperslab/storage/stores/request-log";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { failure, listOf } from "./read.js";

interface Options {
  readonly lats?: readonly number[];
  readonly units?: string;
}

/** Three days of a field, whose elements say their day and place. */
function days(first: number, { lats = [10, 0, -10], units = "K" }: Options = {}): Dataset {
  const times = [0, 1, 2].map((day) => new Date(Date.UTC(2000, 0, first + day)));
  return dataset(
    {
      t: [["time", "lat"], times.map((_, i) => lats.map((lat) => first + i + lat / 100)), { units }],
      orography: [["lat"], lats.map((lat) => lat * 2)],
    },
    { coords: { time: times, lat: [...lats] }, attrs: { title: "days", history: `from ${first}` } },
  );
}

async function stored(made: Dataset, options: Parameters<Dataset["toZarr"]>[1] = {}): Promise<MemoryStore> {
  const store = new MemoryStore();
  await made.toZarr(store, options);
  return store;
}

let files: MemoryStore[] = [];
beforeAll(async () => {
  files = await Promise.all([7, 1, 4].map((first) => stored(days(first))));
});

describe("files in the order of their labels", () => {
  it("are one lazy dataset", async () => {
    const ds = await openMfdataset(files);
    expect(ds.sizes).toEqual({ time: 9, lat: 3 });
    expect(ds.get("t").inMemory).toBe(false);
    expect(await listOf(ds.get("t").isel({ lat: 1 }))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(ds.get("orography").dims).toEqual(["lat"]);
    expect(ds.attrs).toEqual({ title: "days" });
    expect(await (await openMfdataset(files, { chunks: { time: 9 } })).get("t").sum().item()).toBeCloseTo(
      135,
    );
  });

  it("are read only where they are asked for", async () => {
    const logs: StoreRequest[][] = [];
    const logged = files.map((file) => {
      const { store, requests } = withRequestLog(file);
      logs.push(requests);
      return store;
    });
    const ds = await openMfdataset(logged);
    for (const requests of logs) requests.length = 0;
    const days = ds.get("t").sel({ time: slice("2000-01-04", "2000-01-05") });
    expect(days.explain()).toContain("reads 72 B");
    expect((await days.compute({ on: inlineExecutor() })).shape).toEqual([2, 3]);
    expect(logs.map((requests) => requests.length)).toEqual([0, 0, 1]);
  });

  it("are decoded each by its own rules, and stored as whoever reads them needs", async () => {
    const packings = [
      { dtype: "int16", scale_factor: 0.01, add_offset: 0, _FillValue: -1 },
      { dtype: "int16", scale_factor: 0.02, add_offset: 5, _FillValue: -2 },
      { dtype: "int32", scale_factor: 0.001, add_offset: 1, _FillValue: -3 },
    ] as const;
    const units = ["days since 2000-01-01", "hours since 1999-01-01", "seconds since 2000-01-01"];
    const packed = await Promise.all(
      packings.map((t, i) => {
        const made = days(1 + 3 * i);
        const holes = made.assign({ t: (one) => one.get("t").where(one.get("lat").notEqual(0)) });
        return stored(holes, { encoding: { t, time: { units: units[i] } } });
      }),
    );
    const ds = await openMfdataset(packed);
    expect((await listOf(ds.get("t").isel({ lat: 0 }))).map((one) => Math.round(Number(one) * 100))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((day) => day * 100 + 10),
    );
    expect(await listOf(ds.get("t").isel({ lat: 1 }).count())).toEqual([0]);
    expect(ds.get("t").encoding["scale_factor"]).toBeUndefined();
    const again = new MemoryStore();
    await ds.toZarr(again);
    const [copy] = [await openMfdataset([again])];
    expect(await copy.get("t").sum().item()).toBeCloseTo(Number(await ds.get("t").sum().item()));
    expect(await copy.get("time").equal(ds.get("time")).all().item()).toBe(true);
  });

  it("may hold different variables", async () => {
    const more = await Promise.all(
      [1, 4, 7].map((first) => stored(days(first).rename({ t: "u" }).dropVars("orography"))),
    );
    expect((await openMfdataset([...files, ...more])).names).toEqual(["orography", "t", "u"]);
  });
});

describe("files as they are nested", () => {
  it("join along dimensions that are new", async () => {
    const ds = await openMfdataset([files.slice(1), files.slice(1)], { concatDim: ["member", "time"] });
    expect(ds.get("t").sizes).toEqual({ member: 2, time: 6, lat: 3 });
    expect(await listOf(ds.get("t").isel({ member: 1, lat: 1 }))).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("are what preprocess makes of them", async () => {
    const seen: string[] = [];
    const ds = await openMfdataset(files, {
      concatDim: "run",
      preprocess: (one, source) => {
        seen.push(source);
        return one.isel({ time: 0 }, { drop: true }).pick("t");
      },
    });
    expect(await listOf(ds.get("t").isel({ lat: 1 }))).toEqual([7, 1, 4]);
    expect(seen.sort()).toEqual(["store 0", "store 1", "store 2"]);
    expect((await failure(() => openMfdataset(files, { preprocess: () => null as never }))).message).toMatch(
      /gave no Dataset/,
    );
  });
});

describe("files that differ", () => {
  const message = async (changed: Dataset, options = {}): Promise<string> =>
    (await failure(async () => openMfdataset([files[1], await stored(changed)], options))).message;

  it("are refused with the file and the difference", async () => {
    expect(await message(days(4, { units: "degC" }))).toMatch(
      /store 1: "t": units "degC", not "K".*strict: false/,
    );
    expect(await message(days(4).assign({ t: (one) => one.get("t").astype("float32") }))).toMatch(
      /store 1: "t" is float32, not float64/,
    );
    expect(await message(days(4).transpose("lat", "time"))).toMatch(
      /"t" has dimensions \(lat, time\), not \(time, lat\)/,
    );
    expect(await message(days(4).dropVars("orography"), { concatDim: "time" })).toMatch(
      /store 1: has no variable "orography"/,
    );
  });
  it("or by their labels", async () => {
    const near = days(4, { lats: [10, 0, -10.000001] });
    expect(await message(near, { concatDim: "time" })).toMatch(
      /the labels "lat" of store 1 differ: by at most 0\.000001.*join: "override"/,
    );
    expect(await message(days(3))).toMatch(/2000-01-03 stands in more than one place|begin with|overlap/);
    const odd = days(4).assignCoords({ height: 2 });
    const base = await stored(days(1).assignCoords({ height: 10 }));
    const differing = [base, await stored(odd)];
    expect((await failure(() => openMfdataset(differing))).message).toMatch(
      /"height" differs.*coords: "all"/,
    );
    const joined = await openMfdataset(differing, { coords: "different" });
    expect(await listOf(joined.get("height"))).toEqual([10, 10, 10, 2, 2, 2]);
  });
  it("are joined where that is asked for", async () => {
    const store = await stored(days(4, { units: "degC" }));
    const ds = await openMfdataset([files[1], store], { strict: false, combineAttrs: "override" });
    expect(ds.get("t").attrs).toEqual({ units: "K" });
  });
  it("have their values compared, also of what is lazy, where that is asked for", async () => {
    const other = await stored(days(4).assign({ orography: (one) => one.get("orography").add(1) }));
    expect((await openMfdataset([files[1], other])).get("orography").dims).toEqual(["lat"]);
    const error = await failure(() => openMfdataset([files[1], other], { compat: "equals" }));
    expect(error.message).toMatch(/variable "orography" differs/);
    expect((await openMfdataset([files[1], files[2]], { compat: "equals" })).sizes["time"]).toBe(6);
  });
});

describe("files by a pattern", () => {
  let folder = "";
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hyperslab-files-"));
    for (const first of [1, 4]) await days(first).toZarr(join(folder, `day-${first}.zarr`));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("are found in folders, and named in errors", async () => {
    expect((await openMfdataset(join(folder, "*.zarr"))).sizes["time"]).toBe(6);
    expect((await openMfdataset(join(folder, "day-[14].zarr"), { parallel: false })).sizes["time"]).toBe(6);
    expect((await openMfdataset(join(folder, "day-1.zarr"))).sizes["time"]).toBe(3);
    expect((await failure(() => openMfdataset(join(folder, "*.nc")))).message).toMatch(/no file matches/);
  });
  it("may be left out where they can't be opened", async () => {
    const paths = [join(folder, "day-1.zarr"), join(folder, "day-2.zarr")];
    expect((await failure(() => openMfdataset(paths))).tag).toBe("StorageError");
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    expect((await openMfdataset(paths, { errors: "warn" })).sizes["time"]).toBe(3);
    expect(String(warned.mock.calls[0][0])).toMatch(/day-2.zarr is left out/);
    warned.mockRestore();
  });
});

it("refuses options that contradict each other", async () => {
  const refusal = async (
    options: Parameters<typeof openMfdataset>[1],
    from: Parameters<typeof openMfdataset>[0] = files,
  ): Promise<string> => (await failure(() => openMfdataset(from, options))).message;
  expect(await refusal({ combine: "by_coords", concatDim: "time" })).toMatch(/coordinates alone/);
  expect(await refusal({ combine: "nested" })).toMatch(/no dimension to join along/);
  expect(await refusal({ combine: "both" as never })).toMatch(/no such way/);
  expect(await refusal({ parallel: 0 })).toMatch(/not a whole number/);
  expect(await refusal({}, [])).toMatch(/empty list/);
});
