/**
 * Owns the case of a store of a million chunks and one point of it: from the start of a process, and
 * in one that is warm. Peer: xarray with lazy chunks, as a notebook has it.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { openDataset } from "hyperslab";
import type { Case, Scale, Variant } from "../case.js";
import { makeByPeer } from "../data/peer-made.js";

const CHUNKS: Record<Scale, number> = { tiny: 100, ci: 1_000_000, full: 1_000_000 };

const nameOf = (chunks: number): string => `sparse-${chunks}.zarr`;
const COLD = fileURLToPath(new URL("../cold-point.js", import.meta.url));

export const openSlice: Case = {
  name: "open-slice",
  title:
    "one point of a Zarr 3 store of a million chunks: cold (a process from its start to its end), opening, and slicing",
  variants: (scale) =>
    ["cold", "open", "slice"].map((name): Variant => ({
      name,
      parameters: {
        kind: name,
        store: nameOf(CHUNKS[scale]),
        chunks: CHUNKS[scale],
        time: CHUNKS[scale] / 10 + 5,
      },
      unit: "ms",
      work: 1,
      peer: "open_slice",
      limit: null,
      tolerance: 0,
    })),
  prepare: async ({ parameters: { store, chunks } }, place) => {
    makeByPeer(place, "make_sparse", String(store), [Number(chunks)]);
  },
  async open({ name, parameters }, place) {
    const path = `${place.data}/${String(parameters["store"])}`;
    const time = Number(parameters["time"]);
    const point = { time, latitude: 360, longitude: 720 };
    let value = Number.NaN;
    const warm = await openDataset(path);
    const slice = async (): Promise<void> => {
      value = Number((await warm.get("t2m").isel(point).values()).data[0]);
    };
    await slice();
    return {
      async run() {
        if (name === "open") await openDataset(path);
        else if (name === "slice") await slice();
        else value = Number(execFileSync(process.execPath, [COLD, path, String(time)], { encoding: "utf8" }));
      },
      outcome: () => ({ data: Float64Array.of(value) }),
    };
  },
};
