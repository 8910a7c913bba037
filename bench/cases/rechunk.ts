/**
 * Owns the case that turns maps into time series: the stored temperature into chunks of all times and a small
 * area, written to a store, with memory for a fraction of it. Peer: xarray on dask's threads.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DataArray, openDataset, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale } from "../case.js";
import { makeTemperature, temperatureBytes, temperatureName, temperatureShape } from "../data/temperature.js";

const THREADS = 2;

/** What the whole process may hold, in MiB. */
const CAPS: Record<Scale, number> = { tiny: 512, ci: 512, full: 1024 };
/** Of which a run may hold so much: the rest is Node, its threads, and their workspaces. */
const RUN_SHARE = 0.6;

export const rechunkCase: Case = {
  name: "rechunk",
  title: "the stored temperature in chunks of all times and a small area, written to a store, two threads",
  variants: (scale) => {
    const [times, rows, columns] = temperatureShape(scale).shape;
    return [
      {
        name: "",
        parameters: {
          store: temperatureName(scale, "v3-lz4"),
          kind: "v3-lz4",
          chunks: [times, Math.ceil(rows / 7), Math.ceil(columns / 10)],
          cap: CAPS[scale],
          threads: THREADS,
          loads: 1,
        },
        unit: "s",
        work: temperatureBytes(scale),
        peer: "rechunk",
        limit: { name: "file read + native decode, 2 threads", work: temperatureBytes(scale) },
        tolerance: 0,
        peerRounds: 3,
      },
    ];
  },
  prepare: (_, place) => makeTemperature(place, "v3-lz4"),
  async open({ parameters }, place) {
    const [time, latitude, longitude] = parameters["chunks"] as readonly number[];
    const memory = Math.floor(RUN_SHARE * Number(parameters["cap"]) * 2 ** 20);
    const on = threadsExecutor({ threads: THREADS, memory });
    const folder = await mkdtemp(join(tmpdir(), "hyperslab-bench-"));
    const into = join(folder, "series.zarr");
    return {
      async run() {
        const t2m = (await openDataset(join(place.data, String(parameters["store"])))).get("t2m");
        await t2m.chunk({ time, latitude, longitude }).toZarr(into, { on, mode: "w" });
      },
      async outcome() {
        return { data: await sampleOf((await openDataset(into)).get("t2m")) };
      },
      async close() {
        await on.close();
        await rm(folder, { recursive: true, force: true });
      },
    };
  },
};

/** All times of one row of the map. */
async function sampleOf(t2m: DataArray): Promise<TypedArray> {
  const row = t2m.isel({ latitude: Math.floor(t2m.sizes["latitude"] / 2) });
  return ((await row.values()) as unknown as { data: TypedArray }).data;
}
