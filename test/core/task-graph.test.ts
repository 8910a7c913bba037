import { type ChunkGrid, blockCoords, blockCounts, regularGrid } from "@hyperslab/core/chunk-grid";
import { finishTask, frontierOf, takeOutput, takeReady } from "@hyperslab/core/frontier";
import { inputBlocks } from "@hyperslab/core/input-blocks";
import type { AxisMap, PlanOutline, StageInput, StageOutline } from "@hyperslab/core/plan";
import { blockOfTask, expand, stageOfTask } from "@hyperslab/core/task-graph";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

function stage(grid: ChunkGrid, inputs: StageInput[] = []): StageOutline {
  return { name: "s", grid, fields: ["float32"], inputs, cost: { output: 1, working: 1, read: 0 } };
}
const same: AxisMap[] = [{ kind: "same", axis: 0 }];

describe("input blocks", () => {
  const grid = regularGrid([12, 10], [3, 5]);
  const at = (axes: AxisMap[], coords: number[], inputGrid = grid): number[] =>
    inputBlocks(grid, coords, { stage: 0, axes }, inputGrid);
  it("are the product over the axes, ascending", () => {
    expect(
      at(
        [
          { kind: "same", axis: 0 },
          { kind: "range", start: 0, stop: 2 },
        ],
        [2, 1],
      ),
    ).toEqual([4, 5]);
    expect(
      at(
        [
          { kind: "range", start: 1, stop: 3 },
          { kind: "same", axis: 1 },
        ],
        [0, 1],
      ),
    ).toEqual([3, 5]);
    expect(
      at(
        [
          { kind: "tree", axis: 0, fanIn: 3 },
          { kind: "range", start: 0, stop: 1 },
        ],
        [1, 0],
      ),
    ).toEqual([6]);
  });
  it("follow positions where the cuts differ, and stop at the edges", () => {
    const other = regularGrid([12, 10], [4, 10]);
    const whole: AxisMap = { kind: "range", start: 0, stop: 1 };
    expect(at([{ kind: "overlap", axis: 0, low: 0, high: 0 }, whole], [1, 0], other)).toEqual([0, 1]);
    expect(at([{ kind: "overlap", axis: 0, low: -1, high: 1 }, whole], [0, 0], other)).toEqual([0]);
    expect(at([{ kind: "overlap", axis: 0, low: 20, high: 20 }, whole], [3, 0], other)).toEqual([]);
  });
  it("come from a table where nothing shorter says it", () => {
    const table: AxisMap = { kind: "table", axis: 0, offsets: [0, 2, 2, 3, 4], blocks: [0, 3, 1, 2] };
    expect(at([table, { kind: "same", axis: 1 }], [0, 1])).toEqual([1, 7]);
    expect(at([table, { kind: "same", axis: 1 }], [1, 1])).toEqual([]);
  });
});

describe("a task graph", () => {
  const line = regularGrid([8], [1]);
  const tree: PlanOutline = {
    stages: [
      stage(line),
      stage(regularGrid([2], [1]), [{ stage: 0, axes: [{ kind: "tree", axis: 0, fanIn: 4 }] }]),
      stage(regularGrid([1], [1]), [{ stage: 1, axes: [{ kind: "range", start: 0, stop: 2 }] }]),
    ],
    outputs: [2],
  };
  it("numbers tasks stage after stage, and knows both ends of every edge", () => {
    const graph = expand(tree);
    expect([...graph.firstTask]).toEqual([0, 8, 10, 11]);
    expect([...graph.dependencies]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stageOfTask(graph, 9)).toBe(1);
    expect(blockOfTask(graph, 9)).toBe(1);
    expect([...graph.dependents.subarray(graph.dependentStart[5], graph.dependentStart[6])]).toEqual([9]);
  });
  it("prefers depth first: a partial result is merged before the next one is begun", () => {
    const { priority } = expand(tree);
    expect(priority[8]).toBeLessThan(priority[4]);
    expect([...priority].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, i) => i));
  });
  it("has an edge once where two inputs want the same block", () => {
    const twice = expand({
      stages: [
        stage(line),
        stage(line, [
          { stage: 0, axes: same },
          { stage: 0, axes: same },
        ]),
      ],
      outputs: [1],
    });
    expect([...twice.dependencies]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
  it("agrees with the blocks that each task asks for, on random plans", () => {
    const map = (axis: number, rank: number): fc.Arbitrary<AxisMap> =>
      fc.oneof(
        fc.constant<AxisMap>({ kind: "range", start: 0, stop: 1 }),
        fc.record({
          kind: fc.constant("overlap" as const),
          axis: fc.nat(rank - 1),
          low: fc.integer({ min: -4, max: 4 }),
          high: fc.integer({ min: -4, max: 4 }),
        }),
        fc.record({
          kind: fc.constant("tree" as const),
          axis: fc.constant(axis),
          fanIn: fc.integer({ min: 1, max: 3 }),
        }),
      );
    const plan = fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      map(0, 2),
      map(1, 2),
      map(0, 2),
      map(1, 2),
    );
    fc.assert(
      fc.property(plan, ([a, b, ...maps]) => {
        const [input, output] = [regularGrid([9, 7], [a, b]), regularGrid([9, 7], [b, a])];
        const inputs = [
          { stage: 0, axes: maps.slice(0, 2) },
          { stage: 0, axes: maps.slice(2) },
        ];
        const graph = expand({ stages: [stage(input), stage(output, inputs)], outputs: [1] });
        const counts = blockCounts(output);
        for (let task = graph.firstTask[1]; task < graph.taskCount; task++) {
          const coords = blockCoords(counts, task - graph.firstTask[1]);
          const wanted = new Set(inputs.flatMap((one) => inputBlocks(output, coords, one, input)));
          const found = graph.dependencies.subarray(
            graph.dependencyStart[task],
            graph.dependencyStart[task + 1],
          );
          expect(new Set(found)).toEqual(wanted);
          expect(found.length).toBe(wanted.size);
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });

  describe("its frontier", () => {
    it("runs everything once, inputs first, and frees a block after its last reader", () => {
      const graph = expand(tree);
      const frontier = frontierOf(graph);
      const done: number[] = [];
      const held = new Set<number>();
      for (let task = takeReady(frontier); task !== undefined; task = takeReady(frontier)) {
        for (let e = graph.dependencyStart[task]; e < graph.dependencyStart[task + 1]; e++)
          expect(held.has(graph.dependencies[e])).toBe(true);
        done.push(task);
        held.add(task);
        for (const free of finishTask(frontier, task)) held.delete(free);
      }
      expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, i) => i));
      expect([...held]).toEqual([10]);
      expect(takeOutput(frontier, 10)).toBe(true);
    });
  });
});
