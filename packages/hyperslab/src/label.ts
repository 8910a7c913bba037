/** Owns labels as users give them, and their way into the keys of an index. */
import type { TypedScalar } from "@hyperslab/array/build";
import { type Dtype, type TimeUnit, isBig, isFloat, isNumeric, isTime } from "@hyperslab/core/dtype";
import { LabelError } from "@hyperslab/core/errors";
import { dateToCount, parseInterval } from "./times.js";

/** An element of an index: times are int64 counts. */
export type Key = number | bigint | string;

/** A label: dates as `Date` or ISO string (`"2000-01-31T12"`), in any calendar. */
export type Label = number | bigint | boolean | string | Date;

/** How far the nearest label may be: a number, or for times a {@link timedelta}. */
export type Tolerance = number | bigint | TypedScalar;

/** Positions or labels from `start` to `stop`; see {@link slice}. */
export interface LabelSlice {
  readonly kind: "range";
  readonly start: Label | null;
  readonly stop: Label | null;
  readonly step: number | null;
}

/**
 * A range for `isel` (positions; `stop` is left out, negative ones count from the end) and for `sel`
 * (labels; both ends are included). `null` is an open end.
 *
 * ```ts
 * da.isel({ time: slice(0, 10) });
 * da.sel({ time: slice("2000-01", "2000-03"), lat: slice(60, null) });
 * ```
 */
export function slice(
  start: Label | null,
  stop: Label | null = null,
  step: number | null = null,
): LabelSlice {
  return { kind: "range", start, stop, step };
}

export function isLabelSlice(value: unknown): value is LabelSlice {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "range";
}

/**
 * A span of time, for arithmetic with times and as a tolerance.
 *
 * ```ts
 * da.sel({ time: "2000-01-15" }, { method: "nearest", tolerance: timedelta(12, "h") });
 * ```
 */
export function timedelta(value: number | bigint, unit: TimeUnit): TypedScalar {
  return { value: BigInt(value), dtype: `timedelta64[${unit}]` };
}

export function isText(label: Label): label is string {
  return typeof label === "string";
}

/**
 * The key that a label has in an index of `dtype`. The ends of slices keep their full precision
 * beside float32 labels; single labels are rounded as the labels were.
 *
 * @throws LabelError for a label of another kind
 */
export function keyOfLabel(label: Label, dtype: Dtype, dim: string, isEnd = false): Key {
  const refuse = (hint: string): never => {
    throw new LabelError({
      dim,
      label: String(label),
      found: `a ${typeof label} beside ${dtype} labels`,
      hint,
    });
  };
  if (isTime(dtype)) {
    if (label instanceof Date)
      return Number.isNaN(label.getTime()) ? refuse("give a date that is one") : dateToCount(label, dtype);
    if (typeof label === "bigint") return label;
    if (typeof label === "string") return parseInterval(label, dtype).start;
    return refuse("give a Date or an ISO string");
  }
  if (dtype === "string") return typeof label === "string" ? label : refuse("give a string");
  if (!isNumeric(dtype) || typeof label === "string" || label instanceof Date) return refuse("give a number");
  if (typeof label === "boolean") return Number(label);
  if (isBig(dtype)) return typeof label === "number" && Number.isInteger(label) ? BigInt(label) : label;
  const number = Number(label);
  return isFloat(dtype) && dtype !== "float64" && !isEnd ? Math.fround(number) : number;
}

/** How far two keys are apart. */
export function reachOf(a: number | bigint, b: number | bigint): number {
  if (typeof a === "bigint" && typeof b === "bigint") return Math.abs(Number(a - b));
  return Math.abs(Number(a) - Number(b));
}
