import { type Block, allocateBlock } from "@hyperslab/core/block";
import { regularGrid } from "@hyperslab/core/chunk-grid";
import type { AxisMap, Plan, Stage } from "@hyperslab/core/plan";
import { BufferPool } from "@hyperslab/executor/buffer-pool";
import { MemoryBudget } from "@hyperslab/executor/memory-budget";
import { type TaskRunner, runGraph } from "@hyperslab/executor/run-graph";
import { describe, expect, it } from "vitest";

const PROGRAM = { sources: [], literals: [], targets: [], steps: [] };

/** A stage of `blocks` blocks of 100 float64 each. */
function stage(name: string, blocks: number, inputs: { stage: number; axes: AxisMap[] }[] = []): Stage {
  const cost = { output: 800, working: 200, read: 0 };
  return {
    name,
    grid: regularGrid([blocks * 100], [100]),
    fields: ["float64"],
    inputs,
    cost,
    program: PROGRAM,
  };
}

const SAME: AxisMap = { kind: "same", axis: 0 };

/** `a` → pairs of `a` → all pairs. */
function tree(blocks: number): Plan {
  const one: AxisMap = { kind: "tree", axis: 0, fanIn: 2 };
  const all: AxisMap = { kind: "range", start: 0, stop: blocks / 2 };
  const stages = [
    stage("leaf", blocks),
    stage("pair", blocks / 2, [{ stage: 0, axes: [one] }]),
    stage("root", 1, [{ stage: 1, axes: [all] }]),
  ];
  return { stages, outputs: [2] };
}

const block = (): Block => allocateBlock("float64", [100]);

async function drain(plan: Plan, runner: TaskRunner, width: number, budget: MemoryBudget): Promise<number> {
  let count = 0;
  for await (const _ of runGraph(plan, runner, { width, budget, buffers: new BufferPool() })) count++;
  return count;
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("runGraph", () => {
  it("merges early, and lets go of what was merged", async () => {
    const budget = new MemoryBudget(1e9);
    const order: string[] = [];
    let most = 0;
    const count = await drain(
      tree(8),
      async ({ stage: s, block: b, inputs }) => {
        order.push(`${s}.${b}`);
        most = Math.max(most, budget.held);
        if (s > 0) expect([...inputs[0].keys()]).toHaveLength(s === 1 ? 2 : 4);
        return { fields: [block()], readBytes: 0 };
      },
      1,
      budget,
    );
    expect(count).toBe(1);
    expect(order.slice(0, 6)).toEqual(["0.0", "0.1", "1.0", "0.2", "0.3", "1.1"]);
    // four pairs, or three and the two leaves of the fourth
    expect(most).toBe(5 * 800);
    expect(budget.held).toBe(0);
    expect(budget.reserved).toBe(0);
  });

  it("has no more tasks under way than its width, and as many where it can", async () => {
    let running = 0;
    let most = 0;
    await drain(
      { stages: [stage("leaf", 20)], outputs: [0] },
      async () => {
        most = Math.max(most, ++running);
        await later();
        running--;
        return { fields: [block()], readBytes: 0 };
      },
      3,
      new MemoryBudget(1e9),
    );
    expect(most).toBe(3);
  });

  it("uses the memory of results again where the consumer is done with them", async () => {
    const wide: Stage = { ...stage("wide", 6), grid: regularGrid([6 * 4000], [4000]) };
    const buffers = new BufferPool();
    const budget = new MemoryBudget(1e9);
    const seen = new Set<ArrayBufferLike>();
    const runner: TaskRunner = async ({ into, block: number }) => {
      const buffer = into?.[0] ?? new ArrayBuffer(0);
      seen.add(buffer);
      const data = new Float64Array(buffer, 0, 4000).fill(number);
      return { fields: [{ dtype: "float64", shape: [4000], data }], readBytes: 0 };
    };
    const options = { width: 1, budget, buffers, transient: true };
    const firsts: unknown[] = [];
    for await (const one of runGraph({ stages: [wide], outputs: [0] }, runner, options)) {
      await later();
      firsts.push(one.block.data[0], one.block.data[3999]);
    }
    expect(firsts).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    expect(seen.size).toBeLessThan(4);
    expect([budget.held, budget.reserved]).toEqual([0, 0]);
    expect(buffers.kept).toBe(32_000 * seen.size);
  });

  it("never promises more than the budget", async () => {
    const budget = new MemoryBudget(5200);
    await drain(
      tree(8),
      async () => {
        expect(budget.held + budget.reserved).toBeLessThanOrEqual(5200);
        await later();
        return { fields: [block()], readBytes: 0 };
      },
      8,
      budget,
    );
    expect(budget.held + budget.reserved).toBe(0);
  });

  it("says so where blocks that wait leave no room", async () => {
    const budget = new MemoryBudget(2700);
    const runner: TaskRunner = async () => ({ fields: [block()], readBytes: 0 });
    await expect(drain(tree(8), runner, 2, budget)).rejects.toMatchObject({
      tag: "MemoryError",
      fields: { needed: 1000, hint: expect.stringContaining("2400 of 2700 bytes") },
    });
    expect(budget.held + budget.reserved).toBe(0);
  });

  it("cancels what runs when a task fails, and waits for it", async () => {
    let cancelled = 0;
    const runner: TaskRunner = async ({ block: b }, signal) => {
      if (b === 0) throw new RangeError("too far");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      await later();
      cancelled++;
      throw signal.reason;
    };
    const plan = { stages: [stage("leaf", 20)], outputs: [0] };
    await expect(drain(plan, runner, 4, new MemoryBudget(1e9))).rejects.toMatchObject({
      tag: "TaskError",
      message: "task leaf, block (0:100): too far",
    });
    expect(cancelled).toBe(3);
  });

  it("starts nothing before it is asked, and little that nobody takes", async () => {
    let started = 0;
    const runner: TaskRunner = async () => {
      started++;
      return { fields: [block()], readBytes: 0 };
    };
    const options = { width: 2, budget: new MemoryBudget(1e9), buffers: new BufferPool() };
    const blocks = runGraph({ stages: [stage("leaf", 50)], outputs: [0] }, runner, options);
    expect(started).toBe(0);
    await blocks.next();
    await later();
    expect(started).toBeLessThanOrEqual(4);
    await blocks.return();
    await later();
    expect(started).toBeLessThanOrEqual(4);
  });

  it("gives the memory of blocks that nobody needs any more to later tasks", async () => {
    const large = (plan: Plan): Plan => ({
      ...plan,
      stages: plan.stages.map((one) => ({ ...one, grid: regularGrid([one.grid[0].length * 100], [10_000]) })),
    });
    const buffers = new BufferPool();
    const memory = new Set<unknown>();
    const options = { width: 1, budget: new MemoryBudget(1e9), buffers };
    const runner: TaskRunner = async ({ stage: s, into }) => {
      if (s === 2) expect(into).toBeNull();
      const buffer = into?.[0] ?? new ArrayBuffer(80_000);
      if (into) memory.add(buffer);
      const data = new Float64Array(buffer, 0, 10_000);
      return { fields: [{ dtype: "float64", shape: [10_000], data }], readBytes: 0 };
    };
    for await (const _ of runGraph(large(tree(8)), runner, options)) continue;
    expect(memory.size).toBe(6);
    expect(buffers.kept).toBe(6 * 80_000);
  });

  it("keeps blocks for later stages after they were taken as results", async () => {
    const stages = [stage("first", 4), stage("second", 4, [{ stage: 0, axes: [SAME] }])];
    const runner: TaskRunner = async ({ stage: s, block: b, inputs }) => {
      if (s === 1) expect([...inputs[0].keys()]).toEqual([b]);
      return { fields: [block()], readBytes: 0 };
    };
    expect(await drain({ stages, outputs: [0, 1, 0] }, runner, 2, new MemoryBudget(1e9))).toBe(12);
  });
});
