import { dataArray } from "hyperslab";
import { factorise, groupingOf } from "hyperslab/ops/grouping";
import { toBlock } from "hyperslab/ndarray";
import { expect, it } from "vitest";

const days = dataArray([1, 2, 3], {
  dims: "time",
  coords: {
    time: [
      "time",
      ["2000-03-01", "2000-01-01", "2000-01-02"].map((day) => new Date(`${day}T00:00Z`)),
      { axis: "T" },
    ],
    k: ["time", ["b", "a", "b"]],
  },
});

it("sorts keys and leaves missing ones out", () => {
  expect(factorise(toBlock([3, 1, NaN, 3]))).toMatchObject({
    codes: Int32Array.of(1, 0, -1, 1),
    labels: { data: Float64Array.of(1, 3) },
  });
});

it("groups by fields, coordinates and arrays", () => {
  const months = groupingOf(days.labelled, "time.month");
  expect(months).toMatchObject({ name: "month", dim: "time", codes: Int32Array.of(1, 0, 0) });
  expect(months.labels.dtype).toBe("int64");
  expect(groupingOf(days.labelled, "k").labels.block?.data).toEqual(["a", "b"]);
  expect(groupingOf(days.labelled, dataArray([1, 2, 1], { dims: "time" })).name).toBe("group");
});

it("refuses keys that don't fit", () => {
  expect(() => groupingOf(days.labelled, "nothing")).toThrow(/no such variable/);
  expect(() => groupingOf(days.labelled, "time.fortnight")).toThrow(/no such field/);
  expect(() => groupingOf(days.labelled, dataArray([1, 2], { dims: "time" }))).toThrow(
    /2 keys for 3 positions/,
  );
  expect(() => groupingOf(days.labelled, dataArray([[1]], { dims: ["a", "b"] }))).toThrow(
    /along one dimension/,
  );
  const other = dataArray([1, 2, 1], { dims: "time", coords: { time: [1, 2, 3].map((n) => new Date(n)) } });
  expect(() => groupingOf(days.labelled, other)).toThrow(/other labels/);
});

it("counts close integers in a table, and others one by one", () => {
  const far = BigInt64Array.of(2n ** 40n, -5n, 2n ** 40n);
  expect(factorise(toBlock(far))).toMatchObject({
    codes: Int32Array.of(1, 0, 1),
    labels: { dtype: "int64", data: BigInt64Array.of(-5n, 2n ** 40n) },
  });
  expect(factorise(toBlock(BigInt64Array.of(3n, -2n, 3n)))).toMatchObject({
    codes: Int32Array.of(1, 0, 1),
    labels: { data: BigInt64Array.of(-2n, 3n) },
  });
  expect(factorise(toBlock(Uint8Array.of(9, 7, 9)))).toMatchObject({
    codes: Int32Array.of(1, 0, 1),
    labels: { dtype: "uint8", data: Uint8Array.of(7, 9) },
  });
});
