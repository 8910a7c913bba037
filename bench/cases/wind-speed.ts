/** Owns the case of a short elementwise chain: the speed of a wind, one thread. */
import type { Block } from "@hyperslab/core/block";
import type { TypedArray } from "@hyperslab/core/dtype";
import { operandOf } from "@hyperslab/kernels/operand";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawParameters, readRaw } from "../data/raw-array.js";
import { KernelMemory } from "../kernel-memory.js";
import { programOf } from "./programs.js";

const LENGTHS: Record<Scale, number> = { tiny: 5_000, ci: 2 ** 24, full: 2 ** 26 };

const inputs = (scale: Scale): { u: RawArray; v: RawArray } => ({
  u: { dtype: "float32", length: LENGTHS[scale], seed: 1, low: -30, high: 30 },
  v: { dtype: "float32", length: LENGTHS[scale], seed: 2, low: -30, high: 30 },
});

const WIND_SPEED = programOf(
  "float32",
  2,
  ["multiply", 0, 0],
  ["multiply", 1, 1],
  ["add", 2, 3],
  ["sqrt", 4],
);

export const windSpeed: Case = {
  name: "wind-speed",
  title: "sqrt(u*u + v*v), float32 in memory, one thread; in a thread's arena, and in memory from elsewhere",
  variants: (scale) =>
    [true, false].map((arena) => ({
      name: arena ? "arena" : "elsewhere",
      parameters: { ...rawParameters(inputs(scale)), arena },
      unit: "GB/s",
      work: 12 * LENGTHS[scale],
      peer: "wind_speed",
      limit: { name: "memory triad, 1 thread", work: 12 * LENGTHS[scale] },
      tolerance: 1e-6,
    })),
  async prepare(_variant, place) {
    const { u, v } = inputs(place.scale);
    makeRaw(place, [u, v]);
  },
  async open({ parameters }, place) {
    const length = LENGTHS[place.scale];
    const memory = parameters["arena"] ? new KernelMemory(12 * length) : null;
    const allocate = (): TypedArray => memory?.allocate("float32", length) ?? new Float32Array(length);
    const shape = [length];
    const operands = ["u", "v"].map((name) => {
      const data = allocate();
      readRaw(place, String(parameters[name]), data);
      return operandOf({ dtype: "float32", shape, data }, shape);
    });
    const out: Block = { dtype: "float32", shape, data: allocate() };
    return {
      run: () => runElementwise(WIND_SPEED, operands, shape, out),
      outcome: () => ({ data: out.data as TypedArray }),
    };
  },
};
