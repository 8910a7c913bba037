import {
  elementwise,
  groupReduce,
  literal,
  rechunk,
  reduce,
  select,
  view,
  write,
} from "@hyperslab/array/build";
import { printPlan } from "@hyperslab/array/explain";
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { optimise } from "@hyperslab/array/optimise";
import { combineRounds } from "@hyperslab/array/tree";
import { slice } from "@hyperslab/core/box";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { expand } from "@hyperslab/core/task-graph";
import { describe, expect, it } from "vitest";
import { stored } from "./stored.js";

// blocks of 64.8 kB times 256: enough that the reading tasks are not joined
const x = stored("x", [96, 900, 1800], [8, 900, 1800]);
const mean = (node: Node, axes: number[]): Node => reduce(node, reduction("mean", node.dtype), axes);
const plan = (...nodes: Node[]): string => printPlan(lower(optimise(nodes)), 2);

describe("lower", () => {
  it("makes one stage of a chain over stored data", () => {
    expect(plan(elementwise("sqrt", [elementwise("add", [elementwise("square", [x]), 1])])))
      .toMatchInlineSnapshot(`
        "stage 0: square·add·sqrt x, 12 tasks, result
          does  read → elementwise(3 ops)
          bytes 49.4 MiB out, 98.9 MiB working a task; 593 MiB read in all
        12 tasks in 1 stage; reads 593 MiB (decoded); predicted peak memory 297 MiB with 2 tasks at a time (297 MiB running, 0 B kept)"
      `);
  });
  it("reduces where it reads, then merges in rounds", () => {
    expect(plan(view(mean(x, [0]), [1, 2]))).toMatchInlineSnapshot(`
      "stage 0: mean x partial, 6 tasks
        does  read → mean partial
        goes  through pieces of 8 along axis 0, one at a time: 12 in all, about 2 a task
        bytes 24.7 MiB out, 124 MiB working a task; 593 MiB read in all
      stage 1: mean x combine, 2 tasks
        does  input → combine mean
        takes stage 0 by 4 to 1 × block 0 × block 0
        bytes 24.7 MiB out, 0 B working a task; 0 B read in all
      stage 2: mean x, 1 task, result
        does  input → finish mean → view
        takes stage 1 by blocks 0..1 × block 0 × block 0
        bytes 6.2 MiB out, 30.9 MiB working a task; 0 B read in all
      9 tasks in 3 stages; reads 593 MiB (decoded); predicted peak memory 346 MiB with 2 tasks at a time (297 MiB running, 49.4 MiB kept)"
    `);
  });
  it("finishes a reduction within the block where the axis is in one chunk", () => {
    expect(plan(elementwise("subtract", [x, mean(x, [2])]))).toMatchInlineSnapshot(`
      "stage 0: subtract x, 12 tasks, result
        does  read → mean → elementwise(1 ops)
        bytes 49.4 MiB out, 98.9 MiB working a task; 593 MiB read in all
      12 tasks in 1 stage; reads 593 MiB (decoded); predicted peak memory 297 MiB with 2 tasks at a time (297 MiB running, 0 B kept)"
    `);
  });
  it("keeps a result that many blocks use, and reads the data again rather than keeping it", () => {
    expect(plan(elementwise("subtract", [x, mean(x, [0])]))).toMatchInlineSnapshot(`
      "stage 0: mean x partial, 6 tasks
        does  read → mean partial
        goes  through pieces of 8 along axis 0, one at a time: 12 in all, about 2 a task
        bytes 24.7 MiB out, 124 MiB working a task; 593 MiB read in all
      stage 1: mean x combine, 2 tasks
        does  input → combine mean
        takes stage 0 by 4 to 1 × block 0 × block 0
        bytes 24.7 MiB out, 0 B working a task; 0 B read in all
      stage 2: mean x, 1 task
        does  input → finish mean
        takes stage 1 by blocks 0..1 × block 0 × block 0
        bytes 6.2 MiB out, 24.7 MiB working a task; 0 B read in all
      stage 3: subtract x, 12 tasks, result
        does  read → input → elementwise(1 ops)
        takes stage 2 by block 0 × block 0 × block 0
        bytes 49.4 MiB out, 105 MiB working a task; 593 MiB read in all
      21 tasks in 4 stages; reads 1.2 GiB (decoded); predicted peak memory 346 MiB with 2 tasks at a time (297 MiB running, 49.4 MiB kept)"
    `);
  });
  it("reduces groups", () => {
    const codes = Int32Array.from({ length: 96 }, (_, i) => i % 12);
    expect(plan(groupReduce(x, reduction("sum", "float32"), 0, codes, 12))).toMatchInlineSnapshot(`
      "stage 0: group sum x partial, 6 tasks
        does  read → group sum partial
        goes  through pieces of 8 along axis 0, one at a time: 12 in all, about 2 a task
        bytes 148 MiB out, 247 MiB working a task; 593 MiB read in all
      stage 1: group sum x combine, 2 tasks
        does  input → combine sum
        takes stage 0 by 4 to 1 × block 0 × block 0
        bytes 148 MiB out, 0 B working a task; 0 B read in all
      stage 2: group sum x, 1 task, result
        does  input → finish sum
        takes stage 1 by blocks 0..1 × block 0 × block 0
        bytes 74.2 MiB out, 148 MiB working a task; 0 B read in all
      9 tasks in 3 stages; reads 593 MiB (decoded); predicted peak memory 1.1 GiB with 2 tasks at a time (544 MiB running, 593 MiB kept)"
    `);
  });
  it("makes blocks of blocks for a change of chunks", () => {
    expect(plan(rechunk(x, regularGrid([96, 900, 1800], [96, 300, 600])))).toMatchInlineSnapshot(`
      "stage 0: read x, 36 tasks
        does  read
        bytes 16.5 MiB out, 115 MiB working a task; 1.7 GiB read in all
      stage 1: rechunk x, 9 tasks, result
        does  input
        takes stage 0 by blocks 0..11 × same × block 0
        bytes 65.9 MiB out, 65.9 MiB working a task; 0 B read in all
      45 tasks in 2 stages; reads 1.7 GiB (decoded); predicted peak memory 478 MiB with 2 tasks at a time (264 MiB running, 214 MiB kept)"
    `);
  });
  it("reads one block for one point, whatever is computed on the way", () => {
    const point = [slice(50, 1), slice(3, 1), slice(4, 1)];
    const { stages } = lower(optimise([select(elementwise("add", [x, 1]), point)]));
    expect(stages).toHaveLength(1);
    expect(stages[0].cost.read).toBe(8 * 900 * 1800 * 4);
  });
  it("writes where it computes", () => {
    const target = {
      format: "zarr",
      store: { kind: "file", path: "/out.zarr" },
      path: "x",
      detail: null,
    } as const;
    expect(plan(write(elementwise("add", [x, 1]), target))).toMatchInlineSnapshot(`
      "stage 0: write x, 12 tasks, result
        does  read → elementwise(1 ops) → write
        bytes 1 B out, 198 MiB working a task; 593 MiB read in all
      12 tasks in 1 stage; reads 593 MiB (decoded); predicted peak memory 396 MiB with 2 tasks at a time (396 MiB running, 0 B kept)"
    `);
  });
  it("shares what two results have in common", () => {
    const monthly = mean(x, [0]);
    const { stages, outputs } = lower(
      optimise([elementwise("add", [monthly, 1]), elementwise("multiply", [monthly, 2])]),
    );
    expect(stages).toHaveLength(5);
    expect(outputs).toEqual([3, 4]);
  });
  it("reads once for several reductions of the same blocks", () => {
    const deviation = reduce(x, reduction("std", "float32"), [0]);
    const { stages } = lower(
      optimise([elementwise("divide", [mean(x, [0]), deviation]), mean(elementwise("square", [x]), [0])]),
    );
    expect(stages.filter(({ cost }) => cost.read > 0).map(({ name }) => name)).toEqual([
      "mean x, std x partial",
    ]);
    expect(stages[0].fields).toHaveLength(7);
  });
  it("does not share a stage where one reduction needs the other", () => {
    const centred = elementwise("subtract", [x, mean(x, [0])]);
    const { stages } = lower(optimise([mean(elementwise("square", [centred]), [0])]));
    expect(stages.filter(({ name }) => name.endsWith("partial"))).toHaveLength(2);
  });
  it("has data in memory as literals of its program", () => {
    const data = literal({ dtype: "float64", shape: [2], data: Float64Array.of(1, 2) });
    const { stages } = lower([elementwise("add", [data, data])]);
    expect(stages[0].program.literals).toHaveLength(1);
    expect(stages[0].cost.read).toBe(0);
  });
  it("knows all edges: every block of a stage is needed by some block after it", () => {
    const nodes = optimise([
      elementwise("subtract", [x, mean(x, [0])]),
      rechunk(x, regularGrid([96, 900, 1800], [5, 7, 1800])),
    ]);
    const graph = expand(lower(nodes));
    const outputs = new Set(graph.plan.outputs);
    for (let task = 0; task < graph.taskCount; task++) {
      const used = graph.dependentStart[task + 1] > graph.dependentStart[task];
      const stage = graph.plan.stages.findIndex((_, s) => task < graph.firstTask[s + 1]);
      expect(used || outputs.has(stage)).toBe(true);
    }
  });
});

describe("rounds of a reduction", () => {
  it("merge as many partial states as fit, the last axis first", () => {
    expect(combineRounds([100], 1000)).toEqual([[32], [4]]);
    expect(combineRounds([10, 10], 1000)).toEqual([
      [3, 10],
      [4, 1],
    ]);
    expect(combineRounds([100], 32 * 2 ** 20)).toEqual([[4], [4], [4], [2]]);
    expect(combineRounds([1, 1], 8)).toEqual([[1, 1]]);
  });
});
