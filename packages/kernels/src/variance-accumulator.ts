/**
 * Owns the growing state of variances: sums of deviations from a shift, and of their squares, which rows of columns
 * enter in place, in one pass. The shift of a column is its mean in the first piece where it has elements, so that
 * little cancels in the end.
 */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { reduction as makeReduction, type Reduction } from "@hyperslab/core/reduction";
import type { ScalarOp, ScalarProgram } from "@hyperslab/core/scalar-program";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { PlaneMemory } from "./column-accumulator.js";
import type { Operand } from "./operand.js";
import type { Reducing } from "./reduce-source.js";
import type { Plane } from "./reduction-state.js";

/** A state of sums: `state-accumulator.ts`, which hands itself over. */
export interface GrowingState {
  reduce(work: Reducing): void;
  open(): readonly Plane[];
}
export type GrowState = (
  reduction: Reduction,
  blocks: readonly Block[],
  memory?: PlaneMemory,
) => GrowingState;

export class VarianceAccumulator {
  readonly #grow: GrowState;
  readonly #sums: GrowingState;
  readonly #squares: GrowingState;
  readonly #reduction: Reduction;
  readonly #shift: Operand;
  readonly #shape: readonly number[];
  readonly #means: Float64Array;
  /** 1 for the columns that had elements, and how many had none. */
  readonly #found: Uint8Array;
  #empty: number;
  /** Place of the shift for position `i` of the state. */
  readonly #shiftOf: (position: number) => number;

  /**
   * @param blocks fields of the state of `reduction`; the sums grow in their memory
   * @param first the first piece, which has yet to enter
   */
  constructor(
    reduction: Reduction,
    blocks: readonly Block[],
    first: Reducing,
    memory: PlaneMemory,
    grow: GrowState,
  ) {
    const [means, moments, counts] = blocks;
    const { skipna } = reduction;
    this.#grow = grow;
    this.#sums = grow(makeReduction("mean", "float64", { skipna }), [means, counts], memory);
    this.#squares = grow(makeReduction("sum", "float64", { skipna }), [moments], memory);
    const shape = first.shape.map((length, axis) => (first.axes.includes(axis) ? 1 : length));
    const strides = stridesOf(shape);
    const length = sizeOf(shape);
    const given = memory(length * 8);
    this.#reduction = reduction;
    this.#shape = shape;
    this.#means = given ? new Float64Array(given.buffer, given.byteOffset, length) : new Float64Array(length);
    this.#means.fill(0);
    this.#found = new Uint8Array(length);
    this.#empty = length;
    this.#shift = {
      dtype: "float64",
      data: this.#means,
      offset: 0,
      strides: strides.map((stride, axis) => (first.axes.includes(axis) ? 0 : stride)),
    };
    const group = first.grouping?.axis ?? -1;
    const groups = first.grouping?.groups ?? 1;
    const inner = group < 0 ? 1 : strides[group];
    // groups share the shift of their column
    this.#shiftOf = (position) => Math.floor(position / (inner * groups)) * inner + (position % inner);
  }

  /** Lets the rows of a piece enter. */
  reduce(work: Reducing): void {
    // a column without elements so far may be shifted still
    if (this.#empty > 0) this.#takeShift(work);
    const { inputs, ops } = work.program;
    const used = inputs.length;
    const wide: ScalarOp[] = [
      ...ops,
      { op: "cast", args: [ops.length - 1], dtype: "float64" },
      { op: "input", input: used, dtype: "float64" },
      { op: "subtract", args: [ops.length, ops.length + 1], dtype: "float64" },
    ];
    const last = wide.length - 1;
    const deviations: ScalarProgram = { inputs: [...inputs, "float64"], ops: wide };
    const squares: ScalarProgram = {
      inputs: deviations.inputs,
      ops: [...wide, { op: "multiply", args: [last, last], dtype: "float64" }],
    };
    const operands = [...work.operands.slice(0, used), this.#shift];
    this.#sums.reduce({ ...work, program: deviations, operands });
    this.#squares.reduce({ ...work, program: squares, operands });
  }

  /** Makes the planes of the state: means, sums of squared deviations from them, counts. */
  open(): void {
    const [sums, counts] = this.#sums.open() as [Float64Array, Float64Array];
    const [squares] = this.#squares.open() as [Float64Array];
    const shift = this.#means;
    for (let i = 0; i < sums.length; i++) {
      const n = counts[i];
      if (n === 0) continue;
      const sum = sums[i];
      const moment = squares[i] - (sum * sum) / n;
      // rounding must not make it negative; NaN stays
      squares[i] = moment < 0 ? 0 : moment;
      sums[i] = shift[this.#shiftOf(i)] + sum / n;
    }
  }

  /** Takes the means of a piece for the columns that had no elements before. */
  #takeShift(piece: Reducing): void {
    const state = ["float64", "int64"] as const;
    const blocks = state.map((dtype) => allocateBlock(dtype, this.#shape));
    const mean = this.#grow(makeReduction("mean", this.#reduction.dtype), blocks);
    mean.reduce({ ...piece, grouping: null });
    const [sums, counts] = mean.open() as [Float64Array, Float64Array];
    for (let i = 0; i < sums.length; i++) {
      if (counts[i] === 0 || this.#found[i] === 1) continue;
      const value = sums[i] / counts[i];
      this.#means[i] = Number.isFinite(value) ? value : 0;
      this.#found[i] = 1;
      this.#empty--;
    }
  }
}
