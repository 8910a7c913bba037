/** Plans and programs written by hand, for tests of those who run them. */
import type { Block } from "@hyperslab/core/block";
import type { AxisSelection } from "@hyperslab/core/box";
import {
  type ChunkAxis,
  type ChunkGrid,
  chunkCount,
  gridShape,
  maxBlockShape,
} from "@hyperslab/core/chunk-grid";
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import type { OperatorName } from "@hyperslab/core/operator";
import type { AxisMap, Plan, Stage } from "@hyperslab/core/plan";
import type { Program, Step, StepKind } from "@hyperslab/core/program";
import { type Reduction, resultOf, stateOf } from "@hyperslab/core/reduction";
import { type ScalarProgram, resultDtype } from "@hyperslab/core/scalar-program";
import { broadcastShapes, sizeOf, type Shape } from "@hyperslab/core/shape";
import type { SourceRef, TargetRef } from "@hyperslab/core/source-ref";
import { selectionLength } from "@hyperslab/core/box";

export function float64(shape: Shape, values: ArrayLike<number> | ((i: number) => number)): Block {
  const data = new Float64Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = typeof values === "function" ? values(i) : values[i];
  return { dtype: "float64", shape: [...shape], data };
}

export function int32(list: readonly number[]): Block {
  return { dtype: "int32", shape: [list.length], data: Int32Array.from(list) };
}

/** `a op b` for two inputs of float64. */
export function binary(op: OperatorName, dtype: Dtype = "float64"): ScalarProgram {
  return {
    inputs: [dtype, dtype],
    ops: [
      { op: "input", input: 0, dtype },
      { op: "input", input: 1, dtype },
      { op, args: [0, 1], dtype },
    ],
  };
}

/** `a * factor + offset` for one input of float64. */
export function affine(factor: number, offset: number): ScalarProgram {
  const dtype = "float64";
  return {
    inputs: [dtype],
    ops: [
      { op: "input", input: 0, dtype },
      { op: "constant", value: factor, dtype },
      { op: "multiply", args: [0, 1], dtype },
      { op: "constant", value: offset, dtype },
      { op: "add", args: [2, 3], dtype },
    ],
  };
}

/** A program in the making: every method adds a step and gives its number. */
export class ProgramBuilder {
  readonly sources: SourceRef[] = [];
  readonly literals: Block[] = [];
  readonly targets: TargetRef[] = [];
  readonly steps: Step[] = [];

  #add(step: StepKind, shape: Shape, fields: readonly Dtype[]): number {
    this.steps.push({ ...step, shape, fields });
    return this.steps.length - 1;
  }
  shapeOf(step: number): Shape {
    return this.steps[step].shape;
  }
  source(ref: SourceRef, dtype: Dtype, selection: readonly AxisSelection[]): number {
    const shape = selection.map(selectionLength);
    return this.#add({ kind: "source", source: this.sources.push(ref) - 1, selection }, shape, [dtype]);
  }
  literal(block: Block): number {
    return this.#add({ kind: "literal", literal: this.literals.push(block) - 1 }, block.shape, [block.dtype]);
  }
  input(input: number, shape: Shape, fields: readonly Dtype[]): number {
    return this.#add({ kind: "input", input, first: 0 }, shape, fields);
  }
  elementwise(program: ScalarProgram, ...args: number[]): number {
    const shape = broadcastShapes(args.map((arg) => this.shapeOf(arg)));
    return this.#add({ kind: "elementwise", program, args }, shape, [resultDtype(program)]);
  }
  view(arg: number, axes: readonly (number | null)[]): number {
    const shape = axes.map((axis) => (axis === null ? 1 : this.shapeOf(arg)[axis]));
    return this.#add({ kind: "view", arg, axes }, shape, this.steps[arg].fields);
  }
  broadcast(arg: number, shape: Shape): number {
    return this.#add({ kind: "broadcast", arg }, shape, this.steps[arg].fields);
  }
  select(arg: number, selection: readonly AxisSelection[]): number {
    return this.#add(
      { kind: "select", arg, selection },
      selection.map(selectionLength),
      this.steps[arg].fields,
    );
  }
  concat(axis: number, ...args: number[]): number {
    const shape = [...this.shapeOf(args[0])];
    shape[axis] = args.reduce((sum, arg) => sum + this.shapeOf(arg)[axis], 0);
    return this.#add({ kind: "concat", args, axis }, shape, this.steps[args[0]].fields);
  }
  reduce(arg: number, reduction: Reduction, axes: readonly number[], partial?: readonly ChunkAxis[]): number {
    const shape = this.shapeOf(arg).map((length, axis) => {
      const k = axes.indexOf(axis);
      return k === -1 ? length : partial ? chunkCount(partial[k]) : 1;
    });
    const fields = partial ? stateOf(reduction) : [resultOf(reduction)];
    return this.#add({ kind: "reduce", arg, reduction, axes, partial: partial ?? null }, shape, fields);
  }
  groupReduce(
    arg: number,
    reduction: Reduction,
    axis: number,
    codes: readonly number[],
    groups: number,
    partial?: ChunkAxis,
  ): number {
    const shape = [...this.shapeOf(arg)];
    shape[axis] = groups * (partial ? chunkCount(partial) : 1);
    const literal = this.literals.push(int32(codes)) - 1;
    const fields = partial ? stateOf(reduction) : [resultOf(reduction)];
    return this.#add(
      { kind: "groupReduce", arg, reduction, axis, codes: literal, groups, partial: partial ?? null },
      shape,
      fields,
    );
  }
  combine(
    arg: number,
    reduction: Reduction,
    axes: readonly { axis: number; fanIn: number; width: number }[],
    finish: boolean,
  ): number {
    const shape = this.shapeOf(arg).map((length, axis) => {
      const one = axes.find((candidate) => candidate.axis === axis);
      return one ? Math.ceil(length / (one.width * one.fanIn)) * one.width : length;
    });
    const fields = finish ? [resultOf(reduction)] : stateOf(reduction);
    return this.#add({ kind: "combine", arg, reduction, axes, finish }, shape, fields);
  }
  write(arg: number, ref: TargetRef, grid: ChunkGrid): number {
    const target = this.targets.push(ref) - 1;
    return this.#add({ kind: "write", arg, target, grid }, grid.map(chunkCount), ["bool"]);
  }
  build(): Program {
    const { sources, literals, targets, steps } = this;
    return { sources, literals, targets, steps };
  }
}

/** A stage whose promises are generous. */
export function stageOf(
  name: string,
  grid: ChunkGrid,
  builder: ProgramBuilder,
  inputs: readonly { stage: number; axes: readonly AxisMap[] }[] = [],
  facts: Partial<Stage> = {},
): Stage {
  const program = builder.build();
  const { fields } = program.steps[program.steps.length - 1];
  const width = fields.reduce((sum, dtype) => sum + itemSize(dtype), 0);
  const output = sizeOf(maxBlockShape(grid)) * width;
  return { name, grid, fields, inputs, cost: { output, working: output, read: 0 }, program, ...facts };
}

export function same(rank: number): AxisMap[] {
  return Array.from({ length: rank }, (_, axis) => ({ kind: "same", axis }));
}

export function planOf(stages: readonly Stage[], ...outputs: number[]): Plan {
  return { stages, outputs: outputs.length > 0 ? outputs : [stages.length - 1] };
}

export function shapeOfStage(stage: Stage): number[] {
  return gridShape(stage.grid);
}
