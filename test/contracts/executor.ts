/** The contract of executors: what `inline`, `threads` and the cluster all must do. */
import { positions, slice } from "@hyperslab/core/box";
import { regularAxis, regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { isHyperslabError } from "@hyperslab/core/errors";
import type { Executor, RunEvent } from "@hyperslab/core/executor";
import { reduction } from "@hyperslab/core/reduction";
import type { Plan } from "@hyperslab/core/plan";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collect, elements } from "../executor/collect.js";
import { ProgramBuilder, affine, binary, float64, planOf, same, stageOf } from "../executor/plan-builder.js";
import { type StoredFixture, storedFixture } from "../executor/stored-fixture.js";

export interface ExecutorUnderTest {
  readonly executor: Executor;
  close(): Promise<void>;
}

/** Runs the suite over executors that `make` makes; `memory` is the most bytes that a run may hold. */
export function executorContract(
  name: string,
  make: (options: { memory?: number }) => Promise<ExecutorUnderTest>,
): void {
  describe(`executor contract: ${name}`, () => {
    let subject: ExecutorUnderTest;
    let fixture: StoredFixture;
    beforeAll(async () => {
      subject = await make({});
      fixture = await storedFixture();
    });
    afterAll(async () => {
      await subject.close();
      await fixture.remove();
    });
    const run = async (plan: Plan): Promise<(number | string)[][]> =>
      (await collect(subject.executor, plan)).map(elements);
    const counting = (...shape: number[]) => float64(shape, (i) => i);

    it("computes elementwise steps block by block, with broadcasting", async () => {
      const p = new ProgramBuilder();
      const a = p.literal(counting(4, 6));
      const row = p.literal(float64([1, 6], [0, 10, 20, 30, 40, 50]));
      p.elementwise(binary("add"), a, row);
      const [sum] = await run(planOf([stageOf("a + row", regularGrid([4, 6], [3, 4]), p)]));
      expect(sum).toEqual(Array.from({ length: 24 }, (_, i) => i + (i % 6) * 10));
    });

    it("yields the same blocks to who is done with each when it asks for the next", async () => {
      const p = new ProgramBuilder();
      p.elementwise(affine(2, 1), p.literal(counting(8, 3000)));
      const plan = planOf([stageOf("2a + 1", regularGrid([8, 3000], [2, 1500]), p)]);
      const [result] = (await collect(subject.executor, plan, { transient: true })).map(elements);
      expect(result).toEqual(Array.from({ length: 24_000 }, (_, i) => 2 * i + 1));
    });

    it("reads what a selection picks from stored arrays", async () => {
      const grid = regularGrid([6, 5], [2, 3]);
      const ref = await fixture.source("picked", counting(6, 5), grid);
      const p = new ProgramBuilder();
      const rows = p.source(ref, "float64", [slice(5, 3, -2), positions([4, 0, 0])]);
      p.elementwise(affine(2, 1), rows);
      const [picked] = await run(planOf([stageOf("picked", regularGrid([3, 3], [2, 2]), p)]));
      const expected = [5, 3, 1].flatMap((i) => [4, 0, 0].map((j) => (i * 5 + j) * 2 + 1));
      expect(picked).toEqual(expected);
    });

    it("views, broadcasts, selects and concatenates", async () => {
      const p = new ProgramBuilder();
      const a = p.literal(counting(3, 4));
      const turned = p.view(a, [1, null, 0]);
      const wide = p.broadcast(turned, [4, 2, 3]);
      const part = p.select(wide, [slice(3, 3, -1), slice(1, 1), positions([2, 0])]);
      const other = p.select(wide, [positions([0, 0]), slice(0, 1), slice(0, 2)]);
      p.concat(0, part, other);
      const [out] = await run(planOf([stageOf("moved", regularGrid([5, 1, 2], [2, 1, 2]), p)]));
      const at = (i: number, j: number): number => j * 4 + i;
      expect(out).toEqual([
        ...[3, 2, 1].flatMap((i) => [at(i, 2), at(i, 0)]),
        ...[0, 0].flatMap((i) => [at(i, 0), at(i, 1)]),
      ]);
    });

    it("reads overlapping windows of one array", async () => {
      const ref = await fixture.source("windows", counting(12), regularGrid([12], [5]));
      const p = new ProgramBuilder();
      const a = p.source(ref, "float64", [slice(0, 12)]);
      const left = p.select(a, [slice(0, 10)]);
      const middle = p.select(a, [slice(1, 10)]);
      const right = p.select(a, [slice(2, 10)]);
      p.elementwise(binary("add"), p.elementwise(binary("add"), left, middle), right);
      const [sums] = await run(planOf([stageOf("windows", regularGrid([10], [4]), p)]));
      expect(sums).toEqual(Array.from({ length: 10 }, (_, i) => 3 * i + 3));
    });

    it.each(["sum", "mean", "var", "max", "argmax", "count"] as const)(
      "reduces over blocks: %s equals the reduction at once",
      async (what) => {
        const values = float64([5, 7], (i) => (i === 3 ? NaN : (i * 37) % 23));
        const reduce = reduction(what, "float64");
        const axes = [1];
        const axis = regularAxis(7, 2);
        const partial = new ProgramBuilder();
        partial.reduce(partial.literal(values), reduce, axes, [axis]);
        const merge = new ProgramBuilder();
        const state = merge.input(0, [5, 4], partial.steps[1].fields);
        merge.combine(state, reduce, [{ axis: 1, fanIn: 3, width: 1 }], false);
        const finish = new ProgramBuilder();
        finish.combine(
          finish.input(0, [5, 2], partial.steps[1].fields),
          reduce,
          [{ axis: 1, fanIn: 2, width: 1 }],
          true,
        );
        const once = new ProgramBuilder();
        once.reduce(once.literal(values), reduce, axes);
        const rows = regularAxis(5, 2);
        const tree = (stage: number, fanIn: number) => [
          {
            stage,
            axes: [
              { kind: "same", axis: 0 },
              { kind: "tree", axis: 1, fanIn },
            ] as const,
          },
        ];
        const plan = planOf(
          [
            stageOf("partial", [rows, regularAxis(4, 1)], partial),
            stageOf("merge", [rows, regularAxis(2, 1)], merge, tree(0, 3)),
            stageOf("finish", [rows, regularAxis(1, 1)], finish, tree(1, 2)),
            stageOf("once", wholeGrid([5, 1]), once),
          ],
          2,
          3,
        );
        const [stepwise, atOnce] = await run(plan);
        expect(stepwise).toHaveLength(5);
        stepwise.forEach((value, i) => expect(value).toBeCloseTo(Number(atOnce[i]), 10));
      },
    );

    it("groups along an axis over blocks", async () => {
      const reduce = reduction("mean", "float64");
      const codes = [0, 1, 2, 0, 1, -1, 2, 2];
      const axis = regularAxis(8, 3);
      const partial = new ProgramBuilder();
      partial.groupReduce(partial.literal(counting(8, 2)), reduce, 0, codes, 3, axis);
      const finish = new ProgramBuilder();
      const state = finish.input(0, [9, 2], partial.steps[1].fields);
      finish.combine(state, reduce, [{ axis: 0, fanIn: 3, width: 3 }], true);
      const plan = planOf([
        stageOf("partial", regularGrid([9, 2], [3, 1]), partial),
        stageOf("mean", regularGrid([3, 2], [3, 1]), finish, [
          {
            stage: 0,
            axes: [
              { kind: "tree", axis: 0, fanIn: 3 },
              { kind: "same", axis: 1 },
            ],
          },
        ]),
      ]);
      const means = [(0 + 3) / 2, (1 + 4) / 2, (2 + 6 + 7) / 3];
      expect((await run(plan))[0]).toEqual(means.flatMap((mean) => [mean * 2, mean * 2 + 1]));
    });

    it("cuts an array into other blocks", async () => {
      const first = new ProgramBuilder();
      first.elementwise(affine(1, 0), first.literal(counting(7, 5)));
      const second = new ProgramBuilder();
      second.input(0, [7, 5], ["float64"]);
      const overlap = (axis: number) => ({ kind: "overlap", axis, low: 0, high: 0 }) as const;
      const plan = planOf([
        stageOf("rows", regularGrid([7, 5], [2, 5]), first),
        stageOf("columns", regularGrid([7, 5], [7, 2]), second, [
          { stage: 0, axes: [overlap(0), overlap(1)] },
        ]),
      ]);
      expect((await run(plan))[0]).toEqual(Array.from({ length: 35 }, (_, i) => i));
    });

    it("writes chunks of a stored array and says so", async () => {
      const grid = regularGrid([4, 5], [2, 3]);
      const ref = await fixture.target("written", grid);
      const p = new ProgramBuilder();
      p.write(p.elementwise(affine(3, 0), p.literal(counting(4, 5))), ref, grid);
      const [written] = await run(planOf([stageOf("write", regularGrid([2, 2], [1, 1]), p)]));
      expect(written).toEqual([1, 1, 1, 1]);
      const chunk = await fixture.chunk("written", [1, 0]);
      expect([...chunk]).toEqual([10, 11, 12, 15, 16, 17].map((i) => i * 3));
    });

    it("carries strings", async () => {
      const p = new ProgramBuilder();
      const a = p.literal({ dtype: "string", shape: [4], data: ["a", "b", "c", "d"] });
      p.select(a, [slice(3, 4, -1)]);
      expect(await run(planOf([stageOf("names", regularGrid([4], [3]), p)]))).toEqual([["d", "c", "b", "a"]]);
    });

    it("yields arrays without elements, and reduces them", async () => {
      const p = new ProgramBuilder();
      p.elementwise(affine(1, 1), p.literal(float64([0, 3], [])));
      const q = new ProgramBuilder();
      q.reduce(q.literal(float64([0, 3], [])), reduction("sum", "float64"), [0]);
      const plan = planOf(
        [stageOf("none", wholeGrid([0, 3]), p), stageOf("sum", wholeGrid([1, 3]), q)],
        0,
        1,
      );
      expect(await run(plan)).toEqual([[], [0, 0, 0]]);
    });

    it("yields one stage as several results, also while later tasks need it", async () => {
      const first = new ProgramBuilder();
      first.elementwise(affine(1, 1), first.literal(counting(6)));
      const second = new ProgramBuilder();
      second.elementwise(affine(10, 0), second.input(0, [6], ["float64"]));
      const grid = regularGrid([6], [4]);
      const stages = [
        stageOf("first", grid, first),
        stageOf("second", grid, second, [{ stage: 0, axes: same(1) }]),
      ];
      const ones = [1, 2, 3, 4, 5, 6];
      expect(await run(planOf(stages, 0, 1, 0))).toEqual([ones, ones.map((one) => one * 10), ones]);
    });

    it("tells what happens", async () => {
      const p = new ProgramBuilder();
      p.elementwise(affine(1, 1), p.literal(counting(6)));
      const events: RunEvent[] = [];
      const plan = planOf([stageOf("plus one", regularGrid([6], [2]), p)]);
      await collect(subject.executor, plan, { on: (event) => events.push(event) });
      expect(events[0]).toEqual({ kind: "started", tasks: 3, stages: ["plus one"], stageTasks: [3] });
      const finished = events.filter((event) => event.kind === "finished");
      expect(finished.map(({ done }) => done)).toEqual([1, 2, 3]);
      expect(new Set(finished.map(({ task }) => task))).toEqual(new Set([0, 1, 2]));
    });

    it("names task, block and source line of what fails, with its cause", async () => {
      const ref = await fixture.source("spoilt", counting(6), regularGrid([6], [2]), [1]);
      const p = new ProgramBuilder();
      p.elementwise(affine(1, 1), p.source(ref, "float64", [slice(0, 6)]));
      const plan = planOf([stageOf("broken", regularGrid([6], [2]), p, [], { where: "notebook.ts:7" })]);
      const error: unknown = await run(plan).catch((thrown: unknown) => thrown);
      if (!isHyperslabError(error, "TaskError")) throw error;
      expect(error.fields).toMatchObject({ task: "broken", block: "(2:4)", where: "notebook.ts:7" });
      expect(isHyperslabError(error.cause, "CodecError", "FormatError", "StorageError")).toBe(true);
      // the executor is as good as new
      const q = new ProgramBuilder();
      q.elementwise(affine(1, 1), q.literal(counting(2)));
      expect(await run(planOf([stageOf("fine", wholeGrid([2]), q)]))).toEqual([[1, 2]]);
    });

    const many = (): Plan => {
      const p = new ProgramBuilder();
      p.elementwise(affine(1, 0), p.literal(counting(200)));
      return planOf([stageOf("many", regularGrid([200], [1]), p)]);
    };

    it("refuses a run that is cancelled already", async () => {
      const signal = AbortSignal.abort("no need");
      await expect(collect(subject.executor, many(), { signal })).rejects.toMatchObject({
        tag: "CancelledError",
      });
    });

    it("stops when it is cancelled", async () => {
      const controller = new AbortController();
      let taken = 0;
      const all = async (): Promise<void> => {
        for await (const _ of subject.executor.run(many(), { signal: controller.signal }))
          if (++taken === 3) controller.abort("enough");
      };
      const error: unknown = await all().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ tag: "CancelledError", cause: "enough" });
      expect(taken).toBeLessThan(200);
    });

    it("stops when the consumer leaves", async () => {
      let finished = 0;
      const on = (event: RunEvent): void => void (event.kind === "finished" && finished++);
      for await (const _ of subject.executor.run(many(), { on })) break;
      expect(finished).toBeLessThan(200);
    });

    it("runs several plans at once", async () => {
      const results = await Promise.all([many(), many(), many()].map((plan) => run(plan)));
      for (const [values] of results) expect(values).toEqual(Array.from({ length: 200 }, (_, i) => i));
    });

    it("refuses a task that can't fit, with numbers", async () => {
      const small = await make({ memory: 1_000_000 });
      try {
        const p = new ProgramBuilder();
        p.elementwise(affine(1, 0), p.literal(counting(10)));
        const cost = { output: 80, working: 5_000_000, read: 0 };
        const plan = planOf([stageOf("huge", wholeGrid([10]), p, [], { cost })]);
        const error: unknown = await collect(small.executor, plan).catch((thrown: unknown) => thrown);
        if (!isHyperslabError(error, "MemoryError")) throw error;
        expect(error.fields).toMatchObject({ needed: 5_000_080, available: 1_000_000 });
      } finally {
        await small.close();
      }
    });

    it("waits where tasks don't fit beside each other", async () => {
      const small = await make({ memory: 1_000_000 });
      try {
        const p = new ProgramBuilder();
        p.elementwise(affine(1, 0), p.literal(counting(40)));
        const cost = { output: 8, working: 700_000, read: 0 };
        const plan = planOf([stageOf("large", regularGrid([40], [4]), p, [], { cost })]);
        const [values] = (await collect(small.executor, plan)).map(elements);
        expect(values).toEqual(Array.from({ length: 40 }, (_, i) => i));
      } finally {
        await small.close();
      }
    });
  });
}
