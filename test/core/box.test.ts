import {
  type AxisSelection,
  boundsOfSelection,
  composeSelections,
  isWhole,
  positionAt,
  positions,
  restrictSelection,
  selectionLength,
  shiftSelection,
  slice,
} from "@hyperslab/core/box";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const listOf = (selection: AxisSelection): number[] =>
  Array.from({ length: selectionLength(selection) }, (_, i) => positionAt(selection, i));

/** A selection of an axis of `length` elements. */
function selectionOf(length: number): fc.Arbitrary<AxisSelection> {
  const slices = fc
    .tuple(
      fc.nat(length - 1),
      fc.integer({ min: -3, max: 3 }).filter((step) => step !== 0),
      fc.nat(length),
    )
    .map(([start, step, most]) => {
      const room = step > 0 ? Math.floor((length - 1 - start) / step) + 1 : Math.floor(start / -step) + 1;
      return slice(start, Math.min(most, room), step);
    });
  return fc.oneof(slices, fc.array(fc.nat(length - 1), { maxLength: 12 }).map(positions));
}

describe("selections of an axis", () => {
  it("compose, restrict, shift and have bounds as the lists of their positions do", () => {
    const two = selectionOf(20).chain((outer) =>
      fc.tuple(
        fc.constant(outer),
        selectionLength(outer) ? selectionOf(selectionLength(outer)) : fc.constant(slice(0, 0)),
      ),
    );
    fc.assert(
      fc.property(two, fc.nat(20), fc.nat(20), ([outer, inner], a, b) => {
        const list = listOf(outer);
        expect(listOf(composeSelections(outer, inner))).toEqual(listOf(inner).map((i) => list[i]));
        const [start, stop] = [Math.min(a, b, list.length), Math.min(Math.max(a, b), list.length)];
        expect(listOf(restrictSelection(outer, start, stop - start))).toEqual(list.slice(start, stop));
        expect(listOf(shiftSelection(outer, 3))).toEqual(list.map((position) => position - 3));
        if (list.length) expect(boundsOfSelection(outer)).toEqual([Math.min(...list), Math.max(...list) + 1]);
        else expect(boundsOfSelection(outer)).toEqual([0, 0]);
      }),
      { seed: 11 },
    );
  });
  it("know when they take everything", () => {
    expect(isWhole(slice(0, 5), 5)).toBe(true);
    expect(isWhole(slice(4, 5, -1), 5)).toBe(false);
    expect(isWhole(positions([0, 1]), 2)).toBe(false);
  });
});
