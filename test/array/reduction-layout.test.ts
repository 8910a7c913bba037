/** How reductions are cut: pieces, states, groups. Shapes alone decide. */
import { elementwise, groupReduce, rechunk, reduce } from "@hyperslab/array/build";
import { lower } from "@hyperslab/array/lower";
import type { Reducing } from "@hyperslab/array/reducing";
import { layoutOf } from "@hyperslab/array/reduction-layout";
import { blockTotal, chunkCount, maxChunk, regularGrid } from "@hyperslab/core/chunk-grid";
import { reduction } from "@hyperslab/core/reduction";
import { describe, expect, it } from "vitest";
import { stored } from "./stored.js";

const days = stored("t2m", [480, 721, 1440], [4, 721, 1440]);
const mean = reduction("mean", "float32");

function layout(node: unknown): ReturnType<typeof layoutOf> {
  return layoutOf(node as Reducing);
}

describe("layoutOf", () => {
  it("streams large chunks into few states", () => {
    const { partial, pieces, grid } = layout(reduce(days, mean, [0]));
    expect(pieces?.map(chunkCount)).toEqual([120]);
    expect(partial?.map(chunkCount)).toEqual([8]);
    expect(blockTotal(grid)).toBe(8);
  });

  it("makes more tasks where states are small", () => {
    const { partial, pieces } = layout(reduce(days, mean, [0, 1, 2]));
    expect(pieces?.[0] && chunkCount(pieces[0])).toBe(120);
    expect(partial?.[0] && chunkCount(partial[0])).toBe(60);
  });

  it("makes one piece of small chunks, and more tasks of more data", () => {
    const hours = stored("x", [100_000, 100, 100], [10, 100, 100]);
    const small = layout(reduce(hours, mean, [0]));
    expect(small.pieces?.map(maxChunk)).toEqual([200]);
    const years = stored("x", [400_000, 721, 1440], [40, 721, 1440]);
    const large = layout(reduce(years, mean, [0]));
    expect(large.pieces?.map(maxChunk)).toEqual([40]);
    expect(large.partial?.map(chunkCount)).toEqual([3334]);
  });

  it("never streams what other stages make", () => {
    const turned = rechunk(elementwise("absolute", [days]), regularGrid([480, 721, 1440], [1, 721, 1440]));
    expect(layout(reduce(turned, mean, [0])).pieces).toBe(null);
  });

  it("makes groups one by one where each stands in few pieces", () => {
    const months = Int32Array.from({ length: 480 }, (_, i) => Math.floor(i / 30.5) % 12);
    const { partial, grid, reading } = layout(groupReduce(days, mean, 0, months, 12));
    expect(partial).toBe(null);
    expect(blockTotal(grid)).toBe(12);
    expect(reading).toBeLessThan(1.2);
    const [first, second] = lower([groupReduce(days, mean, 0, months, 12)]).stages;
    expect(first.fields).toEqual(["float32"]);
    expect(first.cost.read).toBeLessThan(1.2 * 480 * 721 * 1440 * 4);
    expect(second.inputs[0].axes[0]).toEqual({ kind: "range", start: 0, stop: 12 });
  });

  it("keeps states of all groups where each stands everywhere", () => {
    const hours = Int32Array.from({ length: 480 }, (_, i) => i % 4);
    const { partial } = layout(groupReduce(days, mean, 0, hours, 4));
    expect(partial?.map(chunkCount)).toEqual([8]);
  });
});
