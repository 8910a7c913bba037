/**
 * Owns how times are written: `datetime64` as NumPy prints it, `cftime64` as cftime does, `timedelta64`
 * as pandas does. One value at a time.
 */
import { type TimeDtype, type TimeUnit, NAT, isCftime, isTimedelta, unitOf } from "./dtype.js";
import { type DateTime, convertUnit, dateTimeOf, floorDivide } from "./date-time.js";

/** Digits after the second that each unit shows. */
const FRACTION: Readonly<Partial<Record<TimeUnit, number>>> = { ms: 3, us: 6, ns: 9 };

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}

/** NumPy counts the sign among the four characters of a year, cftime does not. */
function yearText(year: number, signWidth: number): string {
  return year < 0 ? `-${pad(-year, 4 - signWidth)}` : pad(year, 4);
}

/**
 * A time as text: `2000-01-01T00:00:00.000000000` (as many digits as the unit has),
 * `0001-01-16 00:00:00` for `cftime64`, `1 days 06:00:00` for `timedelta64`, `NaT`.
 */
export function formatTime(value: bigint, dtype: TimeDtype): string {
  if (value === NAT) return "NaT";
  if (isTimedelta(dtype)) return formatDuration(convertUnit(value, unitOf(dtype), "ns"));
  const date = dateTimeOf(value, dtype);
  if (isCftime(dtype)) {
    const fraction = date.nanosecond === 0 ? "" : `.${pad(date.nanosecond / 1000, 6)}`;
    return `${dayText(date, 0)} ${clockText(date)}${fraction}`;
  }
  const unit = unitOf(dtype);
  const day = dayText(date, 1);
  if (unit === "D") return day;
  if (unit === "h") return `${day}T${pad(date.hour, 2)}`;
  if (unit === "m") return `${day}T${pad(date.hour, 2)}:${pad(date.minute, 2)}`;
  const digits = FRACTION[unit];
  const fraction = digits === undefined ? "" : `.${pad(date.nanosecond, 9).slice(0, digits)}`;
  return `${day}T${clockText(date)}${fraction}`;
}

/** As short as can be without loss: no zeros at the end of the fraction, no time at midnight. */
export function formatTimeShort(value: bigint, dtype: TimeDtype): string {
  if (value === NAT || isTimedelta(dtype)) return formatTime(value, dtype);
  const date = dateTimeOf(value, dtype);
  const fraction = date.nanosecond === 0 ? "" : `.${pad(date.nanosecond, 9).replace(/0+$/, "")}`;
  const day = dayText(date, isCftime(dtype) ? 0 : 1);
  const clock = `${clockText(date)}${fraction}`;
  return clock === "00:00:00" ? day : `${day}${isCftime(dtype) ? " " : "T"}${clock}`;
}

function dayText(date: DateTime, signWidth: number): string {
  return `${yearText(date.year, signWidth)}-${pad(date.month, 2)}-${pad(date.day, 2)}`;
}

function clockText(date: Pick<DateTime, "hour" | "minute" | "second">): string {
  return `${pad(date.hour, 2)}:${pad(date.minute, 2)}:${pad(date.second, 2)}`;
}

/** Days, and the time of day left over, which is never negative: `-1 days +23:59:59`. */
function formatDuration(nanoseconds: bigint): string {
  const [days, rest] = floorDivide(nanoseconds, 86_400_000_000_000n);
  const [whole, fraction] = floorDivide(rest, 1_000_000_000n);
  const seconds = Number(whole);
  const clock = clockText({
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
  });
  const digits = fraction % 1000n === 0n ? 6 : 9;
  const tail = fraction === 0n ? "" : `.${String(fraction).padStart(9, "0").slice(0, digits)}`;
  return `${days} days ${days < 0n ? "+" : ""}${clock}${tail}`;
}
