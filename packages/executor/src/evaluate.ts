/**
 * Owns the evaluation of steps, box by box: which kernel, over which operands, and which values can go. Synchronous: what
 * lies in storage has been loaded before (`load.ts`), and what is written is written by `run-task.ts`.
 */
import { type Box, restrictSelection, shiftSelection } from "@hyperslab/core/box";
import { type ChunkGrid, chunkOf } from "@hyperslab/core/chunk-grid";
import { ArgumentError } from "@hyperslab/core/errors";
import type { Program, Step } from "@hyperslab/core/program";
import { type Shape, sizeOf } from "@hyperslab/core/shape";
import { argumentBox } from "@hyperslab/core/step-box";
import { unreachable } from "@hyperslab/core/unreachable";
import { runElementwise } from "@hyperslab/kernels/elementwise";
import type { DemandNode } from "./demand.js";
import {
  type Reducible,
  type States,
  asReducible,
  evaluateCombine,
  evaluateGroupReduce,
  evaluateReduce,
} from "./evaluate-reduction.js";
import { inputParts, readInputBox } from "./input-box.js";
import { type LiteralPart, boxInPart } from "./literal-parts.js";
import {
  type Allocate,
  type Strided,
  type Value,
  copyInto,
  emptyValue,
  fromBlock,
  permuteAxes,
  selectAxes,
  sliceBox,
  stretch,
} from "./strided.js";
import type { TaskInputs } from "./task-stage.js";

/** A task under evaluation. */
export interface Evaluation {
  readonly program: Program;
  readonly nodes: readonly DemandNode[];
  /** Values of the nodes so far; null for those nobody needs any more, and for fused ones. */
  readonly values: (Value | null)[];
  readonly inputGrids: readonly ChunkGrid[];
  readonly inputs: TaskInputs;
  /** Literals of which only parts are there. */
  readonly parts?: readonly LiteralPart[];
  /** Takes what the last reducing steps of a piece make, instead of values; see `pieces.ts`. */
  readonly states?: {
    has(step: number): boolean;
    enter(step: number, box: Box, argument: Reducible): void;
  };
  /** Are told of every value: when it is there, and when nobody needs it any more. */
  readonly onKeep?: (value: Value) => void;
  readonly onDrop?: (value: Value) => void;
}

/**
 * Computes the next node.
 * @param allocate memory for what a step yields; what stands in it is undefined
 * @throws ArgumentError for steps that touch storage
 */
export function evaluateNext(evaluation: Evaluation, allocate: Allocate): void {
  const { nodes, values } = evaluation;
  const node = nodes[values.length];
  finishNext(evaluation, node.fused ? null : evaluateNode(evaluation, node, allocate));
}

/** Takes note of the next node's value, and lets go of the values that it was the last to need. */
export function finishNext(evaluation: Evaluation, value: Value | null): void {
  const { nodes, values } = evaluation;
  const node = nodes[values.length];
  values.push(value);
  // before its arguments go: it may be a view of them
  if (value) evaluation.onKeep?.(value);
  if (!node.fused) dropArguments(evaluation, node);
}

function dropArguments(evaluation: Evaluation, node: DemandNode): void {
  const { nodes, values, onDrop } = evaluation;
  for (const edge of node.args) {
    if (!edge || --nodes[edge.node].uses > 0) continue;
    if (nodes[edge.node].fused) dropArguments(evaluation, nodes[edge.node]);
    const value = values[edge.node];
    if (value) onDrop?.(value);
    values[edge.node] = null;
  }
}

/** The part of an argument that a node reads; null where it reads none. */
export function argumentOf({ values }: Evaluation, node: DemandNode, which: number): Value | null {
  const edge = node.args[which];
  return edge && (values[edge.node]?.map((field) => sliceBox(field, edge.box)) ?? null);
}

function evaluateNode(evaluation: Evaluation, node: DemandNode, allocate: Allocate): Value {
  const { program, inputGrids, inputs } = evaluation;
  const { box } = node;
  const step = program.steps[node.step];
  if (sizeOf(box.shape) === 0) return emptyValue(step.fields, box.shape);
  const argument = (which = 0): Value => argumentOf(evaluation, node, which) ?? missing(step, which);
  // where the argument's box starts in the whole argument
  const startOf = (arg: number): readonly number[] =>
    argumentBox(step, 0, step.shape, [program.steps[arg].shape], box).start;
  switch (step.kind) {
    case "literal": {
      const part = evaluation.parts?.find(({ literal }) => literal === step.literal);
      if (part) return [sliceBox(fromBlock(part.block), boxInPart(part, box))];
      return [sliceBox(fromBlock(program.literals[step.literal]), box)];
    }
    case "input":
      return readInputBox(inputGrids[step.input], inputs[step.input], box, step, allocate);
    case "elementwise": {
      const out = allocate(step.fields[0], box.shape);
      runElementwise(step.program, operandsOf(evaluation, node), box.shape, out);
      return [fromBlock(out)];
    }
    case "view":
      return argument().map((field) => permuteAxes(field, step.axes));
    case "broadcast":
      return argument().map((field) => stretch(field, box.shape));
    case "select": {
      const from = startOf(step.arg);
      const selection = step.selection.map((one, axis) =>
        shiftSelection(restrictSelection(one, box.start[axis], box.shape[axis]), from[axis]),
      );
      return argument().map((field) => selectAxes(field, selection, allocate));
    }
    case "concat": {
      const parts = step.args.map((_, which) => argumentOf(evaluation, node, which));
      return concat(
        parts.filter((part): part is Value => part !== null),
        step.axis,
        box.shape,
        allocate,
      );
    }
    case "tuple":
      return step.args.flatMap((_, which) => argument(which));
    case "reduce":
    case "groupReduce": {
      const reducible = reducibleOf(evaluation, node, startOf(step.arg));
      if (evaluation.states?.has(node.step)) {
        evaluation.states.enter(node.step, box, reducible);
        return [];
      }
      return step.kind === "reduce"
        ? evaluateReduce(step, box, reducible)
        : evaluateGroupReduce(step, box, reducible, program.literals);
    }
    case "combine":
      return evaluateCombine(step, box, statesOf(evaluation, node, startOf(step.arg), allocate), allocate);
    case "source":
    case "write":
      throw new ArgumentError({
        asked: `to evaluate a ${step.kind} step in memory`,
        found: "it touches storage",
        hint: "run it as a task",
      });
    default:
      return unreachable(step);
  }
}

/** The arguments of an elementwise node, stretched to its box. */
function operandsOf(evaluation: Evaluation, node: DemandNode): Strided[] {
  const step = evaluation.program.steps[node.step];
  return node.args.map((_, which) =>
    stretch((argumentOf(evaluation, node, which) ?? missing(step, which))[0], node.box.shape),
  );
}

/** The argument of a reducing node: an array, or the elementwise node that is computed on the way. */
function reducibleOf(evaluation: Evaluation, node: DemandNode, start: readonly number[]): Reducible {
  const { program, nodes } = evaluation;
  const from = node.args[0] && nodes[node.args[0].node];
  const step = from && program.steps[from.step];
  if (from?.fused && step?.kind === "elementwise")
    return { program: step.program, operands: operandsOf(evaluation, from), shape: from.box.shape, start };
  const value = argumentOf(evaluation, node, 0) ?? missing(program.steps[node.step], 0);
  return asReducible(value[0], start);
}

/** The argument of a combine node: blocks of another stage one by one, where they are states side by side; else a value. */
function statesOf(
  evaluation: Evaluation,
  node: DemandNode,
  start: readonly number[],
  allocate: Allocate,
): States {
  const { program, nodes, inputGrids, inputs } = evaluation;
  const step = program.steps[node.step];
  const from = node.args[0] && nodes[node.args[0].node];
  const input = from && program.steps[from.step];
  if (!from?.fused || input?.kind !== "input" || step.kind !== "combine")
    return { start, value: argumentOf(evaluation, node, 0) ?? missing(step, 0), blocks: null };
  const grid = inputGrids[input.input];
  const blocks = inputs[input.input];
  const { box } = from;
  const apart = box.start.every(
    (lo, axis) =>
      step.axes.some((one) => one.axis === axis) ||
      chunkOf(grid[axis], lo) === chunkOf(grid[axis], lo + box.shape[axis] - 1),
  );
  if (!apart) return { start, value: readInputBox(grid, blocks, box, input, allocate), blocks: null };
  return { start, shape: box.shape, blocks: (part) => inputParts(grid, blocks, part, input) };
}

function concat(parts: readonly Value[], axis: number, shape: Shape, allocate: Allocate): Value {
  if (parts.length === 1) return parts[0];
  return parts[0].map((field, k) => {
    const out = allocate(field.dtype, shape);
    const start = shape.map(() => 0);
    for (const part of parts) {
      copyInto(part[k], out, start);
      start[axis] += part[k].shape[axis];
    }
    return fromBlock(out);
  });
}

function missing(step: Step, which: number): never {
  throw new ArgumentError({
    asked: `argument ${which} of a ${step.kind} step`,
    found: "it was not computed",
  });
}
