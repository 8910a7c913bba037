/** Owns the case of a file far away: all times of one point of a NetCDF-4 file over HTTP. Peer: xarray, h5netcdf, fsspec. */
import { inlineExecutor, openDataset } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";
import { delayedServerUrl, startDelayedServer } from "../delayed-server.js";

/** Milliseconds until the server answers. */
const LATENCY = 30;

/** Variables, times, rows and columns. Chunks are of one time each. */
const FILE: Record<Scale, readonly [number, number, number, number]> = {
  tiny: [2, 4, 18, 36],
  ci: [48, 64, 181, 360],
  full: [48, 256, 181, 360],
};

export const remoteRange: Case = {
  name: "remote-range",
  title:
    "64 times of one point of a NetCDF-4 file over HTTP, where every answer takes 30 ms: a chunk each, between those of 47 other variables",
  variants: (scale) => {
    const [, times, rows, columns] = FILE[scale];
    return [
      {
        name: "",
        parameters: {
          file: `forecast-${FILE[scale].join("-")}.nc`,
          chunks: times,
          row: Math.floor(rows / 2),
          column: Math.floor(columns / 2),
        },
        unit: "s",
        work: times,
        peer: "remote_range",
        limit: null,
        tolerance: 0,
      },
    ];
  },
  prepare: async ({ parameters: { file } }, place) => {
    makeByPeer(place, "make_forecast", String(file), FILE[place.scale]);
    await startDelayedServer(place.data, LATENCY);
  },
  async open({ parameters: { file, chunks, row, column } }, place) {
    const url = delayedServerUrl(place.data);
    const on = inlineExecutor();
    process.env["HYPERSLAB_CACHE"] = "off";
    let data: TypedArray = new Float64Array(0);
    let run = 0;
    return {
      async run() {
        const ds = await openDataset(`${url}/ours/${run++}/${file}`);
        const point = ds.get("t2m").isel({ latitude: Number(row), longitude: Number(column) });
        data = (await point.values({ on })).data as TypedArray;
      },
      async outcome() {
        const requests = Number(await (await fetch(`${url}/ours`)).text()) / run;
        return { data, facts: { requests, chunks: Number(chunks) } };
      },
    };
  },
};
