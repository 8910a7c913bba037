import { dataArray } from "hyperslab";
import { expect, it } from "vitest";
import { listOf } from "../read.js";

const times = dataArray(["2000-02-29T13:45:10", "2001-12-31"], {
  dims: "t",
  dtype: "datetime64[ns]",
  attrs: { axis: "T" },
  name: "time",
});

it("gives every field by name", async () => {
  const { dt } = times;
  const fields = {
    year: [2000, 2001],
    quarter: [1, 4],
    month: [2, 12],
    day: [29, 31],
    hour: [13, 0],
    minute: [45, 0],
    second: [10, 0],
    microsecond: [0, 0],
    nanosecond: [0, 0],
    dayofyear: [60, 365],
    dayofweek: [1, 0],
    weekday: [1, 0],
    weekofyear: [9, 1],
    season: ["DJF", "DJF"],
    daysInMonth: [29, 31],
    daysInYear: [366, 365],
    isLeapYear: [1, 0],
    isMonthStart: [0, 0],
    isMonthEnd: [1, 1],
    isYearStart: [0, 0],
    isYearEnd: [0, 1],
  } as const;
  for (const [name, expected] of Object.entries(fields))
    expect([name, await listOf(dt[name as keyof typeof fields])]).toEqual([name, expected]);
  expect(dt.month.name).toBe("month");
  expect(dt.month.attrs).toEqual({ axis: "T" });
  expect(dt.month.dtype).toBe("int64");
  expect(dt.isLeapYear.dtype).toBe("bool");
  expect(await listOf(dt.field("days_in_month"))).toEqual([29, 31]);
});

it("is missing where the time is", async () => {
  const some = dataArray(["NaT", "2000"], { dims: "t", dtype: "datetime64[s]" });
  expect(await listOf(some.dt.year)).toEqual([NaN, 2000]);
  expect(await listOf(some.dt.season)).toEqual(["nan", "DJF"]);
});

it("refuses what is no time, or lazy", () => {
  expect(() => dataArray([1], { dims: "t" }).dt.month).toThrow(/not a time/);
});
