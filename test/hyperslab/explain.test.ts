/** What five typical expressions become, and that a point reads only its own chunk. */
import { MemoryStore } from "@hyperslab/storage/stores/memory-store";
import { withRequestLog } from "@hyperslab/storage/stores/request-log";
import { openDataset, slice } from "hyperslab";
import { describe, expect, it } from "vitest";

const path = new URL("../../packages/cli/data/coads.zarr", import.meta.url).pathname;

describe("explain", () => {
  it("a mean over time of a region", async () => {
    const sst = (await openDataset(path)).get("sst");
    expect(
      sst
        .sel({ lat: slice(-30, 30) })
        .mean("time")
        .explain(),
    ).toMatchInlineSnapshot(`
      "== expression
      #0 source sst → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 select #2 [:, 30:60, :] → float32 (12, 30, 180) in 16 blocks of (3, 15, 90)
      #4 reduce mean(#3) over axes 0, skipna → float32 (1, 30, 180) in 4 blocks of (1, 15, 90)
      #5 view #4 axes 1, 2 → float32 (30, 180) in 4 blocks of (15, 90)
      == after push-selection
      #0 source sst [:, 30:60, :] → float32 (12, 30, 180) in 16 blocks of (3, 15, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 30, 180) in 16 blocks of (3, 15, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 30, 180) in 16 blocks of (3, 15, 90)
      #3 reduce mean(#2) over axes 0, skipna → float32 (1, 30, 180) in 4 blocks of (1, 15, 90)
      #4 view #3 axes 1, 2 → float32 (30, 180) in 4 blocks of (15, 90)
      == after merge-views: no change
      == after drop-broadcast: no change
      == after absorb-rechunk: no change
      == after split-rechunk: no change
      == after lift-elementwise: no change
      == after join-sources: no change
      == after fuse-elementwise
      #0 source sst [:, 30:60, :] → float32 (12, 30, 180) in 16 blocks of (3, 15, 90)
      #1 elementwise where(equal(#0, -9.999999790214768e+33), NaN, #0) → float32 (12, 30, 180) in 16 blocks of (3, 15, 90)
      #2 reduce mean(#1) over axes 0, skipna → float32 (1, 30, 180) in 4 blocks of (1, 15, 90)
      #3 view #2 axes 1, 2 → float32 (30, 180) in 4 blocks of (15, 90)
      == after fold-constants: no change
      == plan
      stage 0: mean sst partial, 8 tasks
        does  read → elementwise(2 ops) → mean partial
        goes  through pieces of 3 along axis 0, one at a time: 4 in all, about 2 a task
        bytes 21.1 KiB out, 132 KiB working a task; 759 KiB read in all
      stage 1: mean sst, 4 tasks, result
        does  input → finish mean → view
        takes stage 0 by blocks 0..1 × same × same
        bytes 5.3 KiB out, 26.4 KiB working a task; 0 B read in all
      12 tasks in 2 stages; reads 759 KiB (decoded); predicted peak memory 327 KiB with 2 tasks at a time (306 KiB running, 21.1 KiB kept)"
    `);
  });
  it("wind speed of one month", async () => {
    const ds = await openDataset(path);
    const { u, v } = { u: ds.get("uwnd"), v: ds.get("vwnd") };
    expect(u.square().add(v.square()).sqrt().isel({ time: 6 }).explain()).toMatchInlineSnapshot(`
      "== expression
      #0 source uwnd → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 elementwise square(#2) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #4 source vwnd → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #5 elementwise equal(#4, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #6 elementwise where(#5, NaN, #4) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #7 elementwise square(#6) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #8 elementwise add(#3, #7) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #9 elementwise sqrt(#8) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #10 select #9 [6, :, :] → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #11 view #10 axes 1, 2 → float32 (90, 180) in 4 blocks of (45, 90)
      == after push-selection
      #0 source uwnd [6, :, :] → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (1, 90, 180) in 4 blocks of (1, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #3 elementwise square(#2) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #4 source vwnd [6, :, :] → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #5 elementwise equal(#4, -9.999999790214768e+33) → bool (1, 90, 180) in 4 blocks of (1, 45, 90)
      #6 elementwise where(#5, NaN, #4) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #7 elementwise square(#6) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #8 elementwise add(#3, #7) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #9 elementwise sqrt(#8) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #10 view #9 axes 1, 2 → float32 (90, 180) in 4 blocks of (45, 90)
      == after merge-views: no change
      == after drop-broadcast: no change
      == after absorb-rechunk: no change
      == after split-rechunk: no change
      == after lift-elementwise: no change
      == after join-sources: no change
      == after fuse-elementwise
      #0 source uwnd [6, :, :] → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #1 source vwnd [6, :, :] → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #2 elementwise sqrt(add(square(where(equal(#0, -9.999999790214768e+33), NaN, #0)), square(where(equal(#1, -9.999999790214768e+33), NaN, #1)))) → float32 (1, 90, 180) in 4 blocks of (1, 45, 90)
      #3 view #2 axes 1, 2 → float32 (90, 180) in 4 blocks of (45, 90)
      == after fold-constants: no change
      == plan
      stage 0: equal·where·…·sqrt uwnd, vwnd, 4 tasks, result
        does  read → read → elementwise(8 ops) → view
        bytes 15.8 KiB out, 237 KiB working a task; 380 KiB read in all
      4 tasks in 1 stage; reads 380 KiB (decoded); predicted peak memory 506 KiB with 2 tasks at a time (506 KiB running, 0 B kept)"
    `);
  });
  it("an area-weighted mean", async () => {
    const sst = (await openDataset(path)).get("sst");
    const area = sst.coord("lat").radians().cos();
    expect(sst.weighted(area).mean(["lat", "lon"]).explain()).toMatchInlineSnapshot(`
      "== expression
      #0 source sst → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 literal → float64 (90) in 1 block
      #4 elementwise radians(#3) → float64 (90) in 1 block
      #5 elementwise cos(#4) → float64 (90) in 1 block
      #6 view #5 axes new, 0, new → float64 (1, 90, 1) in 1 block
      #7 elementwise multiply(float64(#2), #6) → float64 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #8 reduce sum(#7) over axes 1, 2, skipna → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #9 elementwise isnan(#2) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #10 elementwise logicalNot(#9) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #11 elementwise where(#10, #6, 0) → float64 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #12 reduce sum(#11) over axes 1, 2 → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #13 elementwise divide(#12, 1) → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #14 elementwise notEqual(#13, 0) → bool (12, 1, 1) in 4 blocks of (3, 1, 1)
      #15 elementwise where(#14, #13, NaN) → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #16 elementwise divide(#8, #15) → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #17 view #16 axes 0 → float64 (12) in 4 blocks of (3)
      == after push-selection: no change
      == after merge-views: no change
      == after drop-broadcast: no change
      == after absorb-rechunk: no change
      == after split-rechunk: no change
      == after lift-elementwise: no change
      == after join-sources: no change
      == after fuse-elementwise
      #0 source sst → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 literal → float64 (90) in 1 block
      #2 elementwise cos(radians(#1)) → float64 (90) in 1 block
      #3 view #2 axes new, 0, new → float64 (1, 90, 1) in 1 block
      #4 elementwise multiply(float64(where(equal(#0, -9.999999790214768e+33), NaN, #0)), #3) → float64 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #5 reduce sum(#4) over axes 1, 2, skipna → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #6 elementwise where(logicalNot(isnan(where(equal(#0, -9.999999790214768e+33), NaN, #0))), #3, 0) → float64 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #7 reduce sum(#6) over axes 1, 2 → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #8 elementwise divide(#5, where(notEqual(divide(#7, 1), 0), divide(#7, 1), NaN)) → float64 (12, 1, 1) in 4 blocks of (3, 1, 1)
      #9 view #8 axes 0 → float64 (12) in 4 blocks of (3)
      == after fold-constants: no change
      == plan
      stage 0: sum sst partial, 16 tasks
        does  read → literal → elementwise(2 ops) → view → elementwise(4 ops) → sum partial → elementwise(5 ops) → sum partial → tuple
        bytes 48 B out, 95.3 KiB working a task; 759 KiB read in all
      stage 1: divide·notEqual·…·divide sst, 4 tasks, result
        does  input → finish sum → input → finish sum → elementwise(4 ops) → view
        takes stage 0 by same × blocks 0..1 × blocks 0..1
        bytes 24 B out, 120 B working a task; 0 B read in all
      20 tasks in 2 stages; reads 759 KiB (decoded); predicted peak memory 191 KiB with 2 tasks at a time (191 KiB running, 144 B kept)"
    `);
  });
  it("the anomaly from a seasonal climatology", async () => {
    const seasons = (await openDataset(path)).get("sst").groupBy("time.season");
    expect(seasons.sub(seasons.mean()).explain()).toMatchInlineSnapshot(`
      "== expression
      #0 source sst → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 groupReduce mean(#2) in 4 groups of axis 0, skipna → float32 (4, 90, 180) in 4 blocks of (4, 45, 90)
      #4 select #3 [12 positions, :, :] → float32 (12, 90, 180) in 4 blocks of (12, 45, 90)
      #5 elementwise subtract(#2, #4) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      == after push-selection: no change
      == after merge-views: no change
      == after drop-broadcast: no change
      == after absorb-rechunk: no change
      == after split-rechunk: no change
      == after lift-elementwise: no change
      == after join-sources: no change
      == after fuse-elementwise
      #0 source sst → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise where(equal(#0, -9.999999790214768e+33), NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 groupReduce mean(#1) in 4 groups of axis 0, skipna → float32 (4, 90, 180) in 4 blocks of (4, 45, 90)
      #3 select #2 [12 positions, :, :] → float32 (12, 90, 180) in 4 blocks of (12, 45, 90)
      #4 elementwise subtract(where(equal(#0, -9.999999790214768e+33), NaN, #0), #3) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      == after fold-constants: no change
      == plan
      stage 0: group mean sst partial, 8 tasks
        does  read → elementwise(2 ops) → group mean partial
        goes  through pieces of 3 along axis 0, one at a time: 4 in all, about 2 a task
        bytes 253 KiB out, 348 KiB working a task; 759 KiB read in all
      stage 1: group mean sst, 4 tasks
        does  input → finish mean
        takes stage 0 by blocks 0..1 × same × same
        bytes 63.3 KiB out, 253 KiB working a task; 0 B read in all
      stage 2: equal·where·subtract sst, 16 tasks, result
        does  read → input → select → elementwise(3 ops)
        takes stage 1 by block 0 × same × same
        bytes 47.5 KiB out, 190 KiB working a task; 759 KiB read in all
      28 tasks in 3 stages; reads 1.5 MiB (decoded); predicted peak memory 1.5 MiB with 2 tasks at a time (918 KiB running, 633 KiB kept)"
    `);
  });
  it("other chunks, standardised", async () => {
    const airt = (await openDataset(path)).get("airt").chunk({ time: -1, lat: 30, lon: 30 });
    expect(airt.sub(airt.mean("time")).div(airt.std("time")).explain()).toMatchInlineSnapshot(`
      "== expression
      #0 source airt → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 rechunk #2 → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      #4 reduce mean(#3) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #5 view #4 axes 1, 2 → float32 (90, 180) in 18 blocks of (30, 30)
      #6 view #5 axes new, 0, 1 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #7 elementwise subtract(#3, #6) → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      #8 reduce std(#3) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #9 view #8 axes 1, 2 → float32 (90, 180) in 18 blocks of (30, 30)
      #10 view #9 axes new, 0, 1 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #11 elementwise divide(#7, #10) → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      == after push-selection: no change
      == after merge-views
      #0 source airt → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise equal(#0, -9.999999790214768e+33) → bool (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 elementwise where(#1, NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #3 rechunk #2 → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      #4 reduce mean(#3) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #5 view #4 axes new, 1, 2 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #6 elementwise subtract(#3, #5) → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      #7 reduce std(#3) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #8 view #7 axes new, 1, 2 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #9 elementwise divide(#6, #8) → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      == after drop-broadcast: no change
      == after absorb-rechunk: no change
      == after split-rechunk: no change
      == after lift-elementwise: no change
      == after join-sources: no change
      == after fuse-elementwise
      #0 source airt → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #1 elementwise where(equal(#0, -9.999999790214768e+33), NaN, #0) → float32 (12, 90, 180) in 16 blocks of (3, 45, 90)
      #2 rechunk #1 → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      #3 reduce mean(#2) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #4 view #3 axes new, 1, 2 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #5 reduce std(#2) over axes 0, skipna → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #6 view #5 axes new, 1, 2 → float32 (1, 90, 180) in 18 blocks of (1, 30, 30)
      #7 elementwise divide(subtract(#2, #4), #6) → float32 (12, 90, 180) in 18 blocks of (12, 30, 30)
      == after fold-constants: no change
      == plan
      stage 0: equal·where airt, 16 tasks
        does  read → elementwise(2 ops)
        bytes 47.5 KiB out, 94.9 KiB working a task; 759 KiB read in all
      stage 1: subtract·divide airt, 18 tasks, result
        does  input → mean → view → std → view → elementwise(2 ops)
        takes stage 0 by blocks 0..3 × table × table
        bytes 42.2 KiB out, 49.2 KiB working a task; 0 B read in all
      34 tasks in 2 stages; reads 759 KiB (decoded); predicted peak memory 803 KiB with 2 tasks at a time (234 KiB running, 570 KiB kept)"
    `);
  });
});

describe("one point of a large store", () => {
  it("reads the metadata and coordinates at opening, and one chunk when it is computed", async () => {
    const files = new Map<string, Uint8Array>();
    const shape = [1000, 1000, 1000];
    const array = (of: number[], chunk: number[], names: string[]): object => ({
      zarr_format: 3,
      node_type: "array",
      shape: of,
      data_type: "float32",
      chunk_grid: { name: "regular", configuration: { chunk_shape: chunk } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: 0,
      codecs: [{ name: "bytes", configuration: { endian: "little" } }],
      attributes: {},
      dimension_names: names,
    });
    const put = (key: string, value: object): unknown => files.set(key, Buffer.from(JSON.stringify(value)));
    put("/t/zarr.json", array(shape, [10, 10, 10], ["z", "y", "x"]));
    put("/x/zarr.json", array([1000], [1000], ["x"]));
    const meta = { t: array(shape, [10, 10, 10], ["z", "y", "x"]), x: array([1000], [1000], ["x"]) };
    const consolidated = { kind: "inline", must_understand: false, metadata: meta };
    put("/zarr.json", {
      zarr_format: 3,
      node_type: "group",
      attributes: {},
      consolidated_metadata: consolidated,
    });
    files.set("/x/c/0", new Uint8Array(Float32Array.from({ length: 1000 }, (_, i) => i / 2).buffer));
    files.set("/t/c/50/7/99", new Uint8Array(Float32Array.from({ length: 1000 }, (_, i) => i).buffer));

    const { store, requests } = withRequestLog(new MemoryStore(files));
    const ds = await openDataset(store);
    expect(requests.filter(({ key }) => key.startsWith("/t/c"))).toEqual([]);
    const before = requests.length;
    const point = ds.get("t").add(1).sel({ x: 496 }).isel({ z: 505, y: 73 });
    expect(requests.length).toBe(before);
    expect(await point.item()).toBe(5 * 100 + 3 * 10 + 2 + 1);
    expect(requests.slice(before).map(({ key }) => key)).toEqual(["/t/c/50/7/99"]);
  });
});
