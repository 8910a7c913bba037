/** What a stage promises to hold is more than what its tasks touch of the thread's arena. */
import { elementwise, groupReduce, reduce } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import type { Node } from "@hyperslab/array/node";
import { source } from "@hyperslab/array/build";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import type { SourceRef } from "@hyperslab/core/source-ref";
import { runTask } from "@hyperslab/executor/run-task";
import { taskStagesOf } from "@hyperslab/executor/task-stage";
import { threadArena } from "@hyperslab/executor/thread-arena";
import { describe, expect, it } from "vitest";

const REF: SourceRef = { format: "zarr", store: { kind: "process", id: 1 }, path: "/x", detail: null };
const SHAPE = [96, 40, 500];
const x = source(REF, "x", "float32", regularGrid(SHAPE, [4, 40, 500]));
const months = Int32Array.from({ length: 96 }, (_, i) => Math.floor(i / 24));
const hours = Int32Array.from({ length: 96 }, (_, i) => i % 3);
const of = (name: "mean" | "std" | "max" | "argmax"): ReturnType<typeof reduction> =>
  reduction(name, "float32");

const CASES: Readonly<Record<string, Node>> = {
  "a maximum along the last axis": reduce(x, of("max"), [2]),
  "a mean of everything": reduce(x, of("mean"), [0, 1, 2]),
  "a mean over time": reduce(x, of("mean"), [0]),
  "a deviation over time": reduce(x, of("std"), [0]),
  "the place of the maximum": reduce(x, of("argmax"), [0]),
  "what is computed from two reads": reduce(
    elementwise("add", [x, elementwise("sqrt", [x])]),
    of("mean"),
    [0],
  ),
  "groups one by one": groupReduce(x, of("mean"), 0, months, 4),
  "groups that stand everywhere": groupReduce(x, of("std"), 0, hours, 3),
};

describe.skipIf(threadArena() === null)("the promise of a stage holds for", () => {
  // the arena remembers the most it ever touched: so the cases come by what they promise
  const byPromise = Object.entries(CASES)
    .map(([name, node]) => ({ name, plan: lower([node]) }))
    .sort((a, b) => a.plan.stages[0].cost.working - b.plan.stages[0].cost.working);
  for (const { name, plan } of byPromise)
    it(name, async () => {
      const [stage] = taskStagesOf(plan);
      const { fields } = await runTask(stage, 0, [], {
        openSource: () => ({
          ref: REF,
          describe: () => {
            throw new Error("nobody asks");
          },
          readBlock: async (_selection, into) => {
            for (let i = 0; i < into.data.length; i++) into.data[i] = i % 9;
          },
        }),
      });
      expect(fields.length).toBe(stage.fields.length);
      expect(threadArena()?.held).toBe(0);
      expect(threadArena()?.highWater).toBeLessThanOrEqual(plan.stages[0].cost.working + 16 * 256);
    });
});
