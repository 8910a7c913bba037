/**
 * Owns the cases that read the stored temperature and compute on two threads, as a user writes them.
 * Peer: xarray on dask's threads, two of them.
 */
import { join } from "node:path";
import { type DataArray, openDataset, slice, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Limit, Scale, Variant } from "../case.js";
import {
  makeTemperature,
  temperatureBytes,
  temperatureName,
  type TemperatureStore,
} from "../data/temperature.js";

/** One computation; `name` is known to `peers/stored.py` too. */
interface Computation {
  readonly name: string;
  readonly of: (t2m: DataArray) => DataArray;
  readonly store?: TemperatureStore;
  /** Loads of the elements that it takes at least, against the limit's one. */
  readonly loads?: number;
  readonly tolerance?: number;
  readonly peerRounds?: number;
}

const THREADS = 2;

function storedCase(name: string, title: string, computations: readonly Computation[]): Case {
  return {
    name,
    title,
    variants: (scale) => computations.map((one) => variantOf(scale, name, one)),
    prepare: ({ parameters }, place) => makeTemperature(place, parameters["kind"] as TemperatureStore),
    async open(variant, place) {
      const computation = computations.find((one) => one.name === variant.parameters["computation"]);
      if (!computation) throw new RangeError(`no computation for ${variant.name}`);
      const on = threadsExecutor({ threads: THREADS });
      const path = join(place.data, String(variant.parameters["store"]));
      let result: { data: TypedArray } | undefined;
      return {
        async run() {
          // opened anew, as the peer does: metadata and labels are part of the work
          const t2m = (await openDataset(path)).get("t2m");
          result = (await computation.of(t2m).values({ on })) as unknown as { data: TypedArray };
        },
        outcome: () => ({ data: result?.data ?? new Float64Array(0) }),
        close: () => on.close(),
      };
    },
  };
}

function variantOf(scale: Scale, name: string, one: Computation): Variant {
  const kind = one.store ?? "v3-lz4";
  const bytes = temperatureBytes(scale);
  const limit: Limit = { name: "file read + native decode, 2 threads", work: bytes * (one.loads ?? 1) };
  return {
    name: one.name === name ? "" : one.name,
    parameters: {
      kind,
      store: temperatureName(scale, kind),
      computation: one.name,
      loads: one.loads ?? 1,
      threads: THREADS,
    },
    unit: "s",
    work: bytes,
    peer: "stored",
    limit,
    tolerance: one.tolerance ?? 1e-5,
    ...(one.peerRounds === undefined ? {} : { peerRounds: one.peerRounds }),
  };
}

export const zonalMean: Case = storedCase(
  "zonal-mean",
  "mean along longitude of the stored temperature, two threads",
  [
    { name: "skipna", of: (t) => t.mean("longitude") },
    { name: "keepna", of: (t) => t.mean("longitude", { skipna: false }) },
    { name: "v2", of: (t) => t.mean("longitude"), store: "v2-lz4" },
    { name: "zstd", of: (t) => t.mean("longitude"), store: "v3-zstd" },
  ],
);

export const squareMean: Case = storedCase(
  "square-mean",
  "mean of all of (x - 273.15)² of the stored temperature, two threads",
  [{ name: "square-mean", of: (t) => t.sub(273.15).square().mean() }],
);

export const readCeiling: Case = storedCase(
  "read-ceiling",
  "half of the stored temperature into memory, two threads",
  [{ name: "read-ceiling", of: (t) => t.isel({ time: firstHalf(t) }), loads: 0.5, tolerance: 0 }],
);

export const storedGroupMean: Case = storedCase(
  "stored-groupmean",
  "means of months of the stored temperature, and the standard deviation of what is left, two threads",
  [
    { name: "climatology", of: (t) => t.groupBy("time.month").mean(), peerRounds: 2 },
    {
      name: "anomaly",
      of: (t) => t.groupBy("time.month").sub(t.groupBy("time.month").mean()).std("time"),
      loads: 2,
      peerRounds: 1,
      tolerance: 1e-3,
    },
  ],
);

export const timeMean: Case = storedCase(
  "time-mean",
  "mean along time of the stored temperature, two threads",
  [{ name: "time-mean", of: (t) => t.mean("time") }],
);

function firstHalf(t: DataArray): ReturnType<typeof slice> {
  return slice(0, t.sizes["time"] / 2);
}
