/** Random programs, cut at random: blocks computed one by one are what the whole is. */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, positionAt, positions, slice } from "@hyperslab/core/box";
import {
  type ChunkGrid,
  axisFromChunks,
  blockCoords,
  blockTotal,
  chunkCount,
} from "@hyperslab/core/chunk-grid";
import { type ReductionName, reduction } from "@hyperslab/core/reduction";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { inlineExecutor } from "@hyperslab/executor/inline";
import { evaluateLocal } from "@hyperslab/executor/run-task";
import type { ArraySource } from "@hyperslab/storage/source";
import fc from "fast-check";
import { expect, it } from "vitest";
import { collect, elements } from "./collect.js";
import { naive } from "./naive-program.js";
import { ProgramBuilder, affine, binary, float64, planOf, stageOf } from "./plan-builder.js";

/** Numbers from a list that fast-check made: choices without nesting arbitraries. */
type Choose = (below: number) => number;

const REF: SourceRef = { format: "zarr", store: { kind: "process", id: 0 }, path: "/a", detail: null };

function chooser(list: readonly number[]): Choose {
  let i = 0;
  return (below) => (below <= 1 ? 0 : list[i++ % list.length] % below);
}

function randomBlock(choose: Choose): Block {
  const nan = choose(3) === 0;
  return float64([1 + choose(5), 1 + choose(6)], () => (nan && choose(6) === 0 ? NaN : choose(100) - 50));
}

function randomSelection(choose: Choose, length: number): AxisSelection {
  if (choose(2) === 0) {
    const step = 1 + choose(2);
    const most = Math.ceil(length / step);
    const count = 1 + choose(most);
    const last = (count - 1) * step;
    const start = choose(length - last);
    return choose(2) === 0 ? slice(start, count, step) : slice(start + last, count, -step);
  }
  return positions(Array.from({ length: 1 + choose(6) }, () => choose(length)));
}

function randomAxis(choose: Choose, length: number) {
  const chunks: number[] = [];
  for (let left = length; left > 0; left -= chunks[chunks.length - 1]) chunks.push(1 + choose(left));
  return chunks.length > 0 ? axisFromChunks(chunks) : { kind: "regular" as const, length: 0, chunk: 1 };
}

const REDUCTIONS: readonly ReductionName[] = ["sum", "max", "mean", "count"];

function randomProgram(choose: Choose, stored: Block[]): ProgramBuilder {
  const p = new ProgramBuilder();
  // float64 alone goes on: counts are results only
  const usable: number[] = [];
  const pick = (): number => usable[usable.length - 1 - choose(Math.min(3, usable.length))];
  const leaf = (): number => {
    const block = randomBlock(choose);
    if (choose(2) === 0) return p.literal(block);
    stored.push(block);
    return p.source(
      REF,
      "float64",
      block.shape.map((length) => randomSelection(choose, length)),
    );
  };
  usable.push(leaf());
  for (let n = 2 + choose(7); n > 0; n--) {
    const arg = pick();
    const shape = p.shapeOf(arg);
    const name = REDUCTIONS[choose(3)];
    const reduce = reduction(name, "float64");
    switch (choose(9)) {
      case 0:
        usable.push(leaf());
        break;
      case 1:
        usable.push(p.elementwise(affine(1 + choose(2), choose(5)), arg));
        break;
      case 2: {
        const other = usable.find((one) => p.shapeOf(one).every((l, axis) => l === shape[axis] || l === 1));
        usable.push(p.elementwise(binary("add"), arg, other ?? arg));
        break;
      }
      case 3:
        usable.push(p.view(arg, [1, 0]));
        break;
      case 4:
        usable.push(
          p.select(
            arg,
            shape.map((length) => randomSelection(choose, length)),
          ),
        );
        break;
      case 5: {
        const axis = choose(2);
        const part = p.select(
          arg,
          shape.map((length, k) => (k === axis ? randomSelection(choose, length) : slice(0, length))),
        );
        usable.push(choose(2) === 0 ? p.concat(axis, arg, part) : p.concat(axis, part, arg, part));
        break;
      }
      case 6:
        usable.push(p.broadcast(p.reduce(arg, reduce, [choose(2)]), shape));
        break;
      case 7: {
        const axes = choose(2) === 0 ? [choose(2)] : [0, 1];
        const partial = axes.map((axis) => randomAxis(choose, shape[axis]));
        let state = p.reduce(arg, reduce, axes, partial);
        const fanIns = axes.map((_, k) => 1 + choose(chunkCount(partial[k])));
        state = p.combine(
          state,
          reduce,
          axes.map((axis, k) => ({ axis, fanIn: fanIns[k], width: 1 })),
          false,
        );
        const rest = axes.map((axis) => ({ axis, fanIn: Math.max(1, p.shapeOf(state)[axis]), width: 1 }));
        usable.push(p.combine(state, reduce, rest, true));
        break;
      }
      default: {
        const axis = choose(2);
        const groups = 1 + choose(3);
        const codes = Array.from({ length: shape[axis] }, () => choose(groups + 1) - 1);
        if (choose(2) === 0) usable.push(p.groupReduce(arg, reduce, axis, codes, groups));
        else {
          const partial = randomAxis(choose, shape[axis]);
          const state = p.groupReduce(arg, reduce, axis, codes, groups, partial);
          usable.push(p.combine(state, reduce, [{ axis, fanIn: chunkCount(partial), width: groups }], true));
        }
      }
    }
  }
  return p;
}

function sourceOver(block: Block): ArraySource {
  const strides = stridesOf(block.shape);
  return {
    ref: REF,
    describe: () => {
      throw new Error("not needed");
    },
    async readBlock(selection, into) {
      for (let i = 0; i < sizeOf(into.shape); i++) {
        const at = blockCoords(into.shape, i).map(
          (c, axis) => positionAt(selection[axis], c) * strides[axis],
        );
        into.data[i] = block.data[at.reduce((a, b) => a + b, 0)];
      }
    },
  };
}

/** Sums of means depend on the order in the last bits. */
function expectClose(found: readonly (number | string)[], truth: readonly number[]): void {
  expect(found).toHaveLength(truth.length);
  truth.forEach((value, i) => {
    const near = Math.abs(Number(found[i]) - value) <= 1e-9 * Math.max(1, Math.abs(value));
    if (!near && !Object.is(found[i], value)) expect(found).toEqual(truth);
  });
}

it("computes in blocks what it computes at once", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1_000_000), { minLength: 60, maxLength: 120 }), async (list) => {
      const choose = chooser(list);
      const stored: Block[] = [];
      const p = randomProgram(choose, stored);
      p.sources.forEach((ref, i) => (p.sources[i] = { ...ref, path: `/${i}` }));
      const program = p.build();
      const last = program.steps[program.steps.length - 1];
      const grid: ChunkGrid = last.shape.map((length) => randomAxis(choose, length));
      const openSource = (ref: SourceRef): ArraySource => sourceOver(stored[Number(ref.path.slice(1))]);
      const plan = planOf([stageOf("random", grid, p)]);
      const [result] = await collect(inlineExecutor({ openSource }), plan);
      const truth = naive(program, (source) => ({
        shape: stored[source].shape,
        data: stored[source].data as Float64Array,
      }));
      expect(blockTotal(grid)).toBeGreaterThan(0);
      expectClose(elements(result), truth);
      if (stored.length === 0) expectClose(elements(evaluateLocal(program)), truth);
    }),
    { numRuns: 250 },
  );
});
