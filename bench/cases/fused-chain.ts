/** Owns the cases of fused chains over arrays in memory, reduced to one number, on two threads. */
import { type DataArray, dataArray, sharedArray, threadsExecutor, where } from "hyperslab";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawParameters, readRaw } from "../data/raw-array.js";

const LENGTHS: Record<Scale, number> = { tiny: 20_000, ci: 2 ** 26, full: 125_000_000 };
const CHUNK = 4_000_000;
const THREADS = 2;

const inputs = (scale: Scale): { a: RawArray; b: RawArray } => ({
  a: { dtype: "float32", length: LENGTHS[scale], seed: 4, low: 1, high: 2 },
  b: { dtype: "float32", length: LENGTHS[scale], seed: 5, low: 0.5, high: 1.5 },
});

/** Names are known to `peers/fused_chain.py` too. */
const CHAINS: Readonly<Record<string, (a: DataArray, b: DataArray) => DataArray>> = {
  ratio: (a, b) => a.sub(b).div(a.add(b)).square().mean(),
  where: (a, b) => {
    const d = a.sub(b).mul(2).add(1);
    return where(d.gt(1), d.sqrt(), b.mul(-1)).mean() as DataArray;
  },
};

export const fusedChain: Case = {
  name: "fused-chain",
  title: "mean(((a-b)/(a+b))²), and six operations with a where, float32 in memory, two threads",
  variants: (scale) =>
    Object.keys(CHAINS).map((name) => ({
      name,
      parameters: { ...rawParameters(inputs(scale)), chain: name, chunk: CHUNK, threads: THREADS },
      unit: "GB/s",
      work: 8 * LENGTHS[scale],
      peer: "fused_chain",
      limit: { name: "memory read, 2 threads", work: 8 * LENGTHS[scale] },
      tolerance: 1e-5,
    })),
  async prepare(_variant, place) {
    const { a, b } = inputs(place.scale);
    makeRaw(place, [a, b]);
  },
  async open({ parameters, name }, place) {
    const length = LENGTHS[place.scale];
    const [a, b] = ["a", "b"].map((input) => {
      // so that threads compute where it lies
      const data = sharedArray(Float32Array, length);
      readRaw(place, String(parameters[input]), data);
      return dataArray(data, { dims: ["x"] }).chunk({ x: CHUNK });
    });
    const on = threadsExecutor({ threads: THREADS });
    let mean = NaN;
    return {
      async run() {
        mean = Number(await CHAINS[name](a, b).item({ on }));
      },
      outcome: () => ({ data: Float64Array.of(mean) }),
      close: () => on.close(),
    };
  },
};
