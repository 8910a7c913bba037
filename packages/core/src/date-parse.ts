/**
 * Owns the reading of date labels, whole or partial ("2000", "2000-03-05T12"), in every calendar: a
 * label names an interval of time. ISO 8601 alone; the freer spellings of files belong to conventions.
 */
import { addYears, isDate } from "./calendar.js";
import { type DateTime, MIN_TIME, NANOSECONDS, floorDivide, timeValueOf, unitsPerDay } from "./date-time.js";
import {
  type Calendar,
  type TimeDtype,
  type TimeUnit,
  calendarOf,
  isCftime,
  isTimedelta,
  unitOf,
} from "./dtype.js";
import { ArgumentError } from "./errors.js";

/** What the label names last. */
export type DateResolution =
  | "year"
  | "quarter"
  | "month"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond"
  | "nanosecond";

/** The times that a label names: those with `start <= time < stop`, in the unit of the dtype. */
export interface TimeInterval {
  readonly start: bigint;
  readonly stop: bigint;
  readonly resolution: DateResolution;
}

const CLOCK = String.raw`(?:[T ](\d{1,2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?Z?)?`;
const EXTENDED = new RegExp(String.raw`^([+-]?\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})${CLOCK})?)?$`);
const BASIC = new RegExp(String.raw`^(\d{4})(\d{2})(?:(\d{2})${CLOCK})?$`);
const QUARTER = /^([+-]?\d{4,6})-?Q([1-4])$/;

/** Nanoseconds of the resolutions that have a fixed length. */
const LENGTH: Readonly<Partial<Record<DateResolution, number>>> = {
  day: NANOSECONDS.D,
  hour: NANOSECONDS.h,
  minute: NANOSECONDS.m,
  second: NANOSECONDS.s,
  millisecond: NANOSECONDS.ms,
  microsecond: NANOSECONDS.us,
  nanosecond: NANOSECONDS.ns,
};
/** Months of the others. */
const MONTHS: Readonly<Partial<Record<DateResolution, number>>> = { year: 12, quarter: 3, month: 1 };

/**
 * Reads a label: `2000`, `2000-03`, `200003`, `2000Q1`, `2000-03-05`, `20000305`, and with a time of day
 * `2000-03-05T12`, `2000-03-05 12:30:15.5`. Times are UTC; a `Z` changes nothing.
 *
 * @param dtype - `datetime64` or `cftime64`: its calendar and unit are those of the result
 * @throws ArgumentError for text that is no date, or a date that the calendar doesn't have
 */
export function parseTimeLabel(text: string, dtype: TimeDtype): TimeInterval {
  const calendar = calendarOf(dtype);
  const { date, resolution } = parseDate(text.trim(), text, dtype);
  const inside = isDate(calendar, date) && date.hour < 24 && date.minute < 60 && date.second < 60;
  if (!inside)
    throw new ArgumentError({
      asked: `the date "${text}"`,
      found: `there is no such time in the calendar ${calendar}`,
      hint: isCftime(dtype) ? "labels are dates of the index's own calendar" : "check month, day and hour",
    });
  // values of a unit that is coarser than the label start before it: such a label holds none of them
  const exact: TimeDtype = isCftime(dtype) ? dtype : "datetime64[ns]";
  const start = timeValueOf(date, exact);
  const length = LENGTH[resolution];
  const stop =
    length === undefined
      ? timeValueOf(monthsLater(calendar, date, MONTHS[resolution] ?? 1), exact)
      : start + BigInt(length) / BigInt(NANOSECONDS[unitOf(exact)]);
  const unit = unitOf(dtype);
  return {
    start: ceilTo(start, unitOf(exact), unit),
    stop: ceilTo(stop === start ? start + 1n : stop, unitOf(exact), unit),
    resolution,
  };
}

function parseDate(
  text: string,
  asked: string,
  dtype: TimeDtype,
): { date: DateTime; resolution: DateResolution } {
  const quarter = QUARTER.exec(text);
  // six digits are a year and a month, as in 200003; a year of six digits needs its sign
  const match = quarter ?? BASIC.exec(text) ?? EXTENDED.exec(text);
  if (!match || isTimedelta(dtype))
    throw new ArgumentError({
      asked: `the date "${asked}"`,
      found: isTimedelta(dtype) ? `times of dtype ${dtype} have no date` : "it is not an ISO 8601 date",
      hint: "write 2000, 2000-03, 2000-03-05 or 2000-03-05T12:30:15, in UTC",
    });
  const [, year, month, day, hour, minute, second, fraction] = match as (string | undefined)[];
  const date: DateTime = {
    year: Number(year),
    month: quarter ? Number(month) * 3 - 2 : Number(month ?? 1),
    day: Number(day ?? 1),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    nanosecond: Number((fraction ?? "").padEnd(9, "0")),
  };
  if (quarter) return { date, resolution: "quarter" };
  return { date, resolution: resolutionOf(month, day, hour, minute, second, fraction) };
}

function resolutionOf(
  month?: string,
  day?: string,
  hour?: string,
  minute?: string,
  second?: string,
  fraction?: string,
): DateResolution {
  if (fraction !== undefined)
    return fraction.length <= 3 ? "millisecond" : fraction.length <= 6 ? "microsecond" : "nanosecond";
  if (second !== undefined) return "second";
  if (minute !== undefined) return "minute";
  if (hour !== undefined) return "hour";
  if (day !== undefined) return "day";
  return month === undefined ? "year" : "month";
}

function monthsLater(calendar: Calendar, date: DateTime, months: number): DateTime {
  const count = date.month - 1 + months;
  return { ...date, year: addYears(calendar, date.year, Math.floor(count / 12)), month: (count % 12) + 1 };
}

/** Towards later times, and kept within what the unit can hold. */
function ceilTo(value: bigint, from: TimeUnit, to: TimeUnit): bigint {
  const [a, b] = [unitsPerDay(from), unitsPerDay(to)];
  const converted = a <= b ? value * BigInt(b / a) : -floorDivide(-value, BigInt(a / b))[0];
  const limit = 2n ** 63n;
  return converted < MIN_TIME ? MIN_TIME : converted > limit ? limit : converted;
}
