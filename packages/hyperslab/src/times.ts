/**
 * Owns times as users meet them: `Date`s and text to counts of a time dtype and back, and calendar
 * fields by xarray's names. Calendars themselves are `@hyperslab/core/calendar`; how files write time belongs to the conventions.
 */
import { formatTimeShort } from "@hyperslab/core/date-format";
import { parseTimeLabel } from "@hyperslab/core/date-parse";
import { type DatePart, DATE_PARTS, datePart, seasonNames } from "@hyperslab/core/date-parts";
import { convertUnit, dateTimeOf, timeValueOf, unitsPerDay } from "@hyperslab/core/date-time";
import { type Dtype, NAT, type TimeDtype, isTime, isTimedelta, unitOf } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError } from "@hyperslab/core/errors";

/** How finely a text says a time: 0 year, 1 month, 2 day, 3 hour, 4 minute, 5 second, 6 finer. */
export type Resolution = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const RESOLUTIONS: Readonly<Record<ReturnType<typeof parseTimeLabel>["resolution"], Resolution>> = {
  year: 0,
  quarter: 1,
  month: 1,
  day: 2,
  hour: 3,
  minute: 4,
  second: 5,
  millisecond: 6,
  microsecond: 6,
  nanosecond: 6,
};

/** The counts that a text covers, both ends included. */
export interface Interval {
  readonly start: bigint;
  readonly last: bigint;
  readonly resolution: Resolution;
}

function checked(dtype: Dtype, operation: string): TimeDtype {
  if (isTime(dtype)) return dtype;
  throw new DtypeError({ dtype, operation, found: `${dtype} is no time`, hint: "give numbers for numbers" });
}

/** The count of a `Date` (UTC); in other calendars that of the date with the same year, month and day. */
export function dateToCount(date: Date, dtype: Dtype): bigint {
  const time = checked(dtype, "date");
  const ms = date.getTime();
  return Number.isNaN(ms) ? NAT : timeValueOf(dateTimeOf(BigInt(ms), "datetime64[ms]"), time);
}

/** A point in time as a `Date`: the same year, month, day and clock (UTC), whatever the calendar. */
export function countToDate(count: bigint, dtype: Dtype): Date {
  const time = checked(dtype, "date");
  return new Date(count === NAT ? NaN : Number(timeValueOf(dateTimeOf(count, time), "datetime64[ms]")));
}

/** The interval that an ISO text names in the calendar of `dtype`. @throws ArgumentError for another text */
export function parseInterval(text: string, dtype: Dtype): Interval {
  const { start, stop, resolution } = parseTimeLabel(text, checked(dtype, "date"));
  return { start, last: stop - 1n, resolution: RESOLUTIONS[resolution] };
}

/** The count that a text names, at the start of its interval. @throws ArgumentError for a text that is no date */
export function parseTime(text: string, dtype: Dtype): bigint {
  return text === "NaT" ? NAT : parseInterval(text, dtype).start;
}

/** A count in another unit of the same kind of time, rounded down. */
export function convertCount(count: bigint, from: Dtype, to: Dtype): bigint {
  return count === NAT ? NAT : convertUnit(count, unitOf(checked(from, "unit")), unitOf(checked(to, "unit")));
}

/** A time as short as it stays exact. */
export function formatTime(count: bigint, dtype: Dtype): string {
  return formatTimeShort(count, checked(dtype, "format"));
}

/** The coarsest resolution, of days or finer, that says every count exactly. */
export function resolutionOf(counts: ArrayLike<bigint>, dtype: Dtype): Resolution {
  const perDay = unitsPerDay(unitOf(checked(dtype, "resolution")));
  const sizes = [1, 24, 1440, 86_400]
    .filter((parts) => parts <= perDay)
    .map((parts) => BigInt(perDay / parts));
  let finest = 0;
  for (let i = 0; i < counts.length; i++)
    if (counts[i] !== NAT) while (finest < sizes.length && counts[i] % sizes[finest] !== 0n) finest++;
  return (finest + 2) as Resolution;
}

/** Names of fields beyond those of dates, and xarray's spellings of these. */
const SPELLINGS: Readonly<Record<string, TimeField>> = {
  season: "season",
  weekday: "dayofweek",
  dayOfWeek: "dayofweek",
  dayOfYear: "dayofyear",
  weekOfYear: "weekofyear",
  days_in_month: "daysInMonth",
  daysinmonth: "daysInMonth",
  days_in_year: "daysInYear",
  is_leap_year: "isLeapYear",
  is_month_start: "isMonthStart",
  is_month_end: "isMonthEnd",
  is_quarter_start: "isQuarterStart",
  is_quarter_end: "isQuarterEnd",
  is_year_start: "isYearStart",
  is_year_end: "isYearEnd",
};

/** A part of dates and times; `season` is one of DJF, MAM, JJA, SON. */
export type TimeField = DatePart | "season";

/** The field that a text names. @throws ArgumentError */
export function asTimeField(text: string): TimeField {
  const field = SPELLINGS[text] ?? DATE_PARTS.find((known) => known === text);
  if (field) return field;
  throw new ArgumentError({
    asked: `the field "${text}" of a time`,
    found: "no such field",
    hint: `use season, ${DATE_PARTS.join(", ")}`,
  });
}

/** One field of every count: whole numbers (NaN for NaT), or names of seasons. @throws DtypeError for spans of time */
export function timeField(counts: BigInt64Array, dtype: Dtype, field: TimeField): Float64Array | string[] {
  const time = checked(dtype, `dt.${field}`);
  if (isTimedelta(time))
    throw new DtypeError({
      dtype,
      operation: `dt.${field}`,
      found: "a span of time",
      hint: "spans have no date",
    });
  return field === "season" ? seasonNames(counts, time) : datePart(counts, time, field);
}
