import { type RelatedVariable, relationAttributes } from "hyperslab/conventions/encode-coordinates";
import { MemoryStore, type Dataset, dataset, openDataset } from "hyperslab";
import { openGroup } from "@hyperslab/storage/open-group";
import { describe, expect, it } from "vitest";

/** A dataset with everything that variables say of each other. */
function related(): Dataset {
  return dataset(
    {
      t: {
        dims: ["time", "y"],
        data: [[1, 2]],
        attrs: { coordinates: "lat", grid_mapping: "crs", cell_measures: "area: cell" },
      },
      lat: { dims: "y", data: [1.5, 2.5], attrs: { bounds: "lat_bnds", units: "degrees_north" } },
      lat_bnds: {
        dims: ["y", "bnds"],
        data: [
          [1, 2],
          [2, 3],
        ],
        attrs: { units: "degrees_north", note: "own" },
      },
      crs: { dims: [], data: 0, attrs: { grid_mapping_name: "latitude_longitude" } },
      cell: { dims: "y", data: [5, 6] },
      time: {
        dims: "time",
        data: [15],
        attrs: { units: "days since 2000-01-01", calendar: "noleap", bounds: "time_bnds" },
      },
      time_bnds: { dims: ["time", "bnds"], data: [[0, 31]] },
    },
    { attrs: { title: "T" } },
  );
}

async function stored(made: Dataset): Promise<MemoryStore> {
  const store = new MemoryStore();
  await made.toZarr(store);
  return store;
}

async function attributesIn(store: MemoryStore): Promise<Record<string, Record<string, unknown>>> {
  const { arrays } = await openGroup(store);
  return Object.fromEntries([...arrays].map(([name, source]) => [name, { ...source.describe().attributes }]));
}

describe("what was decoded is written again", () => {
  it.each([true, "coordinates", "all"] as const)("with decodeCoords %s", async (decodeCoords) => {
    const first = await stored(related());
    const ds = await openDataset(first, { decodeCoords });
    const all = ["area", "cell", "crs", "lat", "lat_bnds", "time", "time_bnds"];
    expect([...ds.coords.keys()].sort()).toEqual(decodeCoords === "all" ? all.slice(1) : ["lat", "time"]);
    expect(ds.get("time").dtype).toBe("cftime64[noleap]");
    expect(ds.get("time_bnds").dtype).toBe("cftime64[noleap]");
    const again = await attributesIn(await stored(ds));
    expect(again["t"]).toMatchObject({
      coordinates: "lat",
      grid_mapping: "crs",
      cell_measures: "area: cell",
    });
    expect(again["time"]).toMatchObject({
      units: "days since 2000-01-01",
      calendar: "noleap",
      bounds: "time_bnds",
    });
    // bounds don't repeat what they inherit
    expect(Object.keys(again["time_bnds"])).toEqual(["_FillValue"]);
    expect(again["lat_bnds"]).toMatchObject({ note: "own" });
    expect(again["lat_bnds"]["units"]).toBeUndefined();
    const back = await openDataset(await stored(ds), { decodeCoords });
    expect(await back.equals(ds)).toBe(true);
  });
  it("leaves out names of what is gone", () => {
    const variables = new Map<string, RelatedVariable>([
      ["t", { dims: ["x"], attrs: {}, encoding: { coordinates: "lat lon" } }],
      ["lat", { dims: ["x"], attrs: {}, encoding: {} }],
      ["other", { dims: ["z"], attrs: {}, encoding: {} }],
    ]);
    const { byVariable, global } = relationAttributes(variables, ["lat", "other"]);
    expect(byVariable.get("t")).toEqual({ coordinates: "lat" });
    expect(global).toEqual({ coordinates: "other" });
  });
});

describe("decoding by variable", () => {
  it("is chosen by name", async () => {
    const store = await stored(related());
    const ds = await openDataset(store, { decodeTimes: { time: false } });
    expect(ds.get("time").dtype).toBe("float64");
    expect(ds.get("time_bnds").dtype).toBe("cftime64[noleap]");
    const raw = await openDataset(store, { maskAndScale: { t: false }, useCftime: { time: true } });
    expect(raw.get("t").attrs["_FillValue"]).toBeNaN();
    await expect(openDataset(store, { decodeTimes: { tima: false } })).rejects.toThrow(/decodeTimes: "tima"/);
    await expect(openDataset(store, { decodeCoords: "some" as never })).rejects.toThrow(/no such choice/);
  });
});
