/** Owns the step from stored counts of time in NumPy's rarer units (weeks, months, tens of seconds) to ours. */
import { dayNumber } from "@hyperslab/core/calendar";
import { NAT } from "@hyperslab/core/dtype";
import { CodecError } from "@hyperslab/core/errors";
import type { TimeCount } from "./element.js";

/** Months beyond this have a day number that a double can't hold. */
const MOST_MONTHS = 2n ** 44n;
const MOST = 2n ** 63n - 1n;

/** What a stored count is in units of the dtype; NaT stays NaT. @throws CodecError where 64 bits don't hold it */
export function unitsOfCount(stored: bigint, count: TimeCount): bigint {
  if (stored === NAT) return NAT;
  if (count.kind === "multiple") {
    const value = stored * BigInt(count.factor);
    if (value > MOST || value <= NAT) throw tooFar(stored);
    return value;
  }
  const months = stored * BigInt(count.months);
  if (months > MOST_MONTHS || months < -MOST_MONTHS) throw tooFar(stored);
  const year = Math.floor(Number(months) / 12);
  return BigInt(dayNumber("proleptic_gregorian", 1970 + year, Number(months) - 12 * year + 1, 1));
}

/** The same for all elements, in place. */
export function countsToUnits(data: BigInt64Array, count: TimeCount): void {
  for (let i = 0; i < data.length; i++) data[i] = unitsOfCount(data[i], count);
}

function tooFar(stored: bigint): CodecError {
  return new CodecError({ codec: "bytes", reason: `the time ${stored} is too far away for 64 bits` });
}
