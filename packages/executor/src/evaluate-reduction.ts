/**
 * Owns the steps that reduce, group and combine: which kernel is called for which piece of the
 * argument. How a reduction is computed belongs to the kernels.
 */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { chunkStart, chunkStop } from "@hyperslab/core/chunk-grid";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Program, Step } from "@hyperslab/core/program";
import { stateOf } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { type Shape, sameShape } from "@hyperslab/core/shape";
import { finishReduction } from "@hyperslab/kernels/finish";
import { groupReduceProgram } from "@hyperslab/kernels/group-reduce";
import { reduceProgram } from "@hyperslab/kernels/reduce";
import { StateAccumulator } from "@hyperslab/kernels/state-accumulator";
import { type Allocate, type Strided, type Value, fromBlock, sliceBox, toBlock } from "./strided.js";
import { type Segment, type Tile, computeTiles, wholeSegment } from "./tiles.js";

type StepOf<K extends Step["kind"]> = Extract<Step, { readonly kind: K }>;

/**
 * The box of an argument that is reduced: what `program` computes from `operands`, all of one shape.
 * An elementwise step that only a reduction reads is never stored: it is computed on the way.
 */
export interface Reducible {
  readonly program: ScalarProgram;
  readonly operands: readonly Strided[];
  readonly shape: Shape;
  /** Where the box starts in the whole argument. */
  readonly start: readonly number[];
}

/** An array as the argument of a reduction, as it is. */
export function asReducible(array: Strided, start: readonly number[]): Reducible {
  const { dtype, shape } = array;
  return {
    program: { inputs: [dtype], ops: [{ op: "input", input: 0, dtype }] },
    operands: [array],
    shape,
    start,
  };
}

/** A box of a reduce step. */
export function evaluateReduce(step: StepOf<"reduce">, box: Box, argument: Reducible): Value {
  const { reduction, axes, partial } = step;
  // kernels count positions along one axis only
  const first = axes[0] ?? 0;
  const reduceTile = (tile: Tile): Block[] =>
    reduceProgram(
      argument.program,
      argument.operands.map((operand) => sliceBox(operand, tile)),
      reduction,
      tile.shape,
      axes,
      tile.origin[first] ?? 0,
    );
  if (!partial) {
    const { start, shape } = argument;
    const states = reduceTile({ start: start.map(() => 0), shape, origin: start });
    return [fromBlock(finishReduction(reduction, states))];
  }
  const segments = argument.shape.map((length, axis): readonly Segment[] => {
    const k = axes.indexOf(axis);
    const from = argument.start[axis];
    if (k === -1) return wholeSegment(from, length);
    return segmentsOf(box.start[axis], box.shape[axis], 1, from, (chunk) => [
      chunkStart(partial[k], chunk),
      chunkStop(partial[k], chunk),
    ]);
  });
  return computeTiles(segments, step.fields, box.shape, (tile) => reduceTile(tile).map(fromBlock));
}

/** A box of a groupReduce step. */
export function evaluateGroupReduce(
  step: StepOf<"groupReduce">,
  box: Box,
  argument: Reducible,
  literals: Program["literals"],
): Value {
  const { reduction, axis, groups, partial } = step;
  const codes = codesOf(literals[step.codes]);
  const reduceTile = (tile: Tile): Block[] =>
    groupReduceProgram(
      argument.program,
      argument.operands.map((operand) => sliceBox(operand, tile)),
      reduction,
      tile.shape,
      axis,
      codes.subarray(tile.origin[axis], tile.origin[axis] + tile.shape[axis]),
      groups,
      tile.origin[axis],
    );
  const segments = argument.shape.map((length, i): readonly Segment[] => {
    const from = argument.start[i];
    if (i !== axis) return wholeSegment(from, length);
    return segmentsOf(box.start[axis], box.shape[axis], groups, from, (chunk) =>
      partial ? [chunkStart(partial, chunk), chunkStop(partial, chunk)] : [from, from + length],
    );
  });
  return computeTiles(segments, step.fields, box.shape, (tile) => {
    const states = reduceTile(tile);
    return partial ? states.map(fromBlock) : [fromBlock(finishReduction(reduction, states))];
  });
}

/** States to combine, a box that starts at `start`: as one value, or in parts, which hold stretches whole. */
export type States =
  | { readonly start: readonly number[]; readonly value: Value; readonly blocks: null }
  | {
      readonly start: readonly number[];
      readonly shape: Shape;
      /** What lies in a box (of the whole argument), in C order. */
      readonly blocks: (box: Box) => readonly { readonly value: Value }[];
    };

/** A box of a combine step. @param allocate memory for a state */
export function evaluateCombine(
  step: StepOf<"combine">,
  box: Box,
  states: States,
  allocate: Allocate,
): Value {
  const { reduction, axes, finish } = step;
  const shape = states.blocks ? states.shape : states.value[0].shape;
  const segments = shape.map((length, axis): readonly Segment[] => {
    const combined = axes.find((one) => one.axis === axis);
    const from = states.start[axis];
    if (!combined) return wholeSegment(from, length);
    const span = combined.width * combined.fanIn;
    return segmentsOf(box.start[axis], box.shape[axis], combined.width, from, (group) => [
      group * span,
      Math.min(from + length, (group + 1) * span),
    ]);
  });
  const fields = stateOf(reduction);
  return computeTiles(segments, step.fields, box.shape, (tile) => {
    const merged = tile.shape.map((length, axis) => axes.find((one) => one.axis === axis)?.width ?? length);
    const whole = !finish && sameShape(merged, box.shape);
    const into = fields.map((dtype) => (whole ? allocate : allocateBlock)(dtype, merged));
    const state = new StateAccumulator(reduction, into);
    const parts = states.blocks
      ? states.blocks({ start: tile.origin, shape: tile.shape }).map(({ value }) => value)
      : [states.value.map((field) => sliceBox(field, tile))];
    for (const part of parts)
      state.merge(
        part.map((field) => toBlock(field)),
        axes,
      );
    const blocks = state.seal();
    return finish ? [fromBlock(finishReduction(reduction, blocks))] : blocks.map(fromBlock);
  });
}

/**
 * Cuts `start .. start + length` of an axis where every `width` positions come from one piece of the
 * argument. `pieceOf` gives that piece in the whole argument, whose box starts at `from`.
 */
function segmentsOf(
  start: number,
  length: number,
  width: number,
  from: number,
  pieceOf: (index: number) => readonly [number, number],
): Segment[] {
  const segments: Segment[] = [];
  const stop = start + length;
  for (let index = Math.floor(start / width); index * width < stop; index++) {
    const [lo, hi] = pieceOf(index);
    const first = Math.max(start, index * width);
    segments.push({
      argStart: lo - from,
      argLength: hi - lo,
      origin: lo,
      keepStart: first - index * width,
      keepLength: Math.min(stop, (index + 1) * width) - first,
      outStart: first - start,
    });
  }
  return segments;
}

export function codesOf(block: Block): Int32Array {
  if (block.data instanceof Int32Array) return block.data;
  throw new ArgumentError({
    asked: "the group codes of a groupReduce step",
    found: `a literal of dtype ${block.dtype}`,
    hint: "give them as int32",
  });
}
