import { readFileSync } from "node:fs";
import {
  CALENDARS,
  addYears,
  calendarNamed,
  dateOfDay,
  dayNumber,
  daysInMonth,
  daysInYear,
  isDate,
  weekdayOfDay,
} from "@hyperslab/core/calendar";
import { formatTime, formatTimeShort } from "@hyperslab/core/date-format";
import { DATE_PARTS, type DatePart, datePart, floorToDay, seasonNames } from "@hyperslab/core/date-parts";
import { parseTimeLabel } from "@hyperslab/core/date-parse";
import { convertUnit, dateTimeOf, timeValueOf } from "@hyperslab/core/date-time";
import { type Calendar, NAT, type TimeDtype, type TimeUnit } from "@hyperslab/core/dtype";
import { describe, expect, test } from "vitest";

type CftimeRow = [
  value: string,
  text: string,
  parts: number[],
  dayofyear: number,
  weekday: number,
  days: number,
];
const golden = JSON.parse(readFileSync(new URL("fixtures/calendars.json", import.meta.url), "utf8")) as {
  cftime: Record<Calendar, CftimeRow[]>;
  numpy: [unit: TimeUnit, value: string, text: string][];
  pandas: [value: string, parts: Partial<Record<DatePart, number>>][];
  timedelta: [value: string, text: string][];
};

describe.each(CALENDARS)("calendar %s", (calendar) => {
  const rows = golden.cftime[calendar];
  const dtype: TimeDtype = `cftime64[${calendar}]`;

  test("counts and prints as cftime does", () => {
    for (const [value, text, [year, month, day, hour, minute, second, microsecond]] of rows) {
      const date = { year, month, day, hour, minute, second, nanosecond: microsecond * 1000 };
      expect(dateTimeOf(BigInt(value), dtype)).toEqual(date);
      expect(timeValueOf(date, dtype)).toBe(BigInt(value));
      expect(formatTime(BigInt(value), dtype)).toBe(text);
    }
  });

  test("gives cftime's parts of arrays", () => {
    const values = BigInt64Array.from(rows, (row) => BigInt(row[0]));
    const part = (name: DatePart): number[] => [...datePart(values, dtype, name)];
    (["year", "month", "day", "hour", "minute", "second", "microsecond"] as const).forEach((name, i) =>
      expect(part(name)).toEqual(rows.map((row) => row[2][i])),
    );
    expect(part("dayofyear")).toEqual(rows.map((row) => row[3]));
    expect(part("dayofweek")).toEqual(rows.map((row) => row[4]));
    expect(part("daysInMonth")).toEqual(rows.map((row) => row[5]));
  });

  test("has a number for every day, and a day for every number", () => {
    const wrong: number[] = [];
    for (let days = -800_000; days < 800_000; days += 7) {
      const date = dateOfDay(calendar, days);
      if (dayNumber(calendar, date.year, date.month, date.day) !== days || !isDate(calendar, date))
        wrong.push(days);
    }
    expect(wrong).toEqual([]);
    expect(dateOfDay(calendar, 0)).toEqual({ year: 1970, month: 1, day: 1 });
    expect(weekdayOfDay(calendar, 6)).toBe((weekdayOfDay(calendar, -1) + 7) % 7);
  });

  test("reads back what it prints", () => {
    for (const [value, text] of rows) {
      if (text.startsWith("-")) continue;
      const { start, resolution } = parseTimeLabel(text, dtype);
      expect(start).toBe(BigInt(value));
      expect(resolution).toBe(text.includes(".") ? "microsecond" : "second");
    }
  });
});

describe("calendars", () => {
  test("are known by all their names", () => {
    expect(
      ["Gregorian", "365_day", "366_DAY", "standard", "none", "tai", "constructor"].map(calendarNamed),
    ).toEqual(["standard", "noleap", "all_leap", "standard", undefined, undefined, undefined]);
  });

  test("differ in their leap years and in what they lack", () => {
    const has = (calendar: Calendar, year: number, month: number, day: number): boolean =>
      isDate(calendar, { year, month, day });
    expect(CALENDARS.map((calendar) => daysInYear(calendar, 1900))).toEqual([365, 365, 366, 365, 366, 360]);
    expect(CALENDARS.map((calendar) => daysInMonth(calendar, 2000, 2))).toEqual([29, 29, 29, 28, 29, 30]);
    expect(CALENDARS.map((calendar) => has(calendar, 2001, 2, 30))).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
    expect([4, 5, 14, 15].map((day) => has("standard", 1582, 10, day))).toEqual([true, false, false, true]);
    expect(CALENDARS.map((calendar) => has(calendar, 0, 1, 1))).toEqual([
      false,
      true,
      false,
      true,
      true,
      true,
    ]);
    expect(has("standard", 2000, 13, 1) || has("standard", 2000, 0, 1) || has("standard", 2000, 1.5, 1)).toBe(
      false,
    );
    expect(addYears("standard", -1, 1)).toBe(1);
    expect(addYears("noleap", -1, 1)).toBe(0);
  });
});

describe("datetime64", () => {
  test("prints as NumPy does, in every unit", () => {
    for (const [unit, value, text] of golden.numpy)
      expect(formatTime(BigInt(value), `datetime64[${unit}]`)).toBe(text);
  });

  test("has the parts that pandas has", () => {
    const values = BigInt64Array.from(golden.pandas, ([value]) => BigInt(value));
    for (const part of DATE_PARTS) {
      if (part === "daysInYear") continue;
      // pandas counts microseconds within the second, and so do we
      const expected = golden.pandas.map(([, parts]) => parts[part]);
      expect([part, ...datePart(values, "datetime64[ns]", part)]).toEqual([part, ...expected]);
    }
  });

  test("has the same parts in every unit, near and far from 1970", () => {
    const coarser: TimeUnit[] = ["us", "ms", "s", "m", "h", "D"];
    for (const unit of coarser) {
      const dtype: TimeDtype = `datetime64[${unit}]`;
      for (const [value] of golden.pandas) {
        const converted = convertUnit(BigInt(value), "ns", unit);
        for (const scale of [1n, 997n]) {
          const far = BigInt.asIntN(63, converted * scale);
          const date = dateTimeOf(far, dtype);
          const one = BigInt64Array.of(far);
          const part = (name: DatePart): number => datePart(one, dtype, name)[0];
          expect([
            part("year"),
            part("month"),
            part("day"),
            part("hour"),
            part("minute"),
            part("second"),
          ]).toEqual([date.year, date.month, date.day, date.hour, date.minute, date.second]);
          expect(part("microsecond") * 1000 + part("nanosecond")).toBe(date.nanosecond);
          expect(timeValueOf(date, dtype)).toBe(far);
        }
      }
    }
  });

  test("keeps NaT apart", () => {
    const values = BigInt64Array.of(NAT, 0n, 1n);
    for (const part of DATE_PARTS) expect(datePart(values, "datetime64[s]", part)[0]).toBeNaN();
    expect(datePart(values, "datetime64[s]", "daysInYear")[1]).toBe(365);
    expect(formatTime(NAT, "datetime64[ns]")).toBe("NaT");
    expect(seasonNames(values, "datetime64[D]")).toEqual(["nan", "DJF", "DJF"]);
    expect([...floorToDay(BigInt64Array.of(NAT, -1n, 86400n), "datetime64[s]")]).toEqual([
      NAT,
      -86400n,
      86400n,
    ]);
  });

  test("is short where it can be", () => {
    expect(formatTimeShort(0n, "datetime64[ns]")).toBe("1970-01-01");
    expect(formatTimeShort(1_500_000_000n, "datetime64[ns]")).toBe("1970-01-01T00:00:01.5");
    expect(formatTimeShort(3_600_000_000n, "cftime64[noleap]")).toBe("1970-01-01 01:00:00");
  });
});

test("timedelta64 prints as pandas does", () => {
  for (const [value, text] of golden.timedelta)
    expect(formatTime(BigInt(value), "timedelta64[ns]")).toBe(text);
  expect(formatTime(36n, "timedelta64[h]")).toBe("1 days 12:00:00");
});

describe("labels", () => {
  const interval = (text: string, dtype: TimeDtype): string => {
    const { start, stop, resolution } = parseTimeLabel(text, dtype);
    return `${formatTimeShort(start, dtype)} ${formatTimeShort(stop, dtype)} ${resolution}`;
  };

  test.each([
    ["2000", "2000-01-01 2001-01-01 year"],
    ["2000-12", "2000-12-01 2001-01-01 month"],
    ["200002", "2000-02-01 2000-03-01 month"],
    ["2000-2", "2000-02-01 2000-03-01 month"],
    ["2000Q4", "2000-10-01 2001-01-01 quarter"],
    ["2000-02-29", "2000-02-29 2000-03-01 day"],
    ["20000229", "2000-02-29 2000-03-01 day"],
    ["2000-03-05T23", "2000-03-05T23:00:00 2000-03-06 hour"],
    ["2000-03-05 12:30", "2000-03-05T12:30:00 2000-03-05T12:31:00 minute"],
    ["20000305T1230", "2000-03-05T12:30:00 2000-03-05T12:31:00 minute"],
    ["2000-03-05T12:30:15Z", "2000-03-05T12:30:15 2000-03-05T12:30:16 second"],
    ["2000-03-05T12:30:15.5", "2000-03-05T12:30:15.5 2000-03-05T12:30:15.501 millisecond"],
    [
      "2000-03-05T12:30:15.123456789",
      "2000-03-05T12:30:15.123456789 2000-03-05T12:30:15.12345679 nanosecond",
    ],
  ])("%s", (text, expected) => {
    expect(interval(text, "datetime64[ns]")).toBe(expected);
  });

  test("are of the calendar of the index", () => {
    expect(interval("2000-02", "cftime64[360_day]")).toBe("2000-02-01 2000-03-01 month");
    expect(interval("2000-02-30", "cftime64[360_day]")).toBe("2000-02-30 2000-03-01 day");
    expect(interval("-0001", "cftime64[standard]")).toBe("-0001-01-01 0001-01-01 year");
    expect(interval("1582-10", "cftime64[standard]")).toBe("1582-10-01 1582-11-01 month");
    expect(interval("12345", "cftime64[noleap]")).toBe("12345-01-01 12346-01-01 year");
    expect(interval("2000-03-05T12:30:15.1234567", "cftime64[julian]")).toMatch(
      /15\.123456 .*15\.123457 nanosecond/,
    );
    expect(() => parseTimeLabel("2000-02-29", "cftime64[noleap]")).toThrow(
      /no such time in the calendar noleap/,
    );
    expect(() => parseTimeLabel("0000-01-01", "cftime64[standard]")).toThrow(/no such time/);
  });

  test("hold no time of a unit that is coarser than they are", () => {
    const { start, stop } = parseTimeLabel("2000-01-01T12", "datetime64[D]");
    expect([start, stop]).toEqual([10958n, 10958n]);
    expect(interval("2000-01", "datetime64[D]")).toBe("2000-01-01 2000-02-01 month");
  });

  test("stay within int64", () => {
    const { start, stop } = parseTimeLabel("1500", "datetime64[ns]");
    expect([start, stop]).toEqual([NAT + 1n, NAT + 1n]);
    expect(parseTimeLabel("9999", "datetime64[ns]").start).toBe(2n ** 63n);
  });

  test.each([
    "",
    "yesterday",
    "2000-13",
    "2000-02-30",
    "2000-01-01T24",
    "2000-01-01T12:60",
    "01/02/2000",
    "2000-03-05T12:00:00+02:00",
  ])("%s is refused", (text) => {
    expect(() => parseTimeLabel(text, "datetime64[ns]")).toThrow(/the date/);
    expect(() => parseTimeLabel("2000", "timedelta64[ns]")).toThrow(/have no date/);
  });
});
