/**
 * Owns turning numbers into times: "<unit> since <date>" to `datetime64` or `cftime64`, with xarray's
 * choice between them and its rounding; and durations to `timedelta64`.
 */
import { dayNumber } from "@hyperslab/core/calendar";
import { NANOSECONDS, convertUnit, floorDivide, isTimeValue } from "@hyperslab/core/date-time";
import { type BlockData, type Calendar, NAT, type TimeDtype } from "@hyperslab/core/dtype";
import { ConventionError } from "@hyperslab/core/errors";
import { fromFloat16 } from "@hyperslab/core/float16";
import type { DecodeRecipe } from "./decode-recipe.js";
import { decodeValues } from "./decode-values.js";
import { type DatetimeUnits, DURATIONS, referenceNanoseconds } from "./time-units.js";

export type FineUnit = "s" | "ms" | "us" | "ns";

/** Times, and what the reader should know of how they came about. */
export interface DecodedTimes {
  readonly dtype: TimeDtype;
  readonly data: BigInt64Array;
  readonly warnings: readonly string[];
}

export interface TimeOptions {
  /** The coarsest unit to decode to. Default `ns`. */
  readonly timeUnit?: FineUnit;
  /** true: always `cftime64`; false: never, an error instead; default: where `datetime64` can't. */
  readonly useCftime?: boolean;
}

const FINE_UNITS: readonly FineUnit[] = ["s", "ms", "us", "ns"];
const MICROSECONDS_PER_DAY = 86_400_000_000n;
/**
 * Decodes stored values as the times that the recipe says they are; missing values become NaT.
 *
 * Dates of a standard calendar become `datetime64` (of nanoseconds by default) where all of them fit;
 * other calendars, and dates before 1582-10-15 or out of range, become `cftime64`.
 *
 * @param values - as stored
 * @throws ConventionError where the recipe has no time, or the dates can't be represented
 */
export function decodeTimes(
  values: BlockData,
  recipe: DecodeRecipe,
  options: TimeOptions = {},
): DecodedTimes {
  const { time, name } = recipe;
  const numbers = numbersOf(decodeValues(values, recipe), recipe);
  if (time === null || numbers === null)
    throw new ConventionError({
      variable: name,
      attribute: "units",
      found: `the variable of ${recipe.stored} is no time`,
    });
  if (time.kind === "timedelta")
    return decodeDurations(numbers, name, DURATIONS[time.units], time.unit as FineUnit);
  const { units } = time;
  const { timeUnit = "ns", useCftime } = options;
  if (useCftime !== true) {
    const direct = decodeDirectly(numbers, units, timeUnit, name);
    if (direct) return direct;
    if (useCftime === false)
      throw new ConventionError({
        variable: name,
        attribute: "units",
        found: `not all times of "${units.units}" in the calendar ${units.calendar} fit datetime64[${timeUnit}]`,
        hint: "leave useCftime out, or take a coarser timeUnit",
      });
  }
  return decodeByCalendar(numbers, units, timeUnit, useCftime === true, name);
}

type Numbers = Float64Array | BigInt64Array;

/** Integers as int64, floats as float64, with NaT and NaN for missing ones; null for what is no number. */
function numbersOf(values: BlockData, recipe: DecodeRecipe): Numbers | null {
  if (Array.isArray(values)) return null;
  if (recipe.dtype === "float16") return Float64Array.from(values as Uint16Array, fromFloat16);
  if (values instanceof Float32Array || values instanceof Float64Array) return Float64Array.from(values);
  if (values instanceof BigInt64Array) return values;
  if (values instanceof BigUint64Array)
    // what int64 can't hold is no time: the largest value is as far out of every range
    return BigInt64Array.from(values, (value) => (value > 2n ** 63n - 1n ? 2n ** 63n - 1n : value));
  return BigInt64Array.from(values, (value) => BigInt(value as number));
}

function isStandard(calendar: Calendar): boolean {
  return calendar === "standard" || calendar === "proleptic_gregorian";
}

/** Microseconds from 1970-01-01 of a calendar to 1582-10-15 of it. */
function reform(calendar: Calendar): bigint {
  return BigInt(dayNumber(calendar, 1582, 10, 15)) * MICROSECONDS_PER_DAY;
}

/** As `datetime64` by plain arithmetic; null where the calendar, the date or a value does not allow it. */
function decodeDirectly(
  numbers: Numbers,
  units: DatetimeUnits,
  timeUnit: FineUnit,
  name: string,
): DecodedTimes | null {
  const { calendar, nanoseconds, plain } = units;
  if (!isStandard(calendar) || !plain) return null;
  const reference = referenceNanoseconds(units);
  if (calendar === "standard" && reference < reform(calendar) * 1000n) return null;
  const unit = finest(unitOfNanoseconds(reference), unitOfNanoseconds(BigInt(nanoseconds)), timeUnit);
  const start = reference / BigInt(NANOSECONDS[unit]);
  const counted = countIn(numbers, nanoseconds, unit, start);
  if (!isTimeValue(start) || !counted) return null;
  const warnings =
    counted.unit === unit
      ? []
      : [`variable "${name}": times are decoded to ${counted.unit}, to keep their fractions`];
  return { dtype: `datetime64[${counted.unit}]`, data: counted.data, warnings };
}

function finest(...units: FineUnit[]): FineUnit {
  return FINE_UNITS[Math.max(...units.map((unit) => FINE_UNITS.indexOf(unit)))];
}

/** The coarsest unit that counts these nanoseconds without a rest. */
function unitOfNanoseconds(nanoseconds: bigint): FineUnit {
  return FINE_UNITS.find((unit) => nanoseconds % BigInt(NANOSECONDS[unit]) === 0n) ?? "ns";
}

/**
 * Numbers of a unit of time as counts of `unit` from `start`, or of the first finer unit that leaves
 * floats no fraction; what is left behind nanoseconds is cut off. null where a count does not fit.
 */
function countIn(
  numbers: Numbers,
  nanoseconds: number,
  unit: FineUnit,
  start: bigint,
): { data: BigInt64Array; unit: FineUnit } | null {
  const data = new BigInt64Array(numbers.length);
  const ratio = nanoseconds / NANOSECONDS[unit];
  if (numbers instanceof BigInt64Array) {
    const factor = BigInt(ratio);
    for (let i = 0; i < numbers.length; i++) {
      const count = numbers[i] === NAT ? null : numbers[i] * factor;
      if (count !== null && !(isTimeValue(count) && isTimeValue(count + start))) return null;
      data[i] = count === null ? NAT : count + start;
    }
    return { data, unit };
  }
  const scaled = numbers.map((number) => number * ratio);
  let fine = unit;
  while (fine !== "ns" && scaled.some((number) => number % 1 !== 0 && !Number.isNaN(number))) {
    fine = FINE_UNITS[FINE_UNITS.indexOf(fine) + 1];
    for (let i = 0; i < scaled.length; i++) scaled[i] *= 1000;
  }
  const first = start * BigInt(NANOSECONDS[unit] / NANOSECONDS[fine]);
  for (let i = 0; i < scaled.length; i++) {
    const number = scaled[i];
    if (!Number.isNaN(number) && !(Math.abs(number) < 2 ** 63)) return null;
    const count = Number.isNaN(number) ? null : BigInt(Math.trunc(number));
    if (count !== null && !isTimeValue(count + first)) return null;
    data[i] = count === null ? NAT : count + first;
  }
  return { data, unit: fine };
}

/** By the calendar, in microseconds; then as `datetime64` where all dates are in its range. */
function decodeByCalendar(
  numbers: Numbers,
  units: DatetimeUnits,
  timeUnit: FineUnit,
  always: boolean,
  name: string,
): DecodedTimes {
  const { calendar, nanoseconds } = units;
  const refuse = (found: string): never => {
    throw new ConventionError({
      variable: name,
      attribute: "units",
      found: `${found} with "${units.units}" in the calendar ${calendar}`,
      hint: "open with decodeTimes: false to have the numbers",
    });
  };
  if (nanoseconds < 1000)
    return refuse("dates out of the range of datetime64 can't be counted in nanoseconds");
  const start = floorDivide(referenceNanoseconds(units), 1000n)[0];
  const data = new BigInt64Array(numbers.length);
  let min: bigint | null = null;
  let max: bigint | null = null;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    data[i] = NAT;
    if (number === NAT || Number.isNaN(number)) continue;
    if (number === Infinity || number === -Infinity) return refuse(`the value ${number} is no time`);
    const count = start + roundMicroseconds(number, nanoseconds / 1000, units.snaps);
    if (!isTimeValue(count)) return refuse(`the value ${number} is beyond the range of cftime64`);
    data[i] = count;
    if (min === null || count < min) min = count;
    if (max === null || count > max) max = count;
  }
  const asCftime = (reason: string | null): DecodedTimes => ({
    dtype: `cftime64[${calendar}]`,
    data,
    warnings: reason === null ? [] : [`variable "${name}": times are decoded to cftime64: ${reason}`],
  });
  if (always || !isStandard(calendar)) return asCftime(null);
  if (min !== null && min < reform(calendar)) return asCftime("dates before 1582-10-15");
  const inRange = (count: bigint | null): boolean => count === null || isTimeValue(count * 1000n);
  if (timeUnit === "ns" && !(inRange(min) && inRange(max)))
    return asCftime("dates out of the range of datetime64[ns]; a coarser timeUnit would hold them");
  const converted = data.map((count) => (count === NAT ? NAT : convertUnit(count, "us", timeUnit)));
  return { dtype: `datetime64[${timeUnit}]`, data: converted, warnings: [] };
}

/**
 * `number` times `factor`, rounded half to even, as extended precision (64 bits) gives it. Results one
 * microsecond beside a whole second are taken the other way where `snaps`, as cftime does.
 */
function roundMicroseconds(number: number | bigint, factor: number, snaps: boolean): bigint {
  if (typeof number === "bigint") return number * BigInt(factor);
  if (Number.isInteger(number)) return BigInt(number) * BigInt(factor);
  // `number` is mantissa / 2 ** shift, exactly
  let shift = 0;
  let mantissa = number;
  for (; !Number.isInteger(mantissa) && shift < 1074; shift++) mantissa *= 2;
  let product = BigInt(mantissa) * BigInt(factor);
  const excess = (product < 0n ? -product : product).toString(2).length - 64;
  if (excess > 0) {
    product = roundShift(product, BigInt(excess));
    shift -= excess;
  }
  const bits = BigInt(Math.max(0, shift));
  const rounded = roundShift(product, bits);
  if (!snaps) return rounded;
  const rest = floorDivide(rounded, 1_000_000n)[1];
  if (rest === 1n) return product >> bits;
  return rest === 999_999n ? -(-product >> bits) : rounded;
}

/** value / 2 ** bits, ties to even. */
function roundShift(value: bigint, bits: bigint): bigint {
  if (bits === 0n) return value;
  const floor = value >> bits;
  const rest = value - (floor << bits);
  const half = 1n << (bits - 1n);
  return rest > half || (rest === half && (floor & 1n) === 1n) ? floor + 1n : floor;
}

/** Durations are kept in the unit that was asked for, or a finer one where fractions need it. */
function decodeDurations(numbers: Numbers, name: string, nanoseconds: number, unit: FineUnit): DecodedTimes {
  const own = unitOfNanoseconds(BigInt(nanoseconds));
  const counted = countIn(numbers, nanoseconds, own, 0n);
  const target = counted ? finest(counted.unit, unit) : unit;
  const factor = counted ? BigInt(NANOSECONDS[counted.unit] / NANOSECONDS[target]) : 1n;
  if (!counted || counted.data.some((count) => count !== NAT && !isTimeValue(count * factor)))
    throw new ConventionError({
      variable: name,
      attribute: "units",
      found: `not all durations fit timedelta64[${target}]`,
      hint: "open with decodeTimedelta: false to have the numbers",
    });
  const data = counted.data.map((count) => (count === NAT ? NAT : count * factor));
  const missing = counted.data.every((count) => count === NAT);
  const warnings =
    target === unit || missing
      ? []
      : [`variable "${name}": durations are decoded to ${target}, to keep their fractions`];
  return { dtype: `timedelta64[${target}]`, data, warnings };
}
