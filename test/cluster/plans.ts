/** Plans for tests of whole clusters: small data, as much computing as wanted. */
import { regularAxis, wholeGrid } from "@hyperslab/core/chunk-grid";
import type { OutputBlock } from "@hyperslab/core/executor";
import type { Plan, Stage } from "@hyperslab/core/plan";
import { reduction } from "@hyperslab/core/reduction";
import type { ScalarOp } from "@hyperslab/core/scalar-program";

export interface HeavyOptions {
  readonly blocks: number;
  /** Elements of a block. */
  readonly elements?: number;
  /** How often the sine is taken of each element. */
  readonly rounds?: number;
  /** Whether the blocks themselves are results, or their sum. */
  readonly whole?: boolean;
}

/** `sin(sin(…(0, 1, 2, …)))`, block by block, and its sum. */
export function heavyPlan({ blocks, elements = 1_000, rounds = 2, whole = false }: HeavyOptions): Plan {
  const length = blocks * elements;
  const fields = ["float64"] as const;
  const ops: ScalarOp[] = [{ op: "input", input: 0, dtype: "float64" }];
  for (let i = 0; i < rounds; i++) ops.push({ op: "sin", args: [i], dtype: "float64" });
  const row = Float64Array.from({ length: elements }, (_, i) => i);
  const grid = [regularAxis(blocks, 1), regularAxis(elements, elements)];
  const shape = [blocks, elements];
  const heavy: Stage = {
    name: "heavy",
    grid,
    fields,
    inputs: [],
    cost: { output: 8 * elements, working: 16 * elements, read: 0 },
    where: "plans.ts:1",
    program: {
      sources: [],
      targets: [],
      literals: [{ dtype: "float64", shape: [1, elements], data: row }],
      steps: [
        { kind: "literal", literal: 0, shape: [1, elements], fields },
        { kind: "broadcast", arg: 0, shape, fields },
        { kind: "elementwise", program: { inputs: ["float64"], ops }, args: [1], shape, fields },
      ],
    },
  };
  const sum: Stage = {
    name: "sum",
    grid: wholeGrid([1, 1]),
    fields,
    inputs: [
      {
        stage: 0,
        axes: [
          { kind: "range", start: 0, stop: blocks },
          { kind: "range", start: 0, stop: 1 },
        ],
      },
    ],
    cost: { output: 8, working: 8 * length, read: 0 },
    program: {
      sources: [],
      targets: [],
      literals: [],
      steps: [
        { kind: "input", input: 0, first: 0, shape, fields },
        {
          kind: "reduce",
          arg: 0,
          reduction: reduction("sum", "float64"),
          axes: [0, 1],
          partial: null,
          shape: [1, 1],
          fields,
        },
      ],
    },
  };
  return whole ? { stages: [heavy], outputs: [0] } : { stages: [heavy, sum], outputs: [1] };
}

/** A plan that can only fail: its source is a file that is not there. */
export function failingPlan(): Plan {
  const fields = ["float64"] as const;
  return {
    stages: [
      {
        name: "missing",
        grid: [regularAxis(4, 2)],
        fields,
        inputs: [],
        cost: { output: 16, working: 16, read: 16 },
        where: "plans.ts:2",
        program: {
          sources: [
            { format: "netcdf3", store: { kind: "file", path: "/nowhere/at.nc" }, path: "x", detail: {} },
          ],
          targets: [],
          literals: [],
          steps: [
            {
              kind: "source",
              source: 0,
              selection: [{ kind: "slice", start: 0, step: 1, length: 4 }],
              shape: [4],
              fields,
            },
          ],
        },
      },
    ],
    outputs: [0],
  };
}

/** All blocks of a run. */
export async function collect(blocks: AsyncIterable<OutputBlock>): Promise<OutputBlock[]> {
  const all: OutputBlock[] = [];
  for await (const block of blocks) all.push(block);
  return all;
}

/** Comparable: `output/index → values`. */
export function valuesOf(blocks: readonly OutputBlock[]): Map<string, number[]> {
  const entries = blocks.map(({ output, index, block }): [string, number[]] => [
    `${output}/${index}`,
    Array.from(block.data as Float64Array),
  ]);
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
