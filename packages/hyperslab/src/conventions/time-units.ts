/**
 * Owns the CF units of time: "<unit> since <reference date>" in a calendar, and plain durations.
 * Parses and checks them; converts no values.
 */
import { calendarNamed, isDate } from "@hyperslab/core/calendar";
import { timeValueOf } from "@hyperslab/core/date-time";
import type { Calendar } from "@hyperslab/core/dtype";
import { ConventionError } from "@hyperslab/core/errors";
import { type ReferenceDate, readReferenceDate } from "./reference-date.js";

/** What `units` and `calendar` of a variable mean. Pure data. */
export interface DatetimeUnits {
  /** As written. */
  readonly units: string;
  /** As written; null where the attribute is absent, which means `standard`. */
  readonly calendarName: string | null;
  readonly calendar: Calendar;
  /** Nanoseconds of the unit. */
  readonly nanoseconds: number;
  /** True for the names that xarray knows without cftime: full ones, such as `hours` or `day`. */
  readonly plain: boolean;
  /** True where the unit is `days`, `hours`, `minutes` or `seconds`, in any spelling: rounded to whole seconds. */
  readonly snaps: boolean;
  readonly reference: ReferenceDate;
}

export type DurationName =
  | "days"
  | "hours"
  | "minutes"
  | "seconds"
  | "milliseconds"
  | "microseconds"
  | "nanoseconds";

/** Nanoseconds of the units that durations and encoded times have, longest first. */
export const DURATIONS: Readonly<Record<DurationName, number>> = {
  days: 86_400_000_000_000,
  hours: 3_600_000_000_000,
  minutes: 60_000_000_000,
  seconds: 1_000_000_000,
  milliseconds: 1_000_000,
  microseconds: 1000,
  nanoseconds: 1,
};

/** Shorter and other spellings that cftime takes. */
const SPELLINGS: Readonly<Record<string, DurationName>> = {
  d: "days",
  h: "hours",
  hr: "hours",
  hrs: "hours",
  min: "minutes",
  mins: "minutes",
  s: "seconds",
  sec: "seconds",
  secs: "seconds",
  ms: "milliseconds",
  msec: "milliseconds",
  msecs: "milliseconds",
  millisec: "milliseconds",
  millisecs: "milliseconds",
  microsec: "microseconds",
  microsecs: "microseconds",
};

/** True for a unit of durations, in the one spelling in which it is taken for one. */
export function isDuration(units: unknown): units is DurationName {
  return typeof units === "string" && Object.hasOwn(DURATIONS, units);
}

/** True for units that claim to be times; whether they can be read, {@link parseDatetimeUnits} tells. */
export function isDatetimeUnits(units: unknown): units is string {
  return typeof units === "string" && units.includes("since");
}

/**
 * Reads the units of a time variable.
 *
 * @param name - of the variable, for errors
 * @returns the units, and warnings where a reading was chosen by convention
 * @throws ConventionError for a unit, date or calendar that is unknown, ambiguous or not in the calendar
 */
export function parseDatetimeUnits(
  name: string,
  units: string,
  calendarName: string | null,
): { units: DatetimeUnits; warnings: readonly string[] } {
  const refuse = (attribute: string, found: string): never => {
    throw new ConventionError({
      variable: name,
      attribute,
      found,
      hint: "open with decodeTimes: false to have the numbers, and mend the attribute",
    });
  };
  const calendar =
    calendarNamed(calendarName ?? "standard") ??
    refuse("calendar", `"${calendarName}" is no calendar of CF that is known here`);
  const match = /^(.+)\s+since\s+(.+)$/is.exec(units);
  if (!match) return refuse("units", `"${units}" is not <unit> since <date>`);
  const unit = match[1].trim().toLowerCase();
  const plural = unit.endsWith("s") ? unit : `${unit}s`;
  const plain = isDuration(plural);
  const duration = plain ? plural : Object.hasOwn(SPELLINGS, unit) ? SPELLINGS[unit] : null;
  const nanoseconds = duration ? DURATIONS[duration] : calendarUnit(unit, calendar);
  if (nanoseconds === null)
    return refuse(
      "units",
      `"${match[1].trim()}" in "${units}" is no unit of time of the calendar ${calendar}`,
    );
  const reading = readReferenceDate(match[2]);
  if ("problem" in reading) return refuse("units", `in "${units}", ${reading.problem}`);
  const { date, warning } = reading;
  const exists = isDate(calendar, date) && date.hour < 24 && date.minute < 60 && date.second < 60;
  if (!exists) {
    const why = date.year === 0 ? "there is no year 0" : "there is no such time";
    return refuse("units", `in "${units}", ${why} in the calendar ${calendar}`);
  }
  return {
    units: {
      units,
      calendarName,
      calendar,
      nanoseconds,
      plain,
      snaps: nanoseconds >= DURATIONS.seconds,
      reference: date,
    },
    warnings: warning ? [`variable "${name}": ${warning}`] : [],
  };
}

/** Months and years have a length only in calendars where they are all alike. */
function calendarUnit(unit: string, calendar: Calendar): number | null {
  if (/^months?$/.test(unit) && calendar === "360_day") return 30 * DURATIONS.days;
  if (/^common_years?$/.test(unit) && calendar === "noleap") return 365 * DURATIONS.days;
  return null;
}

/** Nanoseconds of the reference date since 1970-01-01 of its calendar, in UTC. */
export function referenceNanoseconds({
  reference,
  calendar,
}: Pick<DatetimeUnits, "reference" | "calendar">): bigint {
  const { offsetMinutes, ...date } = reference;
  const micro = timeValueOf({ ...date, nanosecond: 0 }, `cftime64[${calendar}]`);
  return micro * 1000n + BigInt(date.nanosecond) - BigInt(offsetMinutes) * BigInt(DURATIONS.minutes);
}
