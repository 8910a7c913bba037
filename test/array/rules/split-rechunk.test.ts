import { elementwise, rechunk, reduce, view } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import { optimise } from "@hyperslab/array/optimise";
import { predictPeak } from "@hyperslab/array/peak";
import { heldElements, splitFor, splitRechunk } from "@hyperslab/array/rules/split-rechunk";
import { maxBlockShape, regularGrid, wholeGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { expand } from "@hyperslab/core/task-graph";
import { describe, expect, it } from "vitest";
import { stored } from "../stored.js";

const SUM = reduction("sum", "float32");
const SHAPE = [480, 721, 1440];
const maps = regularGrid(SHAPE, [4, 721, 1440]);
const series = regularGrid(SHAPE, [480, 103, 144]);

describe("split-rechunk", () => {
  it("counts what new blocks in C order hold of the old ones", () => {
    expect(heldElements(series, maps)).toBe(480 * 721 * 1440);
    expect(heldElements(series, regularGrid(SHAPE, [4, 103, 1440]))).toBe(480 * 103 * (144 + 1440 - 144));
    expect(heldElements(series, regularGrid(SHAPE, [4, 103, 720]))).toBe(480 * 103 * (144 + 720));
    expect(heldElements(series, regularGrid(SHAPE, [4, 103, 144]))).toBe(480 * 103 * 144);
    expect(heldElements(wholeGrid(SHAPE), maps)).toBe(480 * 721 * 1440);
  });

  it("cuts the first axes only as far as memory asks for, in runs of equal length", () => {
    expect(splitFor(series, maps, 2 ** 40)).toBe(maps);
    expect(maxBlockShape(splitFor(series, maps, 480 * 103 * 1440 * 2))).toEqual([4, 206, 1440]);
    expect(maxBlockShape(splitFor(series, maps, 480 * 103 * 144 * 6))).toEqual([4, 103, 720]);
    expect(maxBlockShape(splitFor(series, maps, 1))).toEqual([4, 103, 144]);
  });

  it("leaves small arrays, and what can't be computed again from storage, as they are", () => {
    const small = stored("small", [100, 100], [1, 100]);
    expect(splitRechunk.apply(rechunk(small, regularGrid([100, 100], [100, 1])))).toBeNull();
  });

  it("cuts what can't be read again into shards, each made as soon as its block is there", () => {
    const sums = reduce(stored("x", [480, 721, 1440, 4], [4, 721, 1440, 2]), SUM, [3]);
    const y = optimise([rechunk(view(sums, [0, 1, 2]), series)])[0];
    const plan = lower([y]);
    const shards = plan.stages.at(-2);
    expect(shards && maxBlockShape(shards.grid)).toEqual([4, 103, 144]);
    const graph = expand(plan);
    const sharded = plan.stages.length - 2;
    const { priority, firstTask, dependencyStart, dependencies } = graph;
    // the 70 shards of one block stand behind it, with nothing between
    for (let task = firstTask[sharded]; task < firstTask[sharded + 1]; task++) {
      expect(dependencyStart[task + 1] - dependencyStart[task]).toBe(1);
      const after = priority[task] - priority[dependencies[dependencyStart[task]]];
      expect(after).toBeLessThanOrEqual(70);
    }
    expect(splitRechunk.apply(y)).toBeNull();
    expect(y.kind === "rechunk" && splitRechunk.apply(y.arg)).toBeNull();
  });

  it("keeps the predicted peak flat when the array grows", () => {
    const peak = (years: number): number => {
      const shape = [480 * years, 721, 1440];
      const x = stored("x", shape, [4, 721, 1440]);
      const y = rechunk(elementwise("add", [x, 1]), regularGrid(shape, [480, 103, 144]));
      return predictPeak(lower(optimise([y])), 2).bytes;
    };
    expect(peak(1)).toBeLessThan(512 * 2 ** 20);
    expect(peak(8)).toBeLessThan(1.3 * peak(1));
  });
});
