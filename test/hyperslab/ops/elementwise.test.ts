import { dataArray, dataset, timedelta } from "hyperslab";
import { describe, expect, it } from "vitest";
import { coordNames, failure, listOf } from "../read.js";

const t = dataArray(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  {
    dims: ["y", "x"],
    coords: { x: [10, 20, 30], h: 2 },
    name: "t",
    attrs: { units: "K", source: "a" },
  },
);

describe("between arrays", () => {
  it("aligns labels and broadcasts dimensions by name", async () => {
    const other = dataArray([100, 200], { dims: "x", coords: { x: [30, 20] }, name: "o" });
    const sum = t.add(other);
    expect(sum.dims).toEqual(["y", "x"]);
    expect(await listOf(sum)).toEqual([202, 103, 205, 106]);
    const outer = other.mul(dataArray([1, 2, 3], { dims: "z" }));
    expect(outer.dims).toEqual(["x", "z"]);
  });

  it("keeps a common name, attributes that agree, and coordinates that don't conflict", () => {
    const other = dataArray([1, 1], {
      dims: "y",
      coords: { h: 3, k: 1 },
      name: "t",
      attrs: { units: "K", source: "b" },
    });
    const sum = t.add(other);
    expect(sum.name).toBe("t");
    expect(sum.attrs).toEqual({ units: "K" });
    expect(coordNames(sum)).toEqual(["k", "x"]);
    expect(t.add(other.rename("o")).name).toBeNull();
  });

  it("keeps scalar coordinates that agree", () => {
    expect(coordNames(t.isel({ x: 0 }).sub(t.isel({ x: 0 })))).toEqual(["h", "x"]);
    expect(coordNames(t.isel({ x: 0 }).sub(t.isel({ x: 1 })))).toEqual(["h"]);
  });

  it("refuses labels that differ where it is told to", async () => {
    const error = await failure(() => t.add(t.isel({ x: [0] }), { join: "exact" }));
    expect(error.tag).toBe("AlignmentError");
  });
});

describe("with scalars", () => {
  it("keeps dtypes as NumPy 2 does, and the name", () => {
    const small = t.astype("int16");
    expect(small.add(1).dtype).toBe("int16");
    expect(small.add(1.5).dtype).toBe("float64");
    expect(t.astype("float32").mul(2.5).dtype).toBe("float32");
    expect(small.div(2).dtype).toBe("float64");
    expect(small.add(1).name).toBe("t");
    expect(small.gt(1).attrs).toEqual(t.attrs);
  });

  it("works from the other side", async () => {
    expect(await listOf(t.isel({ y: 0 }).rsub(10))).toEqual([9, 8, 7]);
    expect(await listOf(t.isel({ y: 0 }).rdiv(6))).toEqual([6, 3, 2]);
    expect(await listOf(t.isel({ y: 0 }).rpow(2))).toEqual([2, 4, 8]);
  });

  it("compares times with dates and texts, and shifts them", async () => {
    const times = dataArray(["2000-01-01", "2000-02-01"], { dims: "t", dtype: "datetime64[ns]" });
    expect(await listOf(times.ge("2000-02"))).toEqual([0, 1]);
    expect(await listOf(times.lt(new Date("2000-01-15T00:00:00Z")))).toEqual([1, 0]);
    const later = times.add(timedelta(1, "D"));
    expect(await listOf(later.eq(new Date("2000-01-02T00:00:00Z")))).toEqual([1, 0]);
    expect(times.sub(times).dtype).toBe("timedelta64[ns]");
  });

  it("refuses what is nothing", () => {
    expect(() => t.add(undefined as never)).toThrow(/an operand: undefined/);
    expect(() => t.add({} as never)).toThrow(/an operand/);
  });
});

describe("datasets", () => {
  const ds = dataset(
    { a: ["x", [1, 2]], b: ["x", [3, 4]] },
    { coords: { x: [1, 2] }, attrs: { title: "T" } },
  );
  it("take scalars and arrays for every variable", async () => {
    expect(await listOf(ds.add(1).get("b"))).toEqual([4, 5]);
    const sum = ds.add(dataArray([10, 20], { dims: "x", coords: { x: [2, 1] }, attrs: { q: 1 } }));
    expect(await listOf(sum.get("a"))).toEqual([21, 12]);
    expect(sum.attrs).toEqual({ title: "T", q: 1 });
  });

  it("meet variable by variable; the join says which stay", () => {
    const other = dataset({ b: ["x", [1, 1]], c: ["x", [1, 1]] }, { coords: { x: [1, 2] } });
    expect(ds.mul(other).names).toEqual(["b"]);
    expect(ds.mul(other, { join: "outer" }).names).toEqual(["a", "b", "c"]);
  });
});

it("refuses a dtype that doesn't exist at once", async () => {
  const error = await failure(() => dataArray([1], { dims: "x" }).astype("float31" as "float32"));
  expect(error.tag).toBe("DtypeError");
});
