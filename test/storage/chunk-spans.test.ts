import { type AxisSelection, positionAt, positions, selectionLength, slice } from "@hyperslab/core/box";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { spansOf } from "@hyperslab/storage/chunk-spans";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

function copies(shape: readonly number[], selection: readonly AxisSelection[]) {
  const strides = stridesOf(shape);
  return selection.map((from, axis) => ({
    from,
    to: slice(0, selectionLength(from)),
    fromStride: strides[axis],
    toStride: 1,
  }));
}

describe("the elements of a chunk that a copy looks at", () => {
  it("are a band in each of the outer positions", () => {
    const shape = [4, 10, 6];
    const band = copies(shape, [slice(0, 4), slice(2, 3), slice(0, 6)]);
    expect(spansOf(band, 240)).toEqual([12, 30, 72, 90, 132, 150, 192, 210]);
  });

  it("are not told where that is nearly all", () => {
    expect(spansOf(copies([4, 6], [slice(0, 4), slice(0, 6)]), 24)).toBeUndefined();
  });

  it("hold every position of any selection, in ascending intervals without overlap", () => {
    const axis = (length: number): fc.Arbitrary<AxisSelection> =>
      fc.oneof(
        fc
          .tuple(fc.nat({ max: length - 1 }), fc.nat({ max: length - 1 }), fc.constantFrom(1, 2, -1))
          .map(([a, b, step]) => {
            const [lo, hi] = [Math.min(a, b), Math.max(a, b)];
            const count = Math.floor((hi - lo) / Math.abs(step)) + 1;
            return slice(step > 0 ? lo : hi, count, step);
          }),
        fc.array(fc.nat({ max: length - 1 }), { minLength: 1, maxLength: 5 }).map(positions),
      );
    const selections = fc
      .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 })
      .chain((shape) => fc.tuple(fc.constant(shape), fc.tuple(...shape.map(axis))));
    fc.assert(
      fc.property(selections, ([shape, selection]) => {
        const spans = spansOf(copies(shape, selection), sizeOf(shape));
        if (!spans) return;
        for (let i = 1; i < spans.length; i++) expect(spans[i]).toBeGreaterThan(spans[i - 1]);
        const strides = stridesOf(shape);
        let offsets = [0];
        selection.forEach((one, k) => {
          offsets = offsets.flatMap((at) =>
            Array.from({ length: selectionLength(one) }, (_, i) => at + positionAt(one, i) * strides[k]),
          );
        });
        for (const at of offsets)
          expect(spans.some((start, i) => i % 2 === 0 && at >= start && at < spans[i + 1])).toBe(true);
      }),
    );
  });
});
