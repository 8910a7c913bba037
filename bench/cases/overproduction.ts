/**
 * Owns the cases in which blocks are made faster than they are used up: means of products of two stored arrays
 * in large chunks, and the deviation of an array from its own mean, written to a store, with memory for a part of it.
 * Peer: xarray on dask's threads.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dataset, openDataset, slice, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Place, Running, Scale, Variant } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";
import { makeTemperature, temperatureBytes, temperatureName } from "../data/temperature.js";

const THREADS = 2;
const MIB = 2 ** 20;

/** Faces, rows and columns of a step of the ocean; steps of the two variants. Ten steps are a chunk of 152 MB. */
const OCEAN: Record<
  Scale,
  { readonly shape: readonly [number, number, number]; readonly steps: readonly [number, number] }
> = {
  tiny: { shape: [1, 12, 24], steps: [25, 100] },
  ci: { shape: [1, 987, 1920], steps: [25, 100] },
  full: { shape: [1, 987, 1920], steps: [100, 400] },
};

/** What the whole process may hold, in MiB. Chunks are as large at any scale. */
const CAPS: Record<Scale, number> = { tiny: 512, ci: 1024, full: 1024 };
/** Of which a run may hold so much: the rest is Node, its threads, and their code. */
const RUN_SHARE = 0.8;

export const overproduction: Case = {
  name: "overproduction",
  title:
    "means of u², v² and uv of stored velocities in chunks of 152 MB, for N and 4N steps; the stored temperature less its mean, written, with memory for a quarter of it; two threads",
  variants: (scale) => [...OCEAN[scale].steps.map((steps) => quadratic(scale, steps)), anomaly(scale)],
  async prepare({ parameters }, place) {
    if (parameters["computation"] === "anomaly") await makeTemperature(place, "v3-lz4");
    else makeByPeer(place, "make_ocean", String(parameters["store"]), oceanOf(place.scale));
  },
  open: ({ parameters }, place) =>
    parameters["computation"] === "anomaly"
      ? openAnomaly(String(parameters["store"]), Number(parameters["cap"]), place)
      : openQuadratic(
          String(parameters["store"]),
          Number(parameters["steps"]),
          Number(parameters["cap"]),
          place,
        ),
};

/** The store holds as many steps as the larger variant takes. */
function oceanOf(scale: Scale): number[] {
  const { shape, steps } = OCEAN[scale];
  return [steps[1], ...shape];
}

function quadratic(scale: Scale, steps: number): Variant {
  const [faces, rows, columns] = OCEAN[scale].shape;
  return {
    name: `quadratic-${steps}`,
    parameters: {
      computation: "quadratic",
      store: `ocean-${oceanOf(scale).join("-")}.zarr`,
      steps,
      cap: CAPS[scale],
      threads: THREADS,
    },
    unit: "s",
    work: 2 * 8 * steps * faces * rows * columns,
    peer: "overproduction",
    limit: null,
    tolerance: 1e-10,
    peerRounds: 3,
  };
}

function anomaly(scale: Scale): Variant {
  const bytes = temperatureBytes(scale);
  return {
    name: "anomaly",
    parameters: {
      computation: "anomaly",
      store: temperatureName(scale, "v3-lz4"),
      cap: Math.max(512, Math.ceil(bytes / 4 / MIB)),
      threads: THREADS,
    },
    unit: "s",
    work: bytes,
    peer: "overproduction",
    limit: null,
    tolerance: 1e-4,
    peerRounds: 3,
  };
}

async function openQuadratic(store: string, steps: number, cap: number, place: Place): Promise<Running> {
  const on = threadsExecutor({ threads: THREADS, memory: Math.floor(RUN_SHARE * cap * MIB) });
  let result: TypedArray = new Float64Array(0);
  return {
    async run() {
      const ds = (await openDataset(join(place.data, store))).isel({ time: slice(0, steps) });
      const [u, v] = [ds.get("anom_u"), ds.get("anom_v")];
      const means = dataset({ u2: u.square(), v2: v.square(), uv: u.mul(v) }).mean("time");
      const done = await means.compute({ on });
      result = ((await done.get("uv").values()) as unknown as { data: TypedArray }).data;
    },
    outcome: () => ({ data: result }),
    close: () => on.close(),
  };
}

async function openAnomaly(store: string, cap: number, place: Place): Promise<Running> {
  const on = threadsExecutor({ threads: THREADS, memory: Math.floor(RUN_SHARE * cap * MIB) });
  const folder = await mkdtemp(join(tmpdir(), "hyperslab-bench-"));
  const into = join(folder, "anomaly.zarr");
  return {
    async run() {
      const t2m = (await openDataset(join(place.data, store))).get("t2m");
      await t2m.sub(t2m.mean()).toZarr(into, { on, mode: "w" });
    },
    async outcome() {
      const written = (await openDataset(into)).get("t2m");
      const row = written.isel({ latitude: Math.floor(written.sizes["latitude"] / 2) });
      return { data: ((await row.values()) as unknown as { data: TypedArray }).data };
    },
    async close() {
      await on.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
