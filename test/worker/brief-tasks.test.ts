/** What may run on a worker's main thread: only what takes microseconds, whatever it reads; and how it runs there. */
import { regularAxis } from "@hyperslab/core/chunk-grid";
import type { PlanOutline } from "@hyperslab/core/plan";
import type { Program, Step } from "@hyperslab/core/program";
import { SmallMemory } from "@hyperslab/executor/small-memory";
import { BriefTasks, isBrief } from "@hyperslab/worker/brief-tasks";
import { describe, expect, it } from "vitest";

const FIELDS = ["float64"] as const;
const grid = [regularAxis(2, 1)];

function outline(cost: { output?: number; working?: number; read?: number } = {}): PlanOutline {
  const stage = {
    name: "s",
    grid,
    fields: FIELDS,
    inputs: [],
    cost: { output: 8, working: 8, read: 0, ...cost },
  };
  return { stages: [stage], outputs: [0] };
}

const ones: Program = {
  sources: [],
  targets: [],
  literals: [{ dtype: "float64", shape: [1], data: Float64Array.of(1) }],
  steps: [
    { kind: "literal", literal: 0, shape: [1], fields: FIELDS },
    { kind: "broadcast", arg: 0, shape: [2], fields: FIELDS },
  ],
};

describe("a brief task", () => {
  it("is small, reads nothing, and does few operations", () => {
    expect(isBrief(outline(), 0, ones)).toBe(true);
    expect(isBrief(outline({ working: 1e6 }), 0, ones)).toBe(false);
    expect(isBrief(outline({ read: 8 }), 0, ones)).toBe(false);
    const store = { kind: "file", path: "" } as const;
    const sources = [{ format: "zarr" as const, store, path: "", detail: null }];
    expect(isBrief(outline(), 0, { ...ones, sources })).toBe(false);
    const large = { dtype: "float64", shape: [10_000], data: new Float64Array(10_000) } as const;
    expect(isBrief(outline(), 0, { ...ones, literals: [large] })).toBe(false);
    const ops = [
      { op: "input", input: 0, dtype: "float64" } as const,
      ...Array.from({ length: 100 }, (_, i) => ({ op: "sin", args: [i], dtype: "float64" }) as const),
    ];
    const many: Step = {
      kind: "elementwise",
      program: { inputs: FIELDS, ops },
      args: [1],
      shape: [2],
      fields: FIELDS,
    };
    expect(isBrief(outline(), 0, { ...ones, steps: [...ones.steps, many] })).toBe(false);
  });

  it("runs here once its code is loaded, and leaves its block at its place", async () => {
    const small = new SmallMemory();
    small.grow(1);
    const tasks = new BriefTasks(small);
    expect(tasks.available).toBe(false);
    await tasks.load();
    expect(tasks.available).toBe(true);
    const batch = {
      programId: "p",
      stage: 0,
      blocks: Int32Array.of(1),
      places: Int32Array.of(5),
      inputs: new Int32Array(),
      inputFields: [],
    };
    const stage = { name: "s", grid, fields: FIELDS, program: ones, inputGrids: [] };
    expect(await tasks.run(stage, batch)).toMatchObject({ done: 1, failed: [] });
    expect([...new Float64Array(small.bytes(5, 8).slice().buffer)]).toEqual([1]);
  });
});
