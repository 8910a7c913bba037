/** Owns the cases of functions that no processor has an instruction for, one thread. */
import type { TypedArray } from "@hyperslab/core/dtype";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import { operandOf } from "@hyperslab/kernels/operand";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import type { Case, Scale } from "../case.js";
import { makeRaw, type RawArray, rawParameters, readRaw } from "../data/raw-array.js";
import { KernelMemory } from "../kernel-memory.js";
import { programOf } from "./programs.js";

const LENGTHS: Record<Scale, number> = { tiny: 5_000, ci: 2 ** 22, full: 2 ** 24 };

/** Names are known to `peers/math_functions.py` too. */
const FUNCTIONS: Readonly<Record<string, ScalarProgram>> = {
  exp: programOf("float64", 1, ["exp", 0]),
  log: programOf("float64", 1, ["log", 0]),
  sin: programOf("float64", 1, ["sin", 0]),
  pow: programOf("float64", 2, ["power", 0, 1]),
};

const inputs = (scale: Scale): { x: RawArray; y: RawArray } => ({
  x: { dtype: "float64", length: LENGTHS[scale], seed: 6, low: 0.1, high: 20 },
  y: { dtype: "float64", length: LENGTHS[scale], seed: 7, low: -2, high: 2 },
});

export const math: Case = {
  name: "math",
  title: "exp, log, sin and pow of float64 in memory, one thread",
  variants: (scale) =>
    Object.entries(FUNCTIONS).map(([name, program]) => {
      const work = 8 * (program.inputs.length + 1) * LENGTHS[scale];
      return {
        name,
        parameters: { ...rawParameters(inputs(scale)), function: name },
        unit: "GB/s",
        work,
        peer: "math_functions",
        limit: { name: "memory copy, 1 thread", work },
        tolerance: 1e-13,
      };
    }),
  async prepare(_variant, place) {
    const { x, y } = inputs(place.scale);
    makeRaw(place, [x, y]);
  },
  async open({ name, parameters }, place) {
    const length = LENGTHS[place.scale];
    const memory = new KernelMemory(24 * length);
    const shape = [length];
    const operands = ["x", "y"].map((input) => {
      const data = memory.allocate("float64", length);
      readRaw(place, String(parameters[input]), data);
      return operandOf({ dtype: "float64", shape, data }, shape);
    });
    const data: TypedArray = memory.allocate("float64", length);
    const out = { dtype: "float64" as const, shape, data };
    return {
      run: () => runElementwise(FUNCTIONS[name], operands, shape, out),
      outcome: () => ({ data }),
    };
  },
};
