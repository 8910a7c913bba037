/**
 * Owns the parts of times (year, month, hour, season …) of whole arrays, in every calendar. The days
 * are found without bigints: that is what makes it fast enough for time axes of millions.
 */
import {
  type CalendarDate,
  dateOfDay,
  dayNumber,
  dayOfYear,
  daysInMonth,
  daysInYear,
  isLeapYear,
  weekdayOfDay,
} from "./calendar.js";
import { type Calendar, NAT, type TimeDtype, type TimeUnit, calendarOf, unitOf } from "./dtype.js";
import { NANOSECONDS, floorDivide, unitsPerDay } from "./date-time.js";

/** Parts that {@link datePart} gives; flags are 0 and 1, Monday is 0. */
export const DATE_PARTS = [
  "year",
  "quarter",
  "month",
  "day",
  "hour",
  "minute",
  "second",
  "microsecond",
  "nanosecond",
  "dayofyear",
  "dayofweek",
  "weekofyear",
  "daysInMonth",
  "daysInYear",
  "isLeapYear",
  "isMonthStart",
  "isMonthEnd",
  "isQuarterStart",
  "isQuarterEnd",
  "isYearStart",
  "isYearEnd",
] as const;
export type DatePart = (typeof DATE_PARTS)[number];

/** Seasons as xarray names them, by `month % 12 / 3`. */
const SEASONS: readonly string[] = ["DJF", "MAM", "JJA", "SON"];

const LOW_WORD: number = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Finds day and rest of int64 counts with numbers alone, where these are exact. */
class DaySplitter {
  /** Days from 1970-01-01; NaN for NaT. */
  day = 0;
  /** Units since the day began. */
  rest = 0;
  private readonly values: BigInt64Array;
  private readonly words: Int32Array;
  private readonly perDay: number;
  private readonly shift: number;
  private readonly odd: number;
  /** 2 ** shift, and 2 ** (32 - shift). */
  private readonly low: number;
  private readonly high: number;

  constructor(values: BigInt64Array, unit: TimeUnit) {
    this.values = values;
    this.words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
    this.perDay = unitsPerDay(unit);
    // a day is `odd` times a power of two: the bits below need not take part in the division
    this.shift = 31 - Math.clz32(this.perDay & -this.perDay);
    this.low = 2 ** this.shift;
    this.high = 2 ** (32 - this.shift);
    this.odd = this.perDay / this.low;
  }

  at(i: number): void {
    const high = this.words[2 * i + 1 - LOW_WORD];
    const low = this.words[2 * i + LOW_WORD];
    if (high === -0x80000000 && low === 0) {
      this.day = NaN;
    } else if (this.shift > 10 || (high < 0x100000 && high >= -0x100000)) {
      const upper = high * this.high + (low >>> this.shift);
      const lower = low & (this.low - 1);
      this.day = Math.floor(upper / this.odd);
      this.rest = (upper - this.day * this.odd) * this.low + lower;
    } else {
      const [day, rest] = floorDivide(this.values[i], BigInt(this.perDay));
      this.day = Number(day);
      this.rest = Number(rest);
    }
  }
}

type DayFunction = (calendar: Calendar, date: CalendarDate, day: number) => number;

/** Parts that follow from the day. */
const OF_DAY: Readonly<Partial<Record<DatePart, DayFunction>>> = {
  year: (_, date) => date.year,
  quarter: (_, date) => Math.ceil(date.month / 3),
  month: (_, date) => date.month,
  day: (_, date) => date.day,
  dayofyear: (calendar, date) => dayOfYear(calendar, date),
  dayofweek: (calendar, _, day) => weekdayOfDay(calendar, day),
  weekofyear: isoWeek,
  daysInMonth: (calendar, date) => daysInMonth(calendar, date.year, date.month),
  daysInYear: (calendar, date) => daysInYear(calendar, date.year),
  isLeapYear: (calendar, date) => Number(isLeapYear(calendar, date.year)),
  isMonthStart: (_, date) => Number(date.day === 1),
  isMonthEnd: (calendar, date) => Number(isMonthEnd(calendar, date)),
  isQuarterStart: (_, date) => Number(date.day === 1 && date.month % 3 === 1),
  isQuarterEnd: (calendar, date) => Number(date.month % 3 === 0 && isMonthEnd(calendar, date)),
  isYearStart: (_, date) => Number(date.day === 1 && date.month === 1),
  isYearEnd: (calendar, date) => Number(date.month === 12 && isMonthEnd(calendar, date)),
};

function isMonthEnd(calendar: Calendar, date: CalendarDate): boolean {
  return date.day === daysInMonth(calendar, date.year, date.month);
}

/** Week of ISO 8601: the first week of a year is the one with its first Thursday. */
function isoWeek(calendar: Calendar, _: CalendarDate, day: number): number {
  const thursday = day - weekdayOfDay(calendar, day) + 3;
  const { year } = dateOfDay(calendar, thursday);
  return Math.floor((thursday - dayNumber(calendar, year, 1, 1)) / 7) + 1;
}

/**
 * One part of every time.
 *
 * @param values - of a `datetime64` or `cftime64` dtype
 * @returns whole numbers; NaN for NaT
 */
export function datePart(values: BigInt64Array, dtype: TimeDtype, part: DatePart): Float64Array {
  const out = new Float64Array(values.length);
  const calendar = calendarOf(dtype);
  const unit = unitOf(dtype);
  const splitter = new DaySplitter(values, unit);
  const ofDay = OF_DAY[part];
  if (ofDay) {
    const date: CalendarDate = { year: 0, month: 0, day: 0 };
    // neighbours are mostly of one day
    let last = NaN;
    let result = NaN;
    for (let i = 0; i < values.length; i++) {
      splitter.at(i);
      if (splitter.day !== last) {
        last = splitter.day;
        result = Number.isNaN(last) ? NaN : ofDay(calendar, dateOfDay(calendar, last, date), last);
      }
      out[i] = result;
    }
    return out;
  }
  const [size, modulo] = clockOf(part);
  const scale = NANOSECONDS[unit];
  for (let i = 0; i < values.length; i++) {
    splitter.at(i);
    // counts and sizes are powers of ten or whole minutes: one divides the other
    const { rest } = splitter;
    const count = size >= scale ? Math.floor(rest / (size / scale)) : rest * (scale / size);
    out[i] = Number.isNaN(splitter.day) ? NaN : count % modulo;
  }
  return out;
}

/** Nanoseconds of a part of the time of day, and after how many it starts anew. */
function clockOf(part: DatePart): [size: number, modulo: number] {
  if (part === "hour") return [NANOSECONDS.h, 24];
  if (part === "minute") return [NANOSECONDS.m, 60];
  if (part === "second") return [NANOSECONDS.s, 60];
  return part === "microsecond" ? [NANOSECONDS.us, 1_000_000] : [NANOSECONDS.ns, 1000];
}

/** The season of every time: DJF, MAM, JJA or SON; "nan" for NaT, as xarray has it. */
export function seasonNames(values: BigInt64Array, dtype: TimeDtype): string[] {
  return Array.from(datePart(values, dtype, "month"), (month) =>
    Number.isNaN(month) ? "nan" : SEASONS[Math.floor((month % 12) / 3)],
  );
}

/** The day on which every time falls, in its own unit: the time of day is cut off. NaT stays. */
export function floorToDay(values: BigInt64Array, dtype: TimeDtype): BigInt64Array {
  const splitter = new DaySplitter(values, unitOf(dtype));
  return values.map((value, i) => {
    splitter.at(i);
    return Number.isNaN(splitter.day) ? NAT : value - BigInt(splitter.rest);
  });
}
