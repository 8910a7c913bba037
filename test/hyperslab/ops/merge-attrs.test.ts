import { mergeAttrs, sameAttribute } from "hyperslab/ops/merge-attrs";
import { expect, it } from "vitest";

it("drops what differs, for good", () => {
  expect(mergeAttrs([{ a: 1, b: 2 }, { a: 1, b: 3, c: 4 }, { b: 2 }], "drop_conflicts")).toEqual({
    a: 1,
    c: 4,
  });
  expect(mergeAttrs([{ a: 1 }, { a: 2 }], "override")).toEqual({ a: 1 });
  expect(mergeAttrs([{ a: 1 }], "drop")).toEqual({});
  expect(mergeAttrs([], "drop_conflicts")).toEqual({});
});

it("compares by value", () => {
  expect(sameAttribute([1, NaN], [1, NaN])).toBe(true);
  expect(sameAttribute({ a: [1] }, { a: [1] })).toBe(true);
  expect(sameAttribute([1], { 0: 1 })).toBe(false);
  expect(sameAttribute(null, 0)).toBe(false);
});
