import { isLabelSlice, keyOfLabel, reachOf, slice, timedelta } from "hyperslab/label";
import { expect, it } from "vitest";

it("slices have open ends", () => {
  expect(slice(1)).toEqual({ kind: "range", start: 1, stop: null, step: null });
  expect(isLabelSlice(slice(null))).toBe(true);
  expect(isLabelSlice([1, 2])).toBe(false);
});

it("labels are rounded as float32 labels were, the ends of slices are not", () => {
  expect(keyOfLabel(0.1, "float32", "x")).toBe(Math.fround(0.1));
  expect(keyOfLabel(0.1, "float32", "x", true)).toBe(0.1);
  expect(keyOfLabel(0.1, "float64", "x")).toBe(0.1);
});

it("whole numbers are bigints beside int64 labels", () => {
  expect(keyOfLabel(3, "int64", "x")).toBe(3n);
  expect(keyOfLabel(3.5, "int64", "x")).toBe(3.5);
  expect(keyOfLabel(3n, "int32", "x")).toBe(3);
});

it("dates and texts are counts beside times", () => {
  expect(keyOfLabel("1970-01-02", "datetime64[h]", "t")).toBe(24n);
  expect(keyOfLabel(new Date(3_600_000), "datetime64[h]", "t")).toBe(1n);
});

it("labels of another kind are refused", () => {
  expect(() => keyOfLabel("a", "float64", "x")).toThrow(/a string beside float64 labels; give a number/);
  expect(() => keyOfLabel(1, "string", "x")).toThrow(/give a string/);
  expect(() => keyOfLabel(1, "datetime64[s]", "t")).toThrow(/Date or an ISO string/);
});

it("measures how far keys are apart", () => {
  expect(reachOf(5n, 2n)).toBe(3);
  expect(reachOf(1.5, 3n)).toBe(1.5);
});

it("timedelta is a typed scalar", () => {
  expect(timedelta(3, "h")).toEqual({ value: 3n, dtype: "timedelta64[h]" });
});
