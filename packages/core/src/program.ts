/**
 * Owns programs: what a task does, as data. A program is a list of steps; each step is an array
 * of static shape and dtype, defined over earlier steps; the last step is what a stage yields, block by block.
 * To compute a box of a step, compute the boxes of its arguments that `step-box.ts` names.
 * Who runs programs: `@hyperslab/executor`. Who reads them: nobody on the way.
 */
import type { Block } from "./block.js";
import type { AxisSelection } from "./box.js";
import type { ChunkAxis, ChunkGrid } from "./chunk-grid.js";
import type { Dtype } from "./dtype.js";
import type { Reduction } from "./reduction.js";
import type { ScalarProgram } from "./scalar-program.js";
import type { Shape } from "./shape.js";
import type { SourceRef, TargetRef } from "./source-ref.js";

/** One reduced axis of a combine step: `fanIn` neighbours, each `width` long, become one of `width`. */
export interface CombineAxis {
  readonly axis: number;
  readonly fanIn: number;
  readonly width: number;
}

export type StepKind =
  /** What `selection` picks out of a stored array. */
  | { readonly kind: "source"; readonly source: number; readonly selection: readonly AxisSelection[] }
  /**
   * The blocks of an earlier stage, as one array; several fields where that stage yields a partial state.
   * Of blocks with more fields than the step has, those from number `first` on.
   */
  | { readonly kind: "input"; readonly input: number; readonly first: number }
  | { readonly kind: "literal"; readonly literal: number }
  /** All arguments have the rank of the result; lengths of 1 broadcast. */
  | { readonly kind: "elementwise"; readonly program: ScalarProgram; readonly args: readonly number[] }
  /** Axis `i` is axis `axes[i]` of the argument, or new and of length 1 where null; axes left out have length 1. */
  | { readonly kind: "view"; readonly arg: number; readonly axes: readonly (number | null)[] }
  /** The argument, stretched along its axes of length 1. */
  | { readonly kind: "broadcast"; readonly arg: number }
  | { readonly kind: "select"; readonly arg: number; readonly selection: readonly AxisSelection[] }
  | { readonly kind: "concat"; readonly args: readonly number[]; readonly axis: number }
  /**
   * Reduced axes keep length 1. With `partial`, the step yields states instead: reduced axis `axes[k]`
   * has one position for each chunk of `partial[k]`. With `pieces`, finer than that, a state is made of one
   * piece after another, in C order; only one of them is in memory.
   */
  | {
      readonly kind: "reduce";
      readonly arg: number;
      readonly reduction: Reduction;
      readonly axes: readonly number[];
      readonly partial: readonly ChunkAxis[] | null;
      readonly pieces?: readonly ChunkAxis[];
    }
  /**
   * Along `axis`, elements with code g go to group g; negative codes to none. `codes` is an int32
   * literal as long as the axis. With `partial`, the axis has `groups` positions for each chunk.
   * With `pieces`, one piece of the axis enters after another, and those without wanted groups are left out.
   */
  | {
      readonly kind: "groupReduce";
      readonly arg: number;
      readonly reduction: Reduction;
      readonly axis: number;
      readonly codes: number;
      readonly groups: number;
      readonly partial: ChunkAxis | null;
      readonly pieces?: ChunkAxis;
    }
  /** Merges neighbouring states of `arg`; `finish` turns the state into the result. */
  | {
      readonly kind: "combine";
      readonly arg: number;
      readonly reduction: Reduction;
      readonly axes: readonly CombineAxis[];
      readonly finish: boolean;
    }
  /** All fields of all arguments, which have one shape: how one task yields the states of several reductions. */
  | { readonly kind: "tuple"; readonly args: readonly number[] }
  /**
   * Writes the argument to a stored array, one chunk of `grid` at a time. The step has one bool for
   * each chunk: axis `i` is as long as `grid[i]` has chunks.
   */
  | {
      readonly kind: "write";
      readonly arg: number;
      readonly target: number;
      readonly grid: ChunkGrid;
    };

/** A step with its static facts. `fields` has one dtype, or those of a partial state. */
export type Step = StepKind & { readonly shape: Shape; readonly fields: readonly Dtype[] };

export interface Program {
  readonly sources: readonly SourceRef[];
  readonly literals: readonly Block[];
  readonly targets: readonly TargetRef[];
  readonly steps: readonly Step[];
}

/** The numbers of the steps that a step is computed from. */
export function argumentsOf(step: StepKind): readonly number[] {
  switch (step.kind) {
    case "source":
    case "input":
    case "literal":
      return [];
    case "elementwise":
    case "concat":
    case "tuple":
      return step.args;
    case "view":
    case "broadcast":
    case "select":
    case "reduce":
    case "groupReduce":
    case "combine":
    case "write":
      return [step.arg];
  }
}
