/** Owns the case of means by month of a cube in memory, one thread. */
import type { TypedArray } from "@hyperslab/core/dtype";
import { reduction } from "@hyperslab/core/reduction";
import { finishReduction } from "@hyperslab/kernels/finish";
import { groupReducePartial } from "@hyperslab/kernels/group-reduce";
import { operandOf } from "@hyperslab/kernels/operand";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawName, readRaw } from "../data/raw-array.js";
import { KernelMemory } from "../kernel-memory.js";

const SHAPES: Record<Scale, readonly number[]> = {
  tiny: [36, 10, 12],
  ci: [365, 181, 360],
  full: [1460, 181, 360],
};
const GROUPS = 12;

const input = (scale: Scale): RawArray => ({
  dtype: "float32",
  length: SHAPES[scale].reduce((a, b) => a * b, 1),
  seed: 8,
  low: 200,
  high: 320,
  missing: 0.01,
});

/** The month of each step of a year. */
function codesOf(times: number): Int32Array {
  return Int32Array.from({ length: times }, (_, i) => Math.floor(((i % 365) * GROUPS) / 365) % GROUPS);
}

export const groupMean: Case = {
  name: "groupmean",
  title: "means of 12 months of a cube in memory along time, missing left out, one thread",
  variants: (scale) => {
    const work = 4 * input(scale).length;
    return [
      {
        name: "",
        parameters: { x: rawName(input(scale)), shape: SHAPES[scale], codes: [...codesOf(SHAPES[scale][0])] },
        unit: "GB/s",
        work,
        peer: "groupmean",
        limit: { name: "memory read, 1 thread", work },
        tolerance: 1e-5,
      },
    ];
  },
  async prepare(_variant, place) {
    makeRaw(place, [input(place.scale)]);
  },
  async open({ parameters }, place) {
    const shape = SHAPES[place.scale];
    const { length } = input(place.scale);
    const data = new KernelMemory(4 * length).allocate("float32", length);
    readRaw(place, String(parameters["x"]), data);
    const operand = operandOf({ dtype: "float32", shape, data }, shape);
    const mean = reduction("mean", "float32", { skipna: true });
    const codes = codesOf(shape[0]);
    const compute = (): TypedArray =>
      finishReduction(mean, groupReducePartial(mean, operand, shape, 0, codes, GROUPS, 0)).data as TypedArray;
    let result = compute();
    return {
      run() {
        result = compute();
      },
      outcome: () => ({ data: result }),
    };
  },
};
