import { type AxisSelection, positionAt, positions, selectionLength, slice } from "@hyperslab/core/box";
import { axisFromChunks, type ChunkAxis, chunkStart, regularAxis } from "@hyperslab/core/chunk-grid";
import { ShapeError } from "@hyperslab/core/errors";
import { projectAxis, projectChunks, projectionSize } from "@hyperslab/storage/chunk-projection";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const axes: fc.Arbitrary<ChunkAxis> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }))
    .map(([n, c]) => regularAxis(n, c)),
  fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }).map(axisFromChunks),
);

function selections(length: number): fc.Arbitrary<AxisSelection> {
  const slices = fc
    .tuple(
      fc.integer({ min: 0, max: length - 1 }),
      fc.integer({ min: -5, max: 5 }).filter((step) => step !== 0),
      fc.nat({ max: length }),
    )
    .map(([start, step, count]) => {
      const room = step > 0 ? Math.ceil((length - start) / step) : Math.floor(start / -step) + 1;
      return slice(start, Math.min(count, room), step);
    });
  return fc.oneof(slices, fc.array(fc.nat({ max: length - 1 }), { maxLength: 30 }).map(positions));
}

describe("projectAxis", () => {
  it("takes every position once, to its place, each chunk once", () => {
    const cases = axes.chain((axis) => selections(axis.length).map((selection) => ({ axis, selection })));
    fc.assert(
      fc.property(cases, ({ axis, selection }) => {
        const out = new Array<number>(selectionLength(selection)).fill(-1);
        const projections = projectAxis(axis, selection);
        for (const { chunk, from, to } of projections) {
          expect(selectionLength(to)).toBe(selectionLength(from));
          for (let i = 0; i < selectionLength(from); i++) {
            expect(out[positionAt(to, i)]).toBe(-1);
            out[positionAt(to, i)] = chunkStart(axis, chunk) + positionAt(from, i);
          }
        }
        expect(out).toEqual(out.map((_, i) => positionAt(selection, i)));
        const chunks = projections.map(({ chunk }) => chunk);
        expect(new Set(chunks).size).toBe(chunks.length);
      }),
      { numRuns: 500 },
    );
  });
  it("keeps lists as slices where they are some", () => {
    const [only] = projectAxis(regularAxis(10, 10), positions([8, 6, 4]));
    expect(only.from).toEqual(slice(8, 3, -2));
    expect(only.to).toEqual(slice(0, 3));
  });
  it("refuses positions outside the axis", () => {
    for (const bad of [slice(8, 3), slice(2, 4, -1), slice(-1, 1), positions([0, 10]), positions([-1])])
      expect(() => projectAxis(regularAxis(10, 3), bad)).toThrow(ShapeError);
  });
});

describe("projectChunks", () => {
  it("is the product of its axes, in C order", () => {
    const grid = [regularAxis(5, 2), regularAxis(4, 4), regularAxis(3, 2)];
    const all = [...projectChunks(grid, [slice(4, 2, -2), slice(1, 2), positions([2, 0])])];
    expect(all.map(({ coords }) => coords.join())).toEqual(["2,0,1", "2,0,0", "1,0,1", "1,0,0"]);
    expect(all.reduce((sum, { axes: parts }) => sum + projectionSize(parts), 0)).toBe(8);
  });
  it("has one chunk for an array without axes", () => {
    expect([...projectChunks([], [])]).toEqual([{ coords: [], axes: [] }]);
  });
  it("has none where nothing is selected", () => {
    const grid = [regularAxis(5, 2), regularAxis(0, 1)];
    expect([...projectChunks(grid, [slice(0, 5), slice(0, 0)])]).toEqual([]);
    expect([...projectChunks(grid, [positions([]), slice(0, 0)])]).toEqual([]);
  });
  it("refuses another rank", () => {
    expect(() => [...projectChunks([regularAxis(5, 2)], [])]).toThrow(ShapeError);
  });
  it("does not make what nobody takes", () => {
    const huge = [regularAxis(1e6, 1), regularAxis(100, 1)];
    const first = projectChunks(huge, [slice(0, 1000), slice(0, 100)]).next();
    expect(first.value?.coords).toEqual([0, 0]);
  });
});
