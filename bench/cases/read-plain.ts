/** Owns the cases that read a whole cube of uint16 into memory, stored raw and as Blosc. Peer: zarr-python. */
import { join } from "node:path";
import { openDataset, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";

const THREADS = 2;

/** Lengths of the three axes, and of a chunk along each. */
const CUBES: Record<Scale, readonly [number, number, number, number]> = {
  tiny: [32, 64, 64, 32],
  ci: [512, 1024, 1024, 256],
  full: [1024, 2048, 2048, 256],
};
/** Elements from one that is compared to the next. */
const STEP = 997;

export const readPlain: Case = {
  name: "read-plain",
  title: "a cube of uint16 (1 GB) into memory, two threads",
  variants: (scale) => {
    const [z, y, x] = CUBES[scale];
    return ["raw", "blosc"].map((kind) => ({
      name: kind,
      parameters: {
        kind,
        store: `cube-${CUBES[scale].join("-")}-${kind}.zarr`,
        threads: THREADS,
        step: STEP,
      },
      unit: "GB/s",
      work: 2 * z * y * x,
      peer: "read_plain",
      limit: { name: "file read + native decode, 2 threads", work: 2 * z * y * x },
      tolerance: 0,
    }));
  },
  prepare: async ({ parameters: { store, kind } }, place) => {
    makeByPeer(place, "make_cube", String(store), [String(kind), ...CUBES[place.scale]]);
  },
  async open({ parameters }, place) {
    const path = join(place.data, String(parameters["store"]));
    const on = threadsExecutor({ threads: THREADS });
    let data: TypedArray = new Uint16Array(0);
    return {
      async run() {
        data = (await (await openDataset(path)).get("cube").values({ on })).data as TypedArray;
      },
      outcome: () => ({
        data: Float64Array.from({ length: Math.ceil(data.length / STEP) }, (_, i) => Number(data[i * STEP])),
      }),
      close: () => on.close(),
    };
  },
};
