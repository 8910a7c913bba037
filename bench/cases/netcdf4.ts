/**
 * Owns the cases of NetCDF-4 files: opening many of them, their mean along time, and a slab of large chunks
 * of one. Peers: xarray (netCDF4 and h5netcdf) on dask's threads, h5py.
 */
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dataset, inlineExecutor, openDataset, openMfdataset, threadsExecutor } from "hyperslab";
import type { TypedArray } from "@hyperslab/core/dtype";
import type { Case, Scale, Variant } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";

const THREADS = 2;

/** Files, and times, rows and columns of each. */
const FILES: Record<Scale, readonly [number, number, number, number]> = {
  tiny: [3, 4, 18, 36],
  ci: [60, 12, 361, 720],
  full: [600, 12, 361, 720],
};

const folderOf = (scale: Scale): string => `netcdf4-${FILES[scale].join("-")}`;

export const netcdf4: Case = {
  name: "netcdf4",
  title:
    "60 NetCDF-4 files, shuffled and deflated: opened with and without cached manifests, and their mean along time",
  variants: (scale) => {
    const [files, times, rows, columns] = FILES[scale];
    const bytes = 4 * files * times * rows * columns;
    const variant = (name: string, kind: string, engine: string): Variant => ({
      name,
      parameters: { kind, engine, folder: folderOf(scale), threads: THREADS },
      unit: "s",
      work: bytes,
      peer: "netcdf4_files",
      limit: kind === "mean" ? { name: "file read + native decode, 2 threads", work: bytes } : null,
      tolerance: kind === "mean" ? 1e-5 : 0,
    });
    return [
      variant("open-cold", "open", "h5netcdf"),
      variant("open-warm", "open-warm", "h5netcdf"),
      variant("mean", "mean", "h5netcdf"),
      variant("mean-netcdf4", "mean", "netcdf4"),
    ];
  },
  prepare: async (_, place) => {
    makeByPeer(place, "make_netcdf4", folderOf(place.scale), FILES[place.scale]);
  },
  async open({ parameters: { kind, folder } }, place) {
    const pattern = join(place.data, String(folder), "*.nc");
    const on = threadsExecutor({ threads: THREADS });
    // a cache of our own: what earlier runs of anybody left must not help
    const cache = await mkdtemp(join(tmpdir(), "hyperslab-bench-"));
    process.env["HYPERSLAB_CACHE"] = cache;
    const empty = (): void => rmSync(cache, { recursive: true, force: true });
    let data: TypedArray = new Float64Array(0);
    const open = (): Promise<Dataset> => openMfdataset(pattern);
    return {
      async run() {
        if (kind === "open") empty();
        const ds = await open();
        data = (await (kind === "mean" ? ds.get("t2m").mean("time") : ds.get("time")).values({ on }))
          .data as TypedArray;
      },
      outcome: () => ({ data }),
      async close() {
        await on.close();
        empty();
      },
    };
  },
};

/** Chunks of 26 MB, as large models write them. */
const SLAB: Record<Scale, readonly [number, number, number, number]> = {
  tiny: [1, 8, 18, 36],
  ci: [1, 96, 721, 1440],
  full: [1, 384, 721, 1440],
};
const SLAB_CHUNK: Record<Scale, number> = { tiny: 2, ci: 6, full: 6 };

export const hdf5Slab: Case = {
  name: "hdf5-slab",
  title: "a NetCDF-4 variable in chunks of 25 MB, shuffled and deflated, into memory, one thread",
  variants: (scale) => {
    const [, times, rows, columns] = SLAB[scale];
    const folder = `netcdf4-slab-${SLAB[scale].join("-")}`;
    return [
      {
        name: "",
        parameters: { folder, chunk: SLAB_CHUNK[scale] },
        unit: "s",
        work: 4 * times * rows * columns,
        peer: "hdf5_slab",
        limit: null,
        tolerance: 0,
      },
    ];
  },
  prepare: async ({ parameters: { folder, chunk } }, place) => {
    makeByPeer(place, "make_netcdf4", String(folder), [...SLAB[place.scale], Number(chunk)]);
  },
  async open({ parameters: { folder } }, place) {
    const path = join(place.data, String(folder), "t2m-0000.nc");
    const on = inlineExecutor();
    let data: TypedArray = new Float32Array(0);
    return {
      async run() {
        // elements as they are stored: the peer decodes nothing either
        const t2m = (await openDataset(path, { maskAndScale: false })).get("t2m");
        data = (await t2m.values({ on })).data as TypedArray;
      },
      outcome: () => ({ data }),
    };
  },
};
