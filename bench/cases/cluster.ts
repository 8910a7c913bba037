/**
 * Owns the cases of a local cluster over real WebSockets: scheduler and two workers of one thread each,
 * as processes. Peer: dask.distributed, the same.
 */
import { Cluster, type DataArray, dataArray } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale } from "../case.js";

const WORKERS = { workers: 2, threads: 1 } as const;

async function valuesOn(array: DataArray, cluster: Cluster): Promise<TypedArray> {
  return (await array.values({ on: cluster.executor })).data as TypedArray;
}

/** Round trips of one run. */
const TRIPS: Record<Scale, number> = { tiny: 5, ci: 200, full: 1_000 };

export const latency: Case = {
  name: "latency",
  title: "one task submitted and its result back, on a warm cluster; a cluster's start to its first result",
  variants: (scale) => [
    {
      name: "round-trip",
      parameters: { kind: "round-trip", trips: TRIPS[scale] },
      unit: "ms",
      work: 1,
      peer: "latency",
      limit: { name: "WebSocket round trip", work: 2 },
      tolerance: 0,
    },
    {
      name: "start",
      parameters: { kind: "start", trips: 1 },
      unit: "ms",
      work: 1,
      peer: "latency",
      limit: null,
      tolerance: 0,
    },
  ],
  async open(variant) {
    const one = (): DataArray => dataArray(Float64Array.of(1), { dims: ["i"] }).add(1);
    const trips = Number(variant.parameters["trips"]);
    const data = Float64Array.of(2);
    if (variant.name === "start")
      return {
        async run() {
          const start = performance.now();
          const cluster = await Cluster.local(WORKERS);
          data.set((await valuesOn(one(), cluster)) as Float64Array);
          const seconds = (performance.now() - start) / 1000;
          await cluster.close();
          return seconds;
        },
        outcome: () => ({ data }),
      };
    const cluster = await Cluster.local(WORKERS);
    return {
      async run() {
        const start = performance.now();
        for (let i = 0; i < trips; i++) data.set((await valuesOn(one(), cluster)) as Float64Array);
        return (performance.now() - start) / 1000 / trips;
      },
      outcome: () => ({ data }),
      close: () => cluster.close(),
    };
  },
};

/** Blocks of 8.3 MB, as a map of two times. */
const STREAMED: Record<Scale, readonly [blocks: number, rows: number, columns: number]> = {
  tiny: [4, 10, 12],
  ci: [120, 721, 1440],
  full: [480, 721, 1440],
};

export const streaming: Case = {
  name: "streaming",
  title: "120 results of 8.3 MB each to the client, one by one as they are finished, from two workers",
  variants: (scale) => {
    const [blocks, rows, columns] = STREAMED[scale];
    const work = 8 * blocks * rows * columns;
    return [
      {
        name: "",
        parameters: { blocks, rows, columns },
        unit: "GB/s",
        work,
        peer: "streaming",
        limit: { name: "WebSocket stream", work },
        tolerance: 1e-6,
      },
    ];
  },
  async open(_variant, { scale }) {
    const [blocks, rows, columns] = STREAMED[scale];
    const times = dataArray(
      Float32Array.from({ length: 2 * blocks }, (_, i) => i),
      { dims: ["time"] },
    );
    const map = dataArray(new Float32Array(rows * columns).fill(0.5), {
      dims: ["y", "x"],
      shape: [rows, columns],
    });
    const cluster = await Cluster.local(WORKERS);
    const sums = new Float64Array(blocks);
    let first = 0;
    return {
      async run() {
        const start = performance.now();
        first = 0;
        const streamed = times.chunk({ time: 2 }).add(map);
        for await (const { start: at, data } of streamed.blocks({ on: cluster.executor })) {
          first ||= performance.now() - start;
          const [from, to] = [data.data[0], data.data[data.data.length - 1]];
          sums[at[0] / 2] = Number(from) + Number(to);
        }
      },
      outcome: () => ({ data: sums, facts: { firstMs: first } }),
      close: () => cluster.close(),
    };
  },
};
