/** Owns what the kernels of one reduction need to know, and the memory they share. */
import type { Reduction } from "@hyperslab/core/reduction";
import type { Shape } from "@hyperslab/core/shape";
import type { Operand } from "../operand.js";
import type { Reducing } from "../reduce-source.js";
import type { Merge, Plane } from "../reduction-state.js";
import type { KernelPlane } from "./accumulator.js";
import type { Arena } from "./arena.js";

/** Bytes for the state of columns, between head and slots. */
export const STATE_BYTES: number = 2 ** 20;

/** One reduction about to run. */
export interface Pass {
  readonly work: Reducing;
  readonly reduction: Reduction;
  readonly means: Float64Array | null;
  readonly arena: Arena;
  readonly used: readonly Operand[];
  readonly state: readonly KernelPlane[];
  readonly planes: readonly Plane[];
  readonly merge: Merge;
  readonly outStrides: Shape;
}
