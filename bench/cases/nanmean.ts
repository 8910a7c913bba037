/** Owns the cases of means that skip missing values, along each axis of a cube, one thread. */
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import { reduction } from "@hyperslab/core/reduction";
import { finishReduction } from "@hyperslab/kernels/finish";
import { operandOf } from "@hyperslab/kernels/operand";
import { reducePartial } from "@hyperslab/kernels/reduce";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawName, readRaw } from "../data/raw-array.js";
import { KernelMemory } from "../kernel-memory.js";

const SHAPES: Record<Scale, readonly number[]> = {
  tiny: [6, 20, 30],
  ci: [48, 512, 1024],
  full: [192, 512, 1024],
};
const DTYPES = ["float32", "float64"] as const;

const input = (scale: Scale, dtype: (typeof DTYPES)[number]): RawArray => ({
  dtype,
  length: SHAPES[scale].reduce((a, b) => a * b, 1),
  seed: 3,
  low: 200,
  high: 320,
  missing: 0.05,
});

/** The case for one axis. */
function nanmean(axis: number): Case {
  return {
    name: `nanmean-axis${axis}`,
    title: `mean along axis ${axis} of a cube in memory, 5 % missing left out, one thread`,
    variants: (scale) =>
      DTYPES.map((dtype) => {
        const bytes = input(scale, dtype).length * itemSize(dtype);
        return {
          name: dtype === "float32" ? "f4" : "f8",
          parameters: { x: rawName(input(scale, dtype)), shape: SHAPES[scale], axis, dtype },
          unit: "GB/s",
          work: bytes,
          peer: "nanmean",
          limit: { name: "memory read, 1 thread", work: bytes },
          tolerance: dtype === "float32" ? 1e-5 : 1e-12,
        };
      }),
    async prepare({ parameters }, place) {
      makeRaw(place, [input(place.scale, dtypeOf(parameters["dtype"]))]);
    },
    async open({ parameters }, place) {
      const dtype = dtypeOf(parameters["dtype"]);
      const shape = SHAPES[place.scale];
      const { length } = input(place.scale, dtype);
      const data = new KernelMemory(length * itemSize(dtype)).allocate(dtype, length);
      readRaw(place, String(parameters["x"]), data);
      const operand = operandOf({ dtype, shape, data }, shape);
      const mean = reduction("mean", dtype, { skipna: true });
      let result = finishReduction(mean, reducePartial(mean, operand, shape, [axis], 0));
      return {
        run() {
          result = finishReduction(mean, reducePartial(mean, operand, shape, [axis], 0));
        },
        outcome: () => ({ data: result.data as TypedArray }),
      };
    },
  };
}

function dtypeOf(name: unknown): (typeof DTYPES)[number] {
  return name === "float64" ? "float64" : "float32";
}

export const nanmeans: readonly Case[] = [0, 1, 2].map(nanmean);
