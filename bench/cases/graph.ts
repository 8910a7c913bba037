/** Owns the case of making a plan of many chunks, sending it, and expanding it to tasks. No data is touched. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lower } from "@hyperslab/array/lower";
import { optimise } from "@hyperslab/array/optimise";
import { outlineOf } from "@hyperslab/core/plan";
import { expand } from "@hyperslab/core/task-graph";
import { outlineFromBytes, outlineToBytes, programToBytes } from "@hyperslab/protocol/program-bytes";
import { createZarr } from "@hyperslab/storage/zarr/zarr-create";
import { openDataset } from "hyperslab";
import type { Case, Place, Scale } from "../case.js";

/** Chunks; the peer takes minutes for a million, and so takes part there at full scale only. */
const CHUNKS: Record<Scale, readonly number[]> = {
  tiny: [100],
  ci: [10_000, 100_000, 1_000_000],
  full: [10_000, 100_000, 1_000_000],
};

const storeName = (chunks: number): string => `empty-${chunks}.zarr`;

/** A store of metadata alone: one time a chunk. */
async function makeEmpty({ data }: Place, chunks: number): Promise<void> {
  const path = join(data, storeName(chunks));
  if (existsSync(path)) return;
  rmSync(`${path}.part`, { recursive: true, force: true });
  await createZarr(
    { kind: "file", path: `${path}.part` },
    {
      arrays: [
        {
          name: "t2m",
          dtype: "float32",
          shape: [chunks, 721, 1440],
          chunks: [1, 721, 1440],
          dims: ["time", "latitude", "longitude"],
        },
      ],
    },
  );
  renameSync(`${path}.part`, path);
}

export const graph: Case = {
  name: "graph",
  title: "(x - 273.15).mean(time) of 10k, 100k and 1M chunks: plan, bytes for the wire, tasks; no data",
  variants: (scale) =>
    CHUNKS[scale].map((chunks) => ({
      name: chunks >= 1e6 ? `${chunks / 1e6}M` : chunks >= 1e3 ? `${chunks / 1e3}k` : String(chunks),
      parameters: { store: storeName(chunks), chunks },
      unit: "ms",
      work: chunks,
      peer: chunks > 100_000 && scale !== "full" ? null : "graph",
      peerRounds: chunks > 10_000 ? 1 : 5,
      once: chunks > 10_000,
      limit: null,
      tolerance: 1,
    })),
  prepare: ({ parameters }, place) => makeEmpty(place, Number(parameters["chunks"])),
  async open({ parameters }, place) {
    const t2m = (await openDataset(join(place.data, String(parameters["store"])))).get("t2m");
    const facts = { planMs: 0, expandMs: 0, wireBytes: 0, tasks: 0 };
    const build = (): void => {
      const start = performance.now();
      const plan = lower(optimise([t2m.sub(273.15).mean("time").variable.node]));
      const outline = outlineToBytes(outlineOf(plan));
      const programs = plan.stages.map(({ program }) => programToBytes(program));
      const planned = performance.now();
      const { taskCount } = expand(outlineFromBytes(outline));
      facts.planMs = planned - start;
      facts.expandMs = performance.now() - planned;
      facts.wireBytes = programs.reduce((sum, bytes) => sum + bytes.length, outline.length);
      facts.tasks = taskCount;
    };
    return {
      run: build,
      outcome() {
        if (facts.tasks === 0) build();
        return { data: Float64Array.of(1), facts };
      },
    };
  },
};
