/**
 * Owns tasks that go through their argument piece by piece: which pieces, in which order, and the states that
 * grow from one to the next. How a piece is read and evaluated is `run-task.ts`'s business.
 */
import type { Block } from "@hyperslab/core/block";
import type { Box } from "@hyperslab/core/box";
import { chunkOf } from "@hyperslab/core/chunk-grid";
import { type Stream, pieceBoxes, streamOf } from "@hyperslab/core/piece";
import type { Program } from "@hyperslab/core/program";
import { stateOf } from "@hyperslab/core/reduction";
import type { PlaneMemory } from "@hyperslab/kernels/column-accumulator";
import { finishReduction } from "@hyperslab/kernels/finish";
import { StateAccumulator } from "@hyperslab/kernels/state-accumulator";
import { type Reducible, codesOf } from "./evaluate-reduction.js";
import { type Allocate, type Value, fromBlock } from "./strided.js";

/** A program that is streamed. */
export interface PieceProgram {
  readonly stream: Stream;
  /** The program of one piece. */
  readonly program: Program;
  /** For every group, the pieces that hold members of it, in order; null where there are no groups. */
  readonly members: readonly (readonly number[])[] | null;
}

const known: WeakMap<Program, PieceProgram | { readonly stream: null }> = new WeakMap();

/** How a program is streamed; null for one that isn't. */
export function pieceProgramOf(program: Program): PieceProgram | null {
  let found = known.get(program);
  if (!found) {
    const stream = streamOf(program.steps);
    found = stream
      ? { stream, program: { ...program, steps: stream.steps }, members: membersOf(program, stream) }
      : { stream: null };
    known.set(program, found);
  }
  return found.stream ? found : null;
}

function membersOf(program: Program, stream: Stream): number[][] | null {
  const found: Set<number>[] = [];
  const [{ pieces }] = stream.axes;
  for (const number of stream.reducing) {
    const step = stream.steps[number];
    if (step.kind !== "groupReduce") return null;
    for (let group = found.length; group < step.groups; group++) found.push(new Set());
    codesOf(program.literals[step.codes]).forEach((code, i) => {
      if (code >= 0) found[code].add(chunkOf(pieces, i));
    });
  }
  return found.map((set) => [...set].sort((a, b) => a - b));
}

/**
 * The boxes of the streamed steps to evaluate for a box of the result, one after another; pieces without a
 * member of the wanted groups are left out. Null where the box has to be computed in one.
 */
export function boxesOf({ stream, members }: PieceProgram, box: Box): Box[] | null {
  if (!members) return pieceBoxes(stream, box);
  const [{ axis, width }] = stream.axes;
  const first = box.start[axis] % width;
  const wanted = new Set(members.slice(first, first + box.shape[axis]).flat());
  return pieceBoxes(
    stream,
    box,
    [...wanted].sort((a, b) => a - b),
  );
}

/** The states of all reducing steps, while the pieces of a box enter them. */
export class PieceStates {
  readonly #pieces: PieceProgram;
  readonly #states = new Map<number, StateAccumulator>();

  /**
   * @param box of the result
   * @param allocate memory for the fields of the states, in their order
   * @param memory of the kernels, to grow in
   */
  constructor(pieces: PieceProgram, box: Box, allocate: Allocate, memory: PlaneMemory) {
    this.#pieces = pieces;
    const { steps, reducing } = pieces.stream;
    for (const number of reducing) {
      const step = steps[number];
      if (step.kind !== "reduce" && step.kind !== "groupReduce") continue;
      const fields = stateOf(step.reduction).map((dtype) => allocate(dtype, box.shape));
      this.#states.set(number, new StateAccumulator(step.reduction, fields, memory));
    }
  }

  /** True for a step whose state grows. */
  has(number: number): boolean {
    return this.#states.has(number);
  }

  /** Lets the argument of reducing step `number` enter; `box` is the step's own. */
  enter(number: number, box: Box, argument: Reducible): void {
    const step = this.#pieces.stream.steps[number];
    const { program, operands, shape, start } = argument;
    const work = { program, operands, shape };
    if (step.kind === "reduce") {
      const origin = start[step.axes[0] ?? 0] ?? 0;
      this.#states.get(number)?.reduce({ ...work, axes: step.axes, origin, grouping: null });
    } else if (step.kind === "groupReduce") {
      const { axis } = step;
      const origin = start[axis];
      const groups = box.shape[axis];
      const first = box.start[axis] % step.groups;
      const all = codesOf(this.#pieces.program.literals[step.codes]);
      const codes = all
        .subarray(origin, origin + shape[axis])
        .map((code) => (code >= first && code < first + groups ? code - first : -1));
      this.#states.get(number)?.reduce({ ...work, axes: [axis], origin, grouping: { axis, codes, groups } });
    }
  }

  /** The fields of the result: states, or where the program says so finished groups. */
  seal(): Value {
    const { steps, reducing, axes } = this.#pieces.stream;
    return reducing.flatMap((number) => {
      const step = steps[number];
      const blocks: Block[] = this.#states.get(number)?.seal() ?? [];
      if ((step.kind !== "reduce" && step.kind !== "groupReduce") || axes[0].partial)
        return blocks.map(fromBlock);
      return [fromBlock(finishReduction(step.reduction, blocks))];
    });
  }
}
