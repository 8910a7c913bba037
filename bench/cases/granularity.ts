/**
 * Owns the case of the smallest tasks that are worth it: METG(50 %), the length of a task at which two workers of one thread
 * each do nothing but work half of their time. Lengths are swept from long to short; what a task's work alone takes is measured
 * in this process first, with the kernels that the workers use.
 */
import { regularAxis } from "@hyperslab/core/chunk-grid";
import type { Plan } from "@hyperslab/core/plan";
import type { Program } from "@hyperslab/core/program";
import type { ScalarOp } from "@hyperslab/core/scalar-program";
import { evaluateLocal } from "@hyperslab/executor/run-task";
import { Cluster } from "hyperslab";
import type { Case, Scale } from "../case.js";

/** Elements of a task's block. */
const ELEMENTS = 64;
const FIELDS = ["float64"] as const;
/** Operations on each element, from long tasks to short ones. */
const OPS: Record<Scale, readonly number[]> = {
  tiny: [8],
  ci: [128, 64, 32, 16, 8, 4, 2, 1],
  full: [256, 128, 64, 32, 16, 8, 4, 2, 1],
};
/** Work of one point of the sweep, in milliseconds of one thread, and tasks at most. */
const WORK: Record<Scale, number> = { tiny: 1, ci: 400, full: 2_000 };
const MOST = 50_000;
const WORKERS = 2;

/** `tasks` tasks of `ops` sines, one of the other, on {@link ELEMENTS} elements. */
function programOf(tasks: number, ops: number): Program {
  const shape = [tasks * ELEMENTS];
  const chain: ScalarOp[] = [{ op: "input", input: 0, dtype: "float64" }];
  for (let i = 0; i < ops; i++) chain.push({ op: "sin", args: [i], dtype: "float64" });
  return {
    sources: [],
    targets: [],
    literals: [{ dtype: "float64", shape: [1], data: Float64Array.of(1) }],
    steps: [
      { kind: "literal", literal: 0, shape: [1], fields: FIELDS },
      { kind: "broadcast", arg: 0, shape, fields: FIELDS },
      { kind: "elementwise", program: { inputs: FIELDS, ops: chain }, args: [1], shape, fields: FIELDS },
    ],
  };
}

/** Microseconds that the work of one task takes, without all around it. */
function workOf(ops: number): number {
  const together = 64;
  const program = programOf(together, ops);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60; round++) {
    const start = performance.now();
    evaluateLocal(program);
    best = Math.min(best, performance.now() - start);
  }
  return (1000 * best) / together;
}

export const granularity: Case = {
  name: "granularity",
  title: "METG(50 %): the length of a task at which two workers spend half of their time on the work itself",
  variants: (scale) => [
    {
      name: "",
      parameters: { elements: ELEMENTS, ops: OPS[scale] },
      unit: "ms",
      work: 1,
      peer: null,
      limit: null,
      tolerance: 0,
      once: true,
    },
  ],
  async open(_variant, { scale }) {
    const cluster = await Cluster.local({ workers: WORKERS, threads: 1 });
    const facts: Record<string, number> = {};
    const timeOf = async (tasks: number, ops: number): Promise<number> => {
      const cost = { output: 8 * ELEMENTS, working: 0, read: 0 };
      const grid = [regularAxis(tasks * ELEMENTS, ELEMENTS)];
      const program = programOf(tasks, ops);
      const plan: Plan = {
        stages: [{ name: "work", grid, fields: FIELDS, inputs: [], cost, program }],
        outputs: [0],
      };
      const start = performance.now();
      let count = 0;
      for await (const { block } of cluster.executor.run(plan)) count += block.shape[0];
      if (count !== tasks * ELEMENTS) throw new RangeError(`${count} elements of ${tasks} tasks`);
      return performance.now() - start;
    };
    return {
      async run() {
        let smallest = Number.POSITIVE_INFINITY;
        for (const ops of OPS[scale]) {
          const work = workOf(ops);
          const tasks = Math.max(4, Math.min(MOST, Math.round((1000 * WORK[scale]) / work)));
          await timeOf(tasks, ops);
          const time = Math.min(await timeOf(tasks, ops), await timeOf(tasks, ops));
          const share = (tasks * work) / 1000 / WORKERS / time;
          facts[`at ${work.toPrecision(2)} us`] = share;
          if (share >= 0.5) smallest = Math.min(smallest, work);
        }
        facts["metgMicroseconds"] = smallest;
        return smallest / 1e6;
      },
      outcome: () => ({ data: Float64Array.of(1), facts }),
      close: () => cluster.close(),
    };
  },
};
