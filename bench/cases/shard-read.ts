/** Owns the case of a sharded Zarr 3 array: all of it, and single points. Peer: zarr-python. */
import { join } from "node:path";
import { inlineExecutor, openDataset, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale, Variant } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";

const THREADS = 2;

/** Times, rows, columns; times of a shard; rows and columns of an inner chunk. */
const SHARDED: Record<Scale, readonly [number, number, number, number, number, number]> = {
  tiny: [8, 18, 36, 4, 6, 12],
  ci: [480, 720, 1440, 16, 180, 180],
  full: [1920, 720, 1440, 16, 180, 180],
};
const POINTS = 64;

export const shardRead: Case = {
  name: "shard-read",
  title:
    "a sharded uint16 array of 1 GB (Blosc-LZ4, inner chunks of 65 kB): whole on two threads, and 64 single points",
  variants: (scale) => {
    const [times, rows, columns] = SHARDED[scale];
    const spread = (length: number, step: number): number[] =>
      Array.from({ length: POINTS }, (_, i) => (i * step) % length);
    return ["whole", "points"].map((name): Variant => ({
      name,
      parameters: {
        kind: name,
        store: `sharded-${SHARDED[scale].join("-")}.zarr`,
        threads: THREADS,
        times: spread(times, 101),
        rows: spread(rows, 37),
        columns: spread(columns, 211),
      },
      unit: name === "whole" ? "GB/s" : "ms",
      work: 2 * times * rows * columns,
      peer: "shard_read",
      limit: null,
      tolerance: 0,
    }));
  },
  prepare: async ({ parameters: { store } }, place) => {
    makeByPeer(place, "make_sharded", String(store), SHARDED[place.scale]);
  },
  async open({ name, parameters }, place) {
    const path = join(place.data, String(parameters["store"]));
    const threads = threadsExecutor({ threads: THREADS });
    const inline = inlineExecutor();
    const at = (axis: string, i: number): number => (parameters[axis] as readonly number[])[i];
    let data: TypedArray = new Uint16Array(0);
    const point = async (t2m: Awaited<ReturnType<typeof opened>>, i: number): Promise<number> => {
      const where = { time: at("times", i), latitude: at("rows", i), longitude: at("columns", i) };
      return Number((await t2m.isel(where).values({ on: inline })).data[0]);
    };
    const opened = async () => (await openDataset(path)).get("t2m");
    return {
      async run() {
        const t2m = await opened();
        if (name === "whole") data = (await t2m.values({ on: threads })).data as TypedArray;
        else {
          const values = new Float64Array(POINTS);
          for (let i = 0; i < POINTS; i++) values[i] = await point(t2m, i);
          data = values;
        }
      },
      outcome: () => ({ data: sampleOf(data as ArrayLike<number>) }),
      close: () => threads.close(),
    };
  },
};

/** Enough to compare: all elements as float64 would be 4 GB. */
function sampleOf(data: ArrayLike<number>): Float64Array {
  const step = data.length > 1e6 ? 997 : 1;
  return Float64Array.from({ length: Math.ceil(data.length / step) }, (_, i) => data[i * step]);
}
