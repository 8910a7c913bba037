import { expect, test } from "vitest";
import { largestDifference, median } from "../../bench/statistics.js";

test("median of odd and even counts", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("equal results differ by nothing, NaN beside NaN included", () => {
  expect(largestDifference([1, NaN, Infinity, -0], [1, NaN, Infinity, 0])).toBe(0);
});

test("differences are relative to the element, or to the usual element where that is larger", () => {
  expect(largestDifference([100.1], [100])).toBeCloseTo(1e-3);
  expect(largestDifference([100, 100, 1e-9], [100, 100, 0])).toBeLessThan(1e-10);
});

test("NaN beside a number, and other lengths, are never equal", () => {
  expect(largestDifference([NaN], [1])).toBe(Infinity);
  expect(largestDifference([1], [1, 2])).toBe(Infinity);
});
