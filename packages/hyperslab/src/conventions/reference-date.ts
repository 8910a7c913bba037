/**
 * Owns the spellings of reference dates in time units ("1-1-1 00:00:0.0", "20-JAN-1980", "… -06:00").
 * Reads what has one meaning, and refuses the rest: a wrong guess would shift every time of a file.
 */

/** A date as it was written; whether the calendar has it, is not asked here. */
export interface ReferenceDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** How far local time is ahead of UTC; to be subtracted. */
  readonly offsetMinutes: number;
}

/** The date, with a warning where one reading was chosen by convention; or why there is none. */
export type ReferenceReading =
  | { readonly date: ReferenceDate; readonly warning?: string }
  | { readonly problem: string };

interface Day {
  readonly year: string;
  readonly month: string;
  readonly day?: string;
}
type DayReading = Day | { readonly problem: string };

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH = String.raw`(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`;
const SEPARATOR = String.raw`[-\s/,]+`;

/** Forms of the day, in the order in which they are tried; each must match at the start of the text. */
const DAYS: readonly (readonly [RegExp, (parts: string[]) => DayReading])[] = [
  [pattern(String.raw`(\d{4})(\d{2})(\d{2})(?!\d)`), ([year, month, day]) => ({ year, month, day })],
  [
    pattern(String.raw`(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?!\d)`),
    ([a, , b, year]) => dayAndMonth(a, b, year),
  ],
  [
    pattern(String.raw`([+-]?\d{1,6})-(\d{1,2})(?:-(\d{1,2}))?(?!\d)`),
    ([year, month, day]) => ({ year, month, day }),
  ],
  [
    pattern(String.raw`(\d{4})([/.])(\d{1,2})\2(\d{1,2})(?!\d)`),
    ([year, , month, day]) => ({ year, month, day }),
  ],
  [
    pattern(`(\\d{1,2})${SEPARATOR}${MONTH}${SEPARATOR}(\\d{4})(?!\\d)`),
    ([day, name, year]) => ({ year, month: monthOf(name), day }),
  ],
  [
    pattern(`${MONTH}${SEPARATOR}(\\d{1,2})${SEPARATOR}(\\d{4})(?!\\d)`),
    ([name, day, year]) => ({ year, month: monthOf(name), day }),
  ],
  [
    pattern(`(\\d{4})${SEPARATOR}${MONTH}${SEPARATOR}(\\d{1,2})(?!\\d)`),
    ([year, name, day]) => ({ year, month: monthOf(name), day }),
  ],
  [pattern(String.raw`(\d{4})(?!\d)`), ([year]) => ({ year, month: "1" })],
];

/** The time of day and the zone, up to the end of the text: with colons, or digits two by two. */
const CLOCK = new RegExp(
  String.raw`^(?:(?:[T_:,-]|,?\s+)(?:` +
    String.raw`(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?(?!\d)|` +
    String.raw`(\d{2})(\d{2})(?:(\d{2})(?:\.(\d*))?)?))?` +
    String.raw`\s*(?:z|utc|ut|gmt|([+-])(\d{1,2})(?::?(\d{2}))?)?$`,
  "i",
);

function pattern(text: string): RegExp {
  return new RegExp(`^${text}`, "i");
}

function monthOf(name: string): string {
  return String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1);
}

/** Day and month by their size; equal ones can be either. */
function dayAndMonth(a: string, b: string, year: string): DayReading {
  if (Number(a) > 12) return { year, month: b, day: a };
  if (Number(b) > 12 || Number(a) === Number(b)) return { year, month: a, day: b };
  return { problem: `${a} and ${b} could each be the month` };
}

/** Reads a reference date. Two-digit years are years of the first century, as in xarray. */
export function readReferenceDate(text: string): ReferenceReading {
  const trimmed = text.trim();
  for (const [form, build] of DAYS) {
    const match = form.exec(trimmed);
    if (!match) continue;
    const day = build(match.slice(1));
    if ("problem" in day) return day;
    const rest = trimmed.slice(match[0].length);
    const clock = CLOCK.exec(rest);
    if (!clock || (day.day === undefined && rest !== ""))
      return { problem: `"${rest.trim()}" behind "${match[0]}" is no time of day` };
    const date = joined(day, clock);
    if (/\d{4}/.test(trimmed)) return { date };
    return {
      date,
      warning: `the reference date "${trimmed}" is ambiguous: its first number is taken for the year`,
    };
  }
  return { problem: `"${trimmed}" is no date` };
}

function joined(day: Day, clock: RegExpExecArray): ReferenceDate {
  const [, hour, minute, second, fraction, hour2, minute2, second2, fraction2, sign, zoneHours, zoneMinutes] =
    clock as (string | undefined)[];
  const number = (digits: string | undefined): number => Number(digits ?? 0);
  const zone = number(zoneHours) * 60 + number(zoneMinutes);
  return {
    year: Number(day.year),
    month: Number(day.month),
    day: Number(day.day ?? 1),
    hour: number(hour ?? hour2),
    minute: number(minute ?? minute2),
    second: number(second ?? second2),
    nanosecond: Number((fraction ?? fraction2 ?? "").slice(0, 9).padEnd(9, "0")),
    offsetMinutes: sign === "-" && zone !== 0 ? -zone : zone,
  };
}
