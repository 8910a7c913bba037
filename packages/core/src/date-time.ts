/**
 * Owns the way between time values (int64 counts of a unit, see dtype.ts) and what they mean: day,
 * time of day, date. One value at a time, exactly; arrays of them in date-parts.ts.
 */
import { type CalendarDate, dateOfDay, dayNumber } from "./calendar.js";
import { type TimeDtype, type TimeUnit, calendarOf, unitOf } from "./dtype.js";

/** A date with its time of day. */
export interface DateTime extends CalendarDate {
  hour: number;
  minute: number;
  second: number;
  /** 0 to 999,999,999. */
  nanosecond: number;
}

/** Nanoseconds of each unit. */
export const NANOSECONDS: Readonly<Record<TimeUnit, number>> = {
  D: 86_400_000_000_000,
  h: 3_600_000_000_000,
  m: 60_000_000_000,
  s: 1_000_000_000,
  ms: 1_000_000,
  us: 1000,
  ns: 1,
};

/** How many of a unit make a day. */
export function unitsPerDay(unit: TimeUnit): number {
  return NANOSECONDS.D / NANOSECONDS[unit];
}

/** Largest and smallest time values; the one below is NaT. */
const MAX_TIME: bigint = 2n ** 63n - 1n;
export const MIN_TIME: bigint = -(2n ** 63n) + 1n;

/** True for a count that an int64 holds, NaT apart. */
export function isTimeValue(value: bigint): boolean {
  return value >= MIN_TIME && value <= MAX_TIME;
}

/** Division that rounds down, and its remainder, which is never negative. */
export function floorDivide(value: bigint, by: bigint): [quotient: bigint, remainder: bigint] {
  const remainder = ((value % by) + by) % by;
  return [(value - remainder) / by, remainder];
}

/** Date and time of a value of a `datetime64` or `cftime64` dtype; not for NaT. */
export function dateTimeOf(value: bigint, dtype: TimeDtype): DateTime {
  const unit = unitOf(dtype);
  const [days, rest] = floorDivide(value, BigInt(unitsPerDay(unit)));
  const date = dateOfDay(calendarOf(dtype), Number(days));
  const ticks = Number(rest);
  const perSecond = Math.max(1, NANOSECONDS.s / NANOSECONDS[unit]);
  const seconds = Math.floor(ticks / perSecond) * Math.max(1, NANOSECONDS[unit] / NANOSECONDS.s);
  return {
    ...date,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    nanosecond: (ticks % perSecond) * (NANOSECONDS.s / perSecond),
  };
}

/**
 * The value of a date and time: what is finer than the unit is dropped (rounded down). It may lie
 * outside of int64, which {@link isTimeValue} tells.
 */
export function timeValueOf(date: Readonly<DateTime>, dtype: TimeDtype): bigint {
  const unit = unitOf(dtype);
  const days = dayNumber(calendarOf(dtype), date.year, date.month, date.day);
  const seconds = (date.hour * 60 + date.minute) * 60 + date.second;
  const nanoseconds = BigInt(seconds) * BigInt(NANOSECONDS.s) + BigInt(date.nanosecond);
  return BigInt(days) * BigInt(unitsPerDay(unit)) + nanoseconds / BigInt(NANOSECONDS[unit]);
}

/** A value in another unit; towards a coarser one it is rounded down. NaT is not looked for. */
export function convertUnit(value: bigint, from: TimeUnit, to: TimeUnit): bigint {
  const [a, b] = [NANOSECONDS[from], NANOSECONDS[to]];
  return a >= b ? value * BigInt(a / b) : floorDivide(value, BigInt(b / a))[0];
}
