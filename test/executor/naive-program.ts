/** Programs evaluated element by element, whole arrays at a time: the slow truth for tests. Floats only. */
import { positionAt } from "@hyperslab/core/box";
import { blockCoords, blockIndex } from "@hyperslab/core/chunk-grid";
import type { Program, Step } from "@hyperslab/core/program";
import type { Reduction } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { sizeOf, type Shape } from "@hyperslab/core/shape";

/** Elements of a step, in C order. `stored` gives the elements of a source. */
export function naive(
  program: Program,
  stored: (source: number) => { shape: Shape; data: ArrayLike<number> },
  step: number = program.steps.length - 1,
): number[] {
  const one = program.steps[step];
  const of = (arg: number): number[] => naive(program, stored, arg);
  const shapeOf = (arg: number): Shape => program.steps[arg].shape;
  const each = (at: (coords: number[]) => number): number[] =>
    Array.from({ length: sizeOf(one.shape) }, (_, i) => at(blockCoords(one.shape, i)));
  const clamp = (shape: Shape, coords: number[]): number[] =>
    coords.map((c, axis) => (shape[axis] === 1 ? 0 : c));
  switch (one.kind) {
    case "literal":
      return Array.from(program.literals[one.literal].data, Number);
    case "source": {
      const { shape, data } = stored(one.source);
      return each(
        (at) =>
          data[
            blockIndex(
              shape,
              at.map((c, axis) => positionAt(one.selection[axis], c)),
            )
          ],
      );
    }
    case "elementwise": {
      const args = one.args.map(of);
      return each((at) =>
        scalar(
          one.program,
          args.map((arg, k) => arg[blockIndex(shapeOf(one.args[k]), clamp(shapeOf(one.args[k]), at))]),
        ),
      );
    }
    case "view": {
      const arg = of(one.arg);
      return each((at) => {
        const from = shapeOf(one.arg).map(() => 0);
        one.axes.forEach((axis, i) => axis !== null && (from[axis] = at[i]));
        return arg[blockIndex(shapeOf(one.arg), from)];
      });
    }
    case "broadcast": {
      const arg = of(one.arg);
      return each((at) => arg[blockIndex(shapeOf(one.arg), clamp(shapeOf(one.arg), at))]);
    }
    case "select": {
      const arg = of(one.arg);
      return each(
        (at) =>
          arg[
            blockIndex(
              shapeOf(one.arg),
              at.map((c, axis) => positionAt(one.selection[axis], c)),
            )
          ],
      );
    }
    case "concat": {
      const args = one.args.map(of);
      return each((at) => {
        let k = 0;
        const from = [...at];
        while (from[one.axis] >= shapeOf(one.args[k])[one.axis])
          from[one.axis] -= shapeOf(one.args[k++])[one.axis];
        return args[k][blockIndex(shapeOf(one.args[k]), from)];
      });
    }
    case "reduce":
      return reduced(one, of(one.arg), shapeOf(one.arg), (coords) =>
        coords.map((c, axis) => (one.axes.includes(axis) ? 0 : c)),
      );
    case "groupReduce": {
      const codes = program.literals[one.codes].data;
      return reduced(one, of(one.arg), shapeOf(one.arg), (coords) =>
        Number(codes[coords[one.axis]]) < 0
          ? null
          : coords.map((c, axis) => (axis === one.axis ? Number(codes[c]) : c)),
      );
    }
    case "combine": {
      // the tree is there for the blocks: what it gives is the reduction at once
      let at = one.arg;
      let from = program.steps[at];
      while (from.kind === "combine") from = program.steps[(at = from.arg)];
      if (from.kind !== "reduce" && from.kind !== "groupReduce")
        throw new Error("a partial reduction was due");
      const whole = { ...from, partial: null, shape: one.shape, fields: one.fields };
      const steps: Step[] = [...program.steps.slice(0, at), whole];
      return naive({ ...program, steps }, stored);
    }
    case "input":
    case "tuple":
    case "write":
      throw new Error(`no ${one.kind} steps here`);
  }
}

function reduced(
  step: Step & { readonly reduction: Reduction },
  data: number[],
  shape: Shape,
  place: (coords: number[]) => number[] | null,
): number[] {
  const groups: number[][] = Array.from({ length: sizeOf(step.shape) }, () => []);
  data.forEach((value, i) => {
    const to = place(blockCoords(shape, i));
    if (to && !Number.isNaN(value)) groups[blockIndex(step.shape, to)].push(value);
  });
  const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);
  return groups.map((list) => {
    switch (step.reduction.name) {
      case "sum":
        return sum(list);
      case "count":
        return list.length;
      case "max":
        return list.length > 0 ? Math.max(...list) : NaN;
      case "mean":
        return sum(list) / list.length;
      default:
        throw new Error(`no ${step.reduction.name} here`);
    }
  });
}

function scalar(program: ScalarProgram, inputs: number[]): number {
  const values: number[] = [];
  for (const op of program.ops) {
    const arg = (k: number): number => values[(op as { args: readonly number[] }).args[k]];
    if (op.op === "input") values.push(inputs[op.input]);
    else if (op.op === "constant") values.push(Number(op.value));
    else if (op.op === "add") values.push(arg(0) + arg(1));
    else if (op.op === "subtract") values.push(arg(0) - arg(1));
    else if (op.op === "multiply") values.push(arg(0) * arg(1));
    else throw new Error(`no ${op.op} here`);
  }
  return values[values.length - 1];
}
