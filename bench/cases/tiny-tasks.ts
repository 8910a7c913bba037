/**
 * Owns the case of tasks that do nothing to speak of, through a scheduler and two workers of one thread each, as
 * processes, over real WebSockets. The plans are made by hand: the planner would fuse such tasks away.
 */
import { positions, slice } from "@hyperslab/core/box";
import { regularAxis } from "@hyperslab/core/chunk-grid";
import type { AxisMap, Plan, Stage } from "@hyperslab/core/plan";
import type { Program, Step } from "@hyperslab/core/program";
import { reduction } from "@hyperslab/core/reduction";
import { Cluster } from "hyperslab";
import type { Case, Scale } from "../case.js";

const FIELDS = ["float64"] as const;
const ADD = {
  inputs: ["float64", "float64"] as const,
  ops: [
    { op: "input", input: 0, dtype: "float64" },
    { op: "input", input: 1, dtype: "float64" },
    { op: "add", args: [0, 1], dtype: "float64" },
  ] as const,
};

function stageOf(name: string, count: number, steps: Step[], input?: { stage: number; map: AxisMap }): Stage {
  const program: Program = {
    sources: [],
    targets: [],
    literals: [{ dtype: "float64", shape: [1], data: Float64Array.of(1) }],
    steps,
  };
  return {
    name,
    grid: [regularAxis(count, 1)],
    fields: FIELDS,
    inputs: input ? [{ stage: input.stage, axes: [input.map] }] : [],
    cost: { output: 8, working: 8, read: 0 },
    program,
  };
}

/** `count` tasks, each of which yields 1. */
function ones(count: number): Stage {
  return stageOf("one", count, [
    { kind: "literal", literal: 0, shape: [1], fields: FIELDS },
    { kind: "broadcast", arg: 0, shape: [count], fields: FIELDS },
  ]);
}

/** One task that adds up the blocks of stage 0. */
function total(count: number): Stage {
  const steps: Step[] = [
    { kind: "input", input: 0, first: 0, shape: [count], fields: FIELDS },
    {
      kind: "reduce",
      arg: 0,
      reduction: reduction("sum", "float64"),
      axes: [0],
      partial: null,
      shape: [1],
      fields: FIELDS,
    },
  ];
  const { cost, ...stage } = stageOf("total", 1, steps, {
    stage: 0,
    map: { kind: "range", start: 0, stop: count },
  });
  return { ...stage, cost: { ...cost, working: 8 * count } };
}

/** `count` tasks, each of which adds two blocks of the stage before. */
function pairs(count: number, from: number): Stage {
  const input: Step = { kind: "input", input: 0, first: 0, shape: [2 * count], fields: FIELDS };
  const every = (start: number): Step => ({
    kind: "select",
    arg: 0,
    selection: [slice(start, count, 2)],
    shape: [count],
    fields: FIELDS,
  });
  const add: Step = { kind: "elementwise", program: ADD, args: [1, 2], shape: [count], fields: FIELDS };
  return stageOf("pairs", count, [input, every(0), every(1), add], {
    stage: from,
    map: { kind: "tree", axis: 0, fanIn: 2 },
  });
}

/** `count` tasks, each of which adds up three blocks of the stage before, in no order. */
function threes(count: number, from: number): Stage {
  // every block is read three times: none is left out
  const picked = Array.from({ length: 3 }, (_, k) => shuffled(count, 3 * from + k + 1));
  const blocks = picked[0].flatMap((_, i) => [...new Set(picked.map((one) => one[i]))].sort((a, b) => a - b));
  const offsets = [0];
  picked[0].forEach((_, i) => offsets.push(offsets[i] + new Set(picked.map((one) => one[i])).size));
  const steps: Step[] = [{ kind: "input", input: 0, first: 0, shape: [count], fields: FIELDS }];
  for (const picks of picked)
    steps.push({
      kind: "select",
      arg: 0,
      selection: [positions(picks)],
      shape: [count],
      fields: FIELDS,
    });
  steps.push({ kind: "elementwise", program: ADD, args: [1, 2], shape: [count], fields: FIELDS });
  steps.push({ kind: "elementwise", program: ADD, args: [4, 3], shape: [count], fields: FIELDS });
  return stageOf("threes", count, steps, { stage: from, map: { kind: "table", axis: 0, offsets, blocks } });
}

/** The numbers below `count` in an order that only the seed decides. */
function shuffled(count: number, seed: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  let state = Math.imul(seed, 0x9e37_79b9) | 1;
  for (let i = count - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}

function planOf(kind: string, size: number): Plan {
  switch (kind) {
    case "map":
      return { stages: [ones(size)], outputs: [0] };
    case "merge":
      return { stages: [ones(size), total(size)], outputs: [1] };
    case "tree": {
      const stages = [ones(2 ** size)];
      for (let level = size - 1; level >= 0; level--) stages.push(pairs(2 ** level, stages.length - 1));
      return { stages, outputs: [stages.length - 1] };
    }
    default: {
      // ten layers
      const width = size / 10;
      const stages = [ones(width)];
      while (stages.length < 10) stages.push(threes(width, stages.length - 1));
      return { stages, outputs: [9] };
    }
  }
}

const tasksOf = (kind: string, size: number): number =>
  kind === "tree" ? 2 ** (size + 1) - 1 : kind === "merge" ? size + 1 : size;

type Kind = readonly [name: string, kind: string, size: number, peer: boolean];

const KINDS: Record<Scale, readonly Kind[]> = {
  tiny: [
    ["map-100", "map", 100, true],
    ["merge-100", "merge", 100, true],
    ["tree-5", "tree", 5, true],
    ["graph-100", "graph", 100, false],
  ],
  ci: [
    ["map-10k", "map", 10_000, true],
    ["map-100k", "map", 100_000, false],
    ["map-1M", "map", 1_000_000, false],
    ["merge-10k", "merge", 10_000, true],
    ["merge-100k", "merge", 100_000, false],
    ["tree-15", "tree", 15, true],
    ["tree-20", "tree", 20, false],
    ["graph-100k", "graph", 100_000, false],
  ],
  full: [
    ["map-10k", "map", 10_000, true],
    ["map-100k", "map", 100_000, true],
    ["map-1M", "map", 1_000_000, false],
    ["merge-10k", "merge", 10_000, true],
    ["merge-100k", "merge", 100_000, true],
    ["tree-15", "tree", 15, true],
    ["tree-20", "tree", 20, false],
    ["graph-100k", "graph", 100_000, false],
  ],
};

export const tinyTasks: Case = {
  name: "tiny-tasks",
  title: "tasks of one number: all results, their sum in one task or by pairs, layers of three inputs each",
  variants: (scale) =>
    KINDS[scale].map(([name, kind, size, peer]) => ({
      name,
      parameters: { kind, size, tasks: tasksOf(kind, size) },
      unit: "tasks/s",
      work: tasksOf(kind, size),
      peer: peer ? "tiny_tasks" : null,
      peerRounds: 2,
      limit: kind === "map" ? { name: "WebSocket tasks in batches of 16", work: size } : null,
      tolerance: 0,
    })),
  async open({ parameters }) {
    const kind = String(parameters["kind"]);
    const plan = planOf(kind, Number(parameters["size"]));
    const last = plan.stages[plan.stages.length - 1].grid[0];
    const data = new Float64Array(last.kind === "regular" ? last.length : 1);
    const cluster = await Cluster.local({ workers: 2, threads: 1 });
    return {
      async run() {
        for await (const { index, block } of cluster.executor.run(plan)) data[index] = Number(block.data[0]);
      },
      outcome: () => ({ data, facts: { tasks: Number(parameters["tasks"]) } }),
      close: () => cluster.close(),
    };
  },
};
