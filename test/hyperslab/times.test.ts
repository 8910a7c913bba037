import { NAT } from "@hyperslab/core/dtype";
import {
  asTimeField,
  convertCount,
  countToDate,
  dateToCount,
  formatTime,
  parseInterval,
  parseTime,
  resolutionOf,
  timeField,
} from "hyperslab/times";
import { describe, expect, it } from "vitest";

describe("dates", () => {
  it("become counts of every unit, and come back", () => {
    const date = new Date("2000-01-02T03:04:05.678Z");
    for (const dtype of ["datetime64[ms]", "datetime64[ns]", "datetime64[us]"] as const)
      expect(countToDate(dateToCount(date, dtype), dtype)).toEqual(date);
    expect(dateToCount(date, "datetime64[D]")).toBe(10958n);
  });

  it("keep year, month and day in a calendar that has them elsewhere", () => {
    const count = dateToCount(new Date("2000-03-01T00:00:00Z"), "cftime64[noleap]");
    expect(formatTime(count, "cftime64[noleap]")).toBe("2000-03-01");
    expect(count).toBe(BigInt(30 * 365 + 59) * 86_400_000_000n);
  });

  it("that are none become NaT", () => {
    expect(dateToCount(new Date(NaN), "datetime64[ns]")).toBe(NAT);
    expect(countToDate(NAT, "datetime64[ns]").getTime()).toBeNaN();
  });
});

describe("texts", () => {
  it("name intervals, both ends included", () => {
    const { start, last, resolution } = parseInterval("2000-02", "datetime64[D]");
    expect([start, last, resolution]).toEqual([10988n, 11016n, 1]);
  });

  it("follow the calendar", () => {
    const february = parseInterval("2000-02", "cftime64[360_day]");
    expect(february.last - february.start + 1n).toBe(30n * 86_400_000_000n);
  });

  it("are read at the start of their interval, NaT as such", () => {
    expect(parseTime("1970", "datetime64[s]")).toBe(0n);
    expect(parseTime("NaT", "datetime64[s]")).toBe(NAT);
  });

  it("that are no dates are refused", () => {
    expect(() => parseTime("soon", "datetime64[s]")).toThrow(/soon/);
    expect(() => parseTime("2001-02-29", "datetime64[s]")).toThrow(/no such time/);
  });
});

describe("resolutionOf", () => {
  it("is the coarsest that says all counts", () => {
    expect(resolutionOf([0n, 86_400n], "datetime64[s]")).toBe(2);
    expect(resolutionOf([0n, 3600n], "datetime64[s]")).toBe(3);
    expect(resolutionOf([60n], "datetime64[s]")).toBe(4);
    expect(resolutionOf([61n], "datetime64[s]")).toBe(5);
    expect(resolutionOf([61_001n], "datetime64[ms]")).toBe(6);
    expect(resolutionOf([5n, NAT], "datetime64[D]")).toBe(2);
    expect(resolutionOf([5n], "datetime64[h]")).toBe(3);
  });
});

describe("fields", () => {
  it("have xarray's names and ours", () => {
    expect(asTimeField("is_leap_year")).toBe("isLeapYear");
    expect(asTimeField("weekday")).toBe("dayofweek");
    expect(() => asTimeField("fortnight")).toThrow(/no such field/);
  });

  it("are numbers, or names of seasons", () => {
    const counts = BigInt64Array.of(0n, 180n);
    expect([...timeField(counts, "datetime64[D]", "dayofyear")]).toEqual([1, 181]);
    expect(timeField(counts, "datetime64[D]", "season")).toEqual(["DJF", "JJA"]);
    expect(() => timeField(counts, "timedelta64[D]", "month")).toThrow(/span/);
  });
});

it("converts units, rounding down", () => {
  expect(convertCount(-1n, "timedelta64[h]", "timedelta64[D]")).toBe(-1n);
  expect(convertCount(2n, "datetime64[D]", "datetime64[h]")).toBe(48n);
});
