/** Owns the case of means over a sliding window of 30 steps of a cube in memory, one thread. */
import { viewOf } from "@hyperslab/core/dtype";
import { operandOf } from "@hyperslab/kernels/operand";
import { slideWindow } from "@hyperslab/kernels/window";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawName, readRaw } from "../data/raw-array.js";
import { KernelMemory } from "../kernel-memory.js";

const SHAPES: Record<Scale, readonly number[]> = {
  tiny: [36, 10, 12],
  ci: [365, 181, 360],
  full: [1460, 181, 360],
};
const WINDOW = 30;
const AXES = { time: 0, longitude: 2 } as const;

const input = (scale: Scale): RawArray => ({
  dtype: "float32",
  length: SHAPES[scale].reduce((a, b) => a * b, 1),
  seed: 8,
  low: 200,
  high: 320,
  missing: 0.01,
});

export const rolling: Case = {
  name: "rolling",
  title: "means over a window of 30 steps along time, and along longitude, of a cube in memory, one thread",
  variants: (scale) =>
    Object.entries(AXES).map(([name, axis]) => {
      const work = 8 * input(scale).length;
      return {
        name,
        parameters: { x: rawName(input(scale)), shape: SHAPES[scale], axis, window: WINDOW },
        unit: "GB/s",
        work,
        peer: "rolling",
        limit: { name: "memory copy, 1 thread", work },
        tolerance: 1e-5,
      };
    }),
  async prepare(_variant, place) {
    makeRaw(place, [input(place.scale)]);
  },
  async open({ parameters }, place) {
    const shape = SHAPES[place.scale];
    const { length } = input(place.scale);
    const data = new KernelMemory(4 * length).allocate("float32", length);
    readRaw(place, String(parameters["x"]), data);
    const operand = operandOf({ dtype: "float32", shape, data }, shape);
    // windows with one valid element already give a mean, on both sides
    const options = { window: WINDOW, minPeriods: 1 };
    const result = viewOf("float32", new ArrayBuffer(4 * length), 0, length);
    const out = { dtype: "float32" as const, shape, data: result };
    const compute = (): void => slideWindow("mean", operand, shape, Number(parameters["axis"]), options, out);
    compute();
    return { run: compute, outcome: () => ({ data: result }) };
  },
};
