import { literal } from "@hyperslab/array/build";
import type { Dtype } from "@hyperslab/core/dtype";
import { type Index, indexOf } from "hyperslab/indexes";
import { slice, timedelta } from "hyperslab/label";
import { type ArrayLike, toBlock } from "hyperslab/ndarray";
import { Variable } from "hyperslab/variable";
import { describe, expect, it } from "vitest";

const variable = (data: ArrayLike, dtype?: Dtype): Variable =>
  new Variable(["x"], literal(toBlock(data, dtype)));
const index = (data: ArrayLike, dtype?: Dtype): Index => indexOf("x", variable(data, dtype));
const run = (start: number, length: number, step = 1): object => ({ kind: "slice", start, length, step });

describe("exact labels", () => {
  it("are found in every order", () => {
    expect(index([10, 20, 30]).locate(20)).toBe(1);
    expect(index([30, 20, 10]).locate(10)).toBe(2);
    expect(index([20, 30, 10]).locate(10)).toBe(2);
    expect(index(["b", "a"]).locate("a")).toBe(1);
    expect(index(BigInt64Array.of(5n, 6n)).locate(6)).toBe(1);
    expect(index(BigInt64Array.of(6n, 5n, 9n)).locate(9)).toBe(2);
    expect(index(Float32Array.of(0.1, 0.2)).locate(0.2)).toBe(1);
  });

  it("that are absent are told with range and neighbours", () => {
    expect(() => index([10, 20, 30]).locate(24)).toThrow(
      'sel(x=24): not among 3 labels from 10 to 30; the nearest are 20 and 30; give a label that is there, or method: "nearest"',
    );
    expect(() => index([]).locate(1)).toThrow(/no labels/);
    expect(() => index(["a"]).locate("z")).toThrow(/not among 1 labels from a to a/);
  });

  it("that stand twice give all their positions", () => {
    expect(index([1, 2, 2, 3]).locate(2)).toEqual(run(1, 2));
    expect(index([2, 1, 2]).locate(2)).toEqual({ kind: "positions", positions: Int32Array.of(0, 2) });
    expect(() => index([1, 2, 2]).locateAll([2])).toThrow(/more than once/);
  });

  it("NaN is found where it is a label, and nowhere else", () => {
    for (const ordered of [index([10, 20, 30]), index([30, 20, 10]), index([5])]) {
      expect(() => ordered.locate(NaN)).toThrow(/sel\(x=NaN\): not among/);
      expect(() => ordered.locate(NaN, "nearest")).toThrow(/sel\(x=NaN\)/);
      expect(() => ordered.locateAll([NaN])).toThrow(/sel\(x=NaN\)/);
      expect(() => ordered.between(NaN, 20)).toThrow(/NaN lies nowhere/);
      expect(() => ordered.between(null, NaN)).toThrow(/NaN lies nowhere/);
    }
    expect(index([1, NaN, 3]).locate(NaN)).toBe(1);
    expect(index([NaN, 1, NaN]).locate(NaN)).toEqual({ kind: "positions", positions: Int32Array.of(0, 2) });
    expect(index([NaN]).locate(NaN)).toBe(0);
    expect(() => index([NaN]).locate(5)).toThrow(/not among/);
  });

  it("come in lists", () => {
    expect(index([10, 20, 30]).locateAll([30, 10, 30])).toEqual(Int32Array.of(2, 0, 2));
    expect(() => index([10, 20]).locateAll([10, 15])).toThrow(/sel\(x=15\)/);
  });
});

describe("methods", () => {
  const up = index([0, 10, 20]);
  const down = index([20, 10, 0]);
  it("nearest takes the later of two equally near, in a falling index the earlier", () => {
    expect(up.locate(14, "nearest")).toBe(1);
    expect(up.locate(15, "nearest")).toBe(2);
    expect(down.locate(15, "nearest")).toBe(0);
    expect(up.locate(-99, "nearest")).toBe(0);
    expect(up.locate(99, "nearest")).toBe(2);
  });

  it("ffill and bfill go by position", () => {
    expect(up.locate(14, "ffill")).toBe(1);
    expect(up.locate(14, "backfill")).toBe(2);
    expect(down.locate(14, "pad")).toBe(0);
    expect(down.locate(14, "bfill")).toBe(1);
    expect(up.locate(10, "ffill")).toBe(1);
    expect(() => up.locate(-1, "ffill")).toThrow(/not among/);
    expect(() => up.locate(21, "bfill")).toThrow(/not among/);
  });

  it("keep to a tolerance", () => {
    expect(up.locate(12, "nearest", 2)).toBe(1);
    expect(() => up.locate(13, "nearest", 2)).toThrow(/within the tolerance/);
    const days = index(["2000-01-01", "2000-01-02"], "datetime64[ns]");
    expect(days.locate("2000-01-01T20:00", "nearest", timedelta(4, "h"))).toBe(1);
    expect(() => days.locate("2000-01-01T19:00", "nearest", timedelta(4, "h"))).toThrow(/tolerance/);
  });

  it("need an order, unique labels and a distance", () => {
    expect(() => index([1, 3, 2]).locate(1.5, "nearest")).toThrow(/in no order/);
    expect(() => index([1, 1, 2]).locate(1.5, "nearest")).toThrow(/more than once/);
    expect(() => index(["a", "c"]).locate("b", "nearest")).toThrow(/no distance/);
  });
});

describe("slices", () => {
  it("include both ends, present or not", () => {
    expect(index([0, 10, 20, 30]).between(10, 20)).toEqual(run(1, 2));
    expect(index([0, 10, 20, 30]).between(5, 25)).toEqual(run(1, 2));
    expect(index([30, 20, 10, 0]).between(25, 5)).toEqual(run(1, 2));
    expect(index([0, 10, 20]).between(null, 10)).toEqual(run(0, 2));
    expect(index([0, 10, 20]).between(10, null)).toEqual(run(1, 2));
  });

  it("the wrong way round hold nothing", () => {
    expect(index([0, 10, 20]).between(20, 10)).toMatchObject({ length: 0 });
    expect(index([20, 10, 0]).between(5, 15)).toMatchObject({ length: 0 });
  });

  it("have steps, also backwards", () => {
    expect(index([0, 1, 2, 3, 4]).between(0, 4, 2)).toEqual(run(0, 3, 2));
    expect(index([0, 1, 2, 3, 4]).between(3, 1, -1)).toEqual(run(3, 3, -1));
  });

  it("of labels in no order go from one label to the other", () => {
    expect(index([5, 1, 9, 3]).between(1, 3)).toEqual(run(1, 3));
    expect(() => index([5, 1, 9]).between(2, 9)).toThrow(/in no order/);
  });
});

describe("times", () => {
  const days = index(["1999-12-31", "2000-01-01", "2000-01-02", "2000-02-01"], "datetime64[s]");
  it("a coarser text is an interval, one as fine as the labels is a label", () => {
    expect(days.locate("2000-01")).toEqual(run(1, 2));
    expect(days.locate("2000")).toEqual(run(1, 3));
    expect(days.locate("2000-01-02")).toBe(2);
    expect(days.locate(new Date("2000-01-02T00:00:00Z"))).toBe(2);
  });

  it("an interval outside the labels is absent, one between them is empty", () => {
    expect(() => days.locate("2003")).toThrow(/4 labels from 1999-12-31 to 2000-02-01/);
    expect(index(["2000-01-01", "2000-03-01"], "datetime64[s]").locate("2000-02")).toEqual(run(1, 0));
  });

  it("hourly labels make a day an interval", () => {
    const hours = index(["2000-01-01T00", "2000-01-01T06", "2000-01-02T00"], "datetime64[ns]");
    expect(hours.locate("2000-01-01")).toEqual(run(0, 2));
    expect(hours.locate("2000-01-01T06")).toBe(1);
  });

  it("slices of texts reach to the end of their intervals, in both orders", () => {
    expect(days.between("2000-01", "2000-01")).toEqual(run(1, 2));
    const falling = index(["2000-02-01", "2000-01-02", "2000-01-01", "1999-12-31"], "datetime64[s]");
    expect(falling.between("2000-01", "1999")).toEqual(run(1, 3));
    expect(falling.locate("2000-01")).toEqual(run(1, 2));
  });

  it("other calendars have intervals of their own", () => {
    const months = index(["2000-01-30", "2000-02-30", "2000-03-30"], "cftime64[360_day]");
    expect(months.locate("2000-02")).toEqual(run(1, 1));
    expect(months.locate("2000-02-30")).toEqual(run(1, 1));
    expect(() => index(["2000-01-01"], "cftime64[noleap]").locate("2000-02-29")).toThrow(/noleap/);
  });

  it("in no order are looked through", () => {
    const mixed = index(["2000-02-01", "1999-01-01", "2000-01-01"], "datetime64[s]");
    expect(mixed.locate("2000")).toEqual({ kind: "positions", positions: Int32Array.of(0, 2) });
  });
});

describe("two indexes", () => {
  it("are equal by value, whatever the dtype", () => {
    expect(index([1, 2]).equals(index(Int32Array.of(1, 2)))).toBe(true);
    expect(index([1, 2]).equals(index(BigInt64Array.of(1n, 2n)))).toBe(true);
    expect(index([1, NaN]).equals(index([1, NaN]))).toBe(true);
    expect(index([1, 2]).equals(index([2, 1]))).toBe(false);
    const seconds = index(["2000-01-01"], "datetime64[s]");
    expect(seconds.equals(index(["2000-01-01"], "datetime64[ns]"))).toBe(true);
  });

  it("find each other's labels", () => {
    expect(index([1, 2, 3]).positionsFor(index([3, 9, 1]))).toEqual(Int32Array.of(2, -1, 0));
    expect(() => index([1, 1]).positionsFor(index([1]))).toThrow(/more than once/);
  });

  it("have a sorted union", () => {
    const [a, b] = [variable([3, 1]), variable([2, 3])];
    const union = indexOf("x", a).union(indexOf("x", b), a, b);
    expect(union.block?.data).toEqual(Float64Array.of(1, 2, 3));
  });
});

it("labels have to be in memory", () => {
  const lazy = { ...literal(toBlock([1])), kind: "write" } as never;
  expect(() => indexOf("x", new Variable(["x"], lazy))).toThrow(/not in memory/);
});

it("keeps the index of a variable", () => {
  const one = variable([1, 2]);
  expect(indexOf("x", one)).toBe(indexOf("x", one));
  expect(slice(1)).toBeDefined();
});
