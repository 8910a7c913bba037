/**
 * Owns the CF calendars: which days there are, and the number of each, counted from 1970-01-01 of its
 * own calendar. Integer arithmetic alone; knows no time of day, dtype or text.
 */
import type { Calendar } from "./dtype.js";

/** A day of a calendar; months and days count from 1. */
export interface CalendarDate {
  /** In the calendar's own count: `standard` and `julian` have no year 0, -1 comes before 1. */
  year: number;
  month: number;
  day: number;
}

const ALIASES: Readonly<Record<string, Calendar>> = {
  standard: "standard",
  gregorian: "standard",
  proleptic_gregorian: "proleptic_gregorian",
  julian: "julian",
  noleap: "noleap",
  "365_day": "noleap",
  all_leap: "all_leap",
  "366_day": "all_leap",
  "360_day": "360_day",
};

/** Every calendar, in its canonical spelling. */
export const CALENDARS: readonly Calendar[] = [
  "standard",
  "proleptic_gregorian",
  "julian",
  "noleap",
  "all_leap",
  "360_day",
];

/** 1582-10-15, the first Gregorian day of the `standard` calendar. */
const REFORM = -141427;
/** 1970-01-01 of the Julian calendar, counted in Gregorian days. */
const JULIAN_EPOCH = 13;
/** Days before each month, in years without and with 29 February. */
const BEFORE: readonly number[] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
const BEFORE_LEAP: readonly number[] = BEFORE.map((days, i) => (i > 1 ? days + 1 : days));
/** Weekday of 1970-01-01, Monday is 0; in calendars that never were, as cftime counts them. */
const FIRST_WEEKDAY: Readonly<Record<Calendar, number>> = {
  standard: 3,
  proleptic_gregorian: 3,
  julian: 2,
  noleap: 3,
  all_leap: 6,
  "360_day": 2,
};

/** The calendar of a CF attribute, in any of its spellings; undefined for one that CF does not know. */
export function calendarNamed(name: string): Calendar | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : undefined;
}

/** False where the year before 1 is -1. */
function hasYearZero(calendar: Calendar): boolean {
  return calendar !== "standard" && calendar !== "julian";
}

/** Years with a year 0, for arithmetic. */
function astronomical(calendar: Calendar, year: number): number {
  return year < 0 && !hasYearZero(calendar) ? year + 1 : year;
}

function historical(calendar: Calendar, year: number): number {
  return year <= 0 && !hasYearZero(calendar) ? year - 1 : year;
}

export function isLeapYear(calendar: Calendar, year: number): boolean {
  const y = astronomical(calendar, year);
  switch (calendar) {
    case "noleap":
    case "360_day":
      return false;
    case "all_leap":
      return true;
    case "julian":
      return y % 4 === 0;
    case "proleptic_gregorian":
      return isGregorianLeap(y);
    case "standard":
      return y < 1582 ? y % 4 === 0 : isGregorianLeap(y);
  }
}

function isGregorianLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function daysInYear(calendar: Calendar, year: number): number {
  if (calendar === "360_day") return 360;
  return isLeapYear(calendar, year) ? 366 : 365;
}

/** Days of a month. October 1582 of the `standard` calendar counts as 31, though ten of them are missing. */
export function daysInMonth(calendar: Calendar, year: number, month: number): number {
  if (calendar === "360_day") return 30;
  const before = isLeapYear(calendar, year) ? BEFORE_LEAP : BEFORE;
  return before[month] - before[month - 1];
}

/**
 * The number of a day in its year, 1 January is 1. It goes by the months' lengths, as in cftime: after
 * the reform of October 1582 it counts the ten missing days too.
 */
export function dayOfYear(calendar: Calendar, { year, month, day }: Readonly<CalendarDate>): number {
  if (calendar === "360_day") return (month - 1) * 30 + day;
  return (isLeapYear(calendar, year) ? BEFORE_LEAP : BEFORE)[month - 1] + day;
}

/** True for a day that the calendar has. */
export function isDate(calendar: Calendar, { year, month, day }: Readonly<CalendarDate>): boolean {
  if (!Number.isInteger(year) || !Number.isInteger(month) || !Number.isInteger(day)) return false;
  if ((year === 0 && !hasYearZero(calendar)) || month < 1 || month > 12) return false;
  if (calendar === "standard" && year === 1582 && month === 10 && day > 4 && day < 15) return false;
  return day >= 1 && day <= daysInMonth(calendar, year, month);
}

/** Days from 1970-01-01 of this calendar to a day of it. Exact for |days| up to 2^53. */
export function dayNumber(calendar: Calendar, year: number, month: number, day: number): number {
  const y = astronomical(calendar, year);
  switch (calendar) {
    case "360_day":
      return (y - 1970) * 360 + (month - 1) * 30 + day - 1;
    case "noleap":
      return (y - 1970) * 365 + BEFORE[month - 1] + day - 1;
    case "all_leap":
      return (y - 1970) * 366 + BEFORE_LEAP[month - 1] + day - 1;
    case "julian":
      return julianDay(y, month, day);
    case "proleptic_gregorian":
      return gregorianDay(y, month, day);
    case "standard":
      return y > 1582 || (y === 1582 && (month > 10 || (month === 10 && day >= 15)))
        ? gregorianDay(y, month, day)
        : julianDay(y, month, day) + JULIAN_EPOCH;
  }
}

/** The day of a number, the inverse of {@link dayNumber}; written into `out` where one is given. */
export function dateOfDay(
  calendar: Calendar,
  days: number,
  out: CalendarDate = { year: 0, month: 0, day: 0 },
): CalendarDate {
  switch (calendar) {
    case "360_day": {
      const rest = days - Math.floor(days / 360) * 360;
      out.year = 1970 + Math.floor(days / 360);
      out.month = 1 + Math.floor(rest / 30);
      out.day = 1 + (rest % 30);
      break;
    }
    case "noleap":
      fromYears(days, 365, BEFORE, out);
      break;
    case "all_leap":
      fromYears(days, 366, BEFORE_LEAP, out);
      break;
    case "julian":
      fromJulian(days, out);
      break;
    case "proleptic_gregorian":
      fromGregorian(days, out);
      break;
    case "standard":
      if (days >= REFORM) fromGregorian(days, out);
      else fromJulian(days - JULIAN_EPOCH, out);
      break;
  }
  out.year = historical(calendar, out.year);
  return out;
}

/** Monday is 0. */
export function weekdayOfDay(calendar: Calendar, days: number): number {
  return (((days + FIRST_WEEKDAY[calendar]) % 7) + 7) % 7;
}

/** The calendar's own year `count` years later, where there is a year 0 or not. */
export function addYears(calendar: Calendar, year: number, count: number): number {
  return historical(calendar, astronomical(calendar, year) + count);
}

function fromYears(days: number, yearDays: number, before: readonly number[], out: CalendarDate): void {
  const years = Math.floor(days / yearDays);
  const rest = days - years * yearDays;
  let month = Math.min(12, 1 + Math.floor(rest / 29));
  while (before[month - 1] > rest) month--;
  out.year = 1970 + years;
  out.month = month;
  out.day = 1 + rest - before[month - 1];
}

// Years that begin in March put the leap day last: then the days before a month follow a line.
function gregorianDay(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const century = Math.floor(y / 100);
  return y * 365 + Math.floor(y / 4) - century + Math.floor(century / 4) + marchDay(month, day) - 719468;
}

function julianDay(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  return y * 365 + Math.floor(y / 4) + marchDay(month, day) - 719483;
}

/** Days from 1 March. */
function marchDay(month: number, day: number): number {
  return Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
}

function fromGregorian(days: number, out: CalendarDate): void {
  const shifted = days + 719468;
  const cycle = Math.floor(shifted / 146097);
  const inCycle = shifted - cycle * 146097;
  const year = Math.floor(
    (inCycle - Math.floor(inCycle / 1460) + Math.floor(inCycle / 36524) - Math.floor(inCycle / 146096)) / 365,
  );
  const inYear = inCycle - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  fromMarch(cycle * 400 + year, inYear, out);
}

function fromJulian(days: number, out: CalendarDate): void {
  const shifted = days + 719483;
  const cycle = Math.floor(shifted / 1461);
  const inCycle = shifted - cycle * 1461;
  const year = Math.floor((inCycle - Math.floor(inCycle / 1460)) / 365);
  fromMarch(cycle * 4 + year, inCycle - 365 * year, out);
}

function fromMarch(year: number, inYear: number, out: CalendarDate): void {
  const month = Math.floor((5 * inYear + 2) / 153);
  out.day = inYear - Math.floor((153 * month + 2) / 5) + 1;
  out.month = month < 10 ? month + 3 : month - 9;
  out.year = out.month <= 2 ? year + 1 : year;
}
