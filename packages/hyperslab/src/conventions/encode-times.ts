/**
 * Owns turning times into numbers for a file: "<unit> since <date>" with whole numbers wherever that
 * loses nothing, in the units xarray would choose, so that either reads what the other wrote.
 */
import { calendarNamed, isDate } from "@hyperslab/core/calendar";
import { NANOSECONDS, dateTimeOf, floorDivide, isTimeValue, timeValueOf } from "@hyperslab/core/date-time";
import { formatTime } from "@hyperslab/core/date-format";
import {
  type Calendar,
  NAT,
  type TimeDtype,
  calendarOf,
  isCftime,
  isTimedelta,
  unitOf,
} from "@hyperslab/core/dtype";
import { ConventionError } from "@hyperslab/core/errors";
import {
  DURATIONS,
  type DurationName,
  isDuration,
  parseDatetimeUnits,
  referenceNanoseconds,
} from "./time-units.js";

export interface EncodeOptions {
  /** "<unit> since <date>", or a unit for durations; default: what suits the values. */
  readonly units?: string;
  /** Default: the values' own, for `datetime64` `proleptic_gregorian`. */
  readonly calendar?: string;
  /** `int64`: units are made finer where needed; `float64`: fractions are stored; default: as it comes. */
  readonly dtype?: "int64" | "float64";
}

/** Numbers, and the attributes that say what they mean. NaT is the smallest int64, or NaN. */
export interface EncodedTimes {
  readonly data: BigInt64Array | Float64Array;
  readonly dtype: "int64" | "float64";
  readonly attributes: Readonly<Record<"units" | "calendar" | "dtype", string | undefined>>;
  readonly warnings: readonly string[];
}

const NAMES = Object.keys(DURATIONS) as DurationName[];

/**
 * Encodes times or durations.
 *
 * @param data - counts of `dtype`
 * @param name - of the variable, for errors and warnings
 * @throws ConventionError for units or a calendar that can't be understood, or that lack a date of the data
 */
export function encodeTimes(
  data: BigInt64Array,
  dtype: TimeDtype,
  options: EncodeOptions = {},
  name = "time",
): EncodedTimes {
  const scale = BigInt(NANOSECONDS[unitOf(dtype)]);
  if (isTimedelta(dtype)) return encodeDurations(data, dtype, scale, options, name);
  const own = calendarOf(dtype);
  const calendarName = options.calendar ?? own;
  const calendar = calendarNamed(calendarName);
  if (!calendar)
    throw new ConventionError({
      variable: name,
      attribute: "calendar",
      found: `"${calendarName}" is no calendar of CF`,
    });
  const nanoseconds = nanosecondsIn(calendar, data, dtype, scale, name);
  const [inferred, first] = inferUnits(nanoseconds, isCftime(dtype) ? "microseconds" : "nanoseconds");
  let unit = inferred;
  let reference = first;
  let units: string;
  const write = (): string => `${unit} since ${referenceText(reference, calendar, isCftime(dtype))}`;
  const warnings: string[] = [];
  if (options.units === undefined) units = write();
  else {
    const parsed = parseDatetimeUnits(name, options.units, calendarName);
    warnings.push(...parsed.warnings);
    const named = NAMES.find((one) => DURATIONS[one] === parsed.units.nanoseconds);
    if (!named)
      throw new ConventionError({
        variable: name,
        attribute: "units",
        found: `"${options.units}" has no unit to write times in`,
      });
    unit = named;
    reference = referenceNanoseconds(parsed.units);
    units = `${unit} since ${shortText(reference, calendar)}`;
    const needed = neededUnit(inferred, abs(first - reference));
    if (options.dtype === "int64" && DURATIONS[unit] > DURATIONS[needed]) {
      unit = needed;
      units = isCftime(dtype) ? write() : `${unit} since ${shortText(reference, calendar)}`;
      warnings.push(`variable "${name}": whole numbers need finer units; it is written in "${units}"`);
    }
  }
  const exact = nanoseconds.every(
    (value) => value === null || (value - reference) % BigInt(DURATIONS[unit]) === 0n,
  );
  if (!exact && options.dtype === undefined)
    warnings.push(
      `variable "${name}": its times are no whole numbers of "${units}"; they are written as fractions`,
    );
  const encoded = divide(nanoseconds, reference, unit, exact && options.dtype !== "float64", name, units);
  return { ...encoded, attributes: { units, calendar: calendarName, dtype: undefined }, warnings };
}

/** Nanoseconds since 1970-01-01 of the calendar to write in; null for NaT. */
function nanosecondsIn(
  calendar: Calendar,
  data: BigInt64Array,
  dtype: TimeDtype,
  scale: bigint,
  name: string,
): (bigint | null)[] {
  const own = calendarOf(dtype);
  const target: TimeDtype = `cftime64[${calendar}]`;
  return Array.from(data, (value) => {
    if (value === NAT) return null;
    if (calendar === own) return value * scale;
    // the same date, in a calendar that counts differently
    const date = dateTimeOf(value, dtype);
    const early = date.year * 10_000 + date.month * 100 + date.day < 15821015;
    const refused = !isDate(calendar, date) || (early && !isCftime(dtype) && calendar === "standard");
    if (refused)
      throw new ConventionError({
        variable: name,
        attribute: "calendar",
        found: `${formatTime(value, dtype)} can't be written in the calendar ${calendar}`,
        hint: `leave the calendar out, or take ${own}`,
      });
    return timeValueOf({ ...date, nanosecond: 0 }, target) * 1000n + BigInt(date.nanosecond);
  });
}

/** The longest unit that divides all steps, and the first date. */
function inferUnits(values: readonly (bigint | null)[], finest: DurationName): [DurationName, bigint] {
  const present = values.filter((value) => value !== null);
  const steps = new Set(present.slice(1).map((value, i) => value - present[i]));
  return [longestUnit(steps, finest), present[0] ?? 0n];
}

function longestUnit(steps: Iterable<bigint>, finest: DurationName): DurationName {
  let unit: DurationName = "days";
  for (const step of steps)
    while (unit !== finest && step % BigInt(DURATIONS[unit]) !== 0n) unit = NAMES[NAMES.indexOf(unit) + 1];
  return unit;
}

/** What steps and reference date together need. */
function neededUnit(inferred: DurationName, distance: bigint): DurationName {
  return distance % BigInt(DURATIONS[inferred]) === 0n ? inferred : longestUnit([distance], "nanoseconds");
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

/** `2000-01-01 00:00:00`, with the fraction that there is; with six digits always for `cftime64`. */
function referenceText(nanoseconds: bigint, calendar: Calendar, always: boolean): string {
  const [micros, rest] = floorDivide(nanoseconds, 1000n);
  const text = formatTime(micros, `cftime64[${calendar}]`);
  if (rest !== 0n) return `${text.includes(".") ? text : `${text}.000000`}${String(rest).padStart(3, "0")}`;
  return always && !text.includes(".") ? `${text}.000000` : text;
}

/** `2000-01-01` at midnight, `2000-01-01T12:00:00` else. */
function shortText(nanoseconds: bigint, calendar: Calendar): string {
  const [day, clock] = referenceText(nanoseconds, calendar, false).split(" ");
  return clock === "00:00:00" ? day : `${day}T${clock}`;
}

function divide(
  values: readonly (bigint | null)[],
  reference: bigint,
  unit: DurationName,
  whole: boolean,
  name: string,
  units: string,
): Pick<EncodedTimes, "data" | "dtype"> {
  const per = BigInt(DURATIONS[unit]);
  if (!whole)
    return {
      dtype: "float64",
      data: Float64Array.from(values, (value) => (value === null ? NaN : quotient(value - reference, per))),
    };
  const data = BigInt64Array.from(values, (value) => {
    if (value === null) return NAT;
    const count = (value - reference) / per;
    if (isTimeValue(count)) return count;
    throw new ConventionError({
      variable: name,
      attribute: "units",
      found: `not all times fit an int64 in "${units}"`,
    });
  });
  return { dtype: "int64", data };
}

/** As a float, with the whole part apart where both are too large. */
function quotient(value: bigint, per: bigint): number {
  if (abs(value) <= 2n ** 53n) return Number(value) / Number(per);
  const [whole, rest] = floorDivide(value, per);
  return Number(whole) + Number(rest) / Number(per);
}

function encodeDurations(
  data: BigInt64Array,
  dtype: TimeDtype,
  scale: bigint,
  options: EncodeOptions,
  name: string,
): EncodedTimes {
  const values = Array.from(data, (value) => (value === NAT ? null : value * scale));
  const needed = longestUnit(
    values.filter((value) => value !== null),
    "nanoseconds",
  );
  const { units = needed } = options;
  if (!isDuration(units))
    throw new ConventionError({
      variable: name,
      attribute: "units",
      found: `"${units}" is no unit of durations`,
      hint: `one of ${NAMES.join(", ")}`,
    });
  const warnings: string[] = [];
  let unit = units;
  const exact = DURATIONS[unit] <= DURATIONS[needed];
  if (!exact && options.dtype === "int64") {
    unit = needed;
    warnings.push(`variable "${name}": whole numbers need finer units; it is written in "${unit}"`);
  } else if (!exact && options.dtype === undefined)
    warnings.push(
      `variable "${name}": its durations are no whole numbers of "${unit}"; they are written as fractions`,
    );
  const whole = options.dtype === "int64" || (exact && options.dtype === undefined);
  const encoded = divide(values, 0n, unit, whole, name, unit);
  // the resolution is kept in an attribute, for whoever reads it
  return { ...encoded, attributes: { units: unit, calendar: undefined, dtype }, warnings };
}
