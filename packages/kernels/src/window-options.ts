/**
 * Owns the words of sliding windows: their names, options, result dtypes and reach, and options settled against an axis.
 * Computes nothing.
 */
import { type Dtype, isFloat, isNumeric } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError } from "@hyperslab/core/errors";
import type { Lanes } from "./lanes.js";

export type WindowName = "sum" | "mean" | "min" | "max" | "var" | "std" | "median" | "count";

export interface WindowOptions {
  /** Positions of a window, at least 1. It may be longer than the axis. */
  readonly window: number;
  /** Windows with fewer valid elements give NaN; null asks for all of `window`. */
  readonly minPeriods?: number | null;
  /** The window's last position is its own (false), or its middle one is, the later of two (true). */
  readonly center?: boolean;
  /** `var` and `std`: delta degrees of freedom. */
  readonly ddof?: number;
  /** The position of the axis that the first of `out` is for: blocks read with a margin leave it out here. */
  readonly first?: number;
}

/** Positions that a window takes before and after its own: the margin that a block has to be read with. */
export function windowReach(options: Pick<WindowOptions, "window" | "center">): {
  readonly before: number;
  readonly after: number;
} {
  const after = options.center ? Math.floor((options.window - 1) / 2) : 0;
  return { before: options.window - 1 - after, after };
}

/** Dtype of the result: a float stays as it is, everything else gives float64, and so does `count`. @throws DtypeError */
export function windowDtype(name: WindowName, dtype: Dtype): Dtype {
  if (!isNumeric(dtype))
    throw new DtypeError({
      dtype,
      operation: `sliding ${name}`,
      found: `no window over ${dtype}`,
      hint: "cast it to a number first",
    });
  return isFloat(dtype) && name !== "count" ? dtype : "float64";
}

/** A sliding window, with every option settled. */
export interface WindowWork {
  readonly name: WindowName;
  /** Positions before, and after, its own that a window takes; none that lies outside of every lane. */
  readonly before: number;
  readonly after: number;
  readonly minPeriods: number;
  readonly ddof: number;
  readonly first: number;
}

/** Settles options against the lanes that a window slides along. @throws ArgumentError for options out of range */
export function settleWindow(name: WindowName, options: WindowOptions, lanes: Lanes): WindowWork {
  const { window, minPeriods = null, ddof = 0, first = 0 } = options;
  const refuse = (asked: string, hint: string): never => {
    throw new ArgumentError({ asked: `sliding ${name} with ${asked}`, found: "not possible", hint });
  };
  if (!Number.isInteger(window) || window < 1) refuse(`window ${window}`, "give a whole number from 1 on");
  if (minPeriods !== null && !(minPeriods >= 0)) refuse(`minPeriods ${minPeriods}`, "give 0 or more");
  if (!Number.isFinite(ddof)) refuse(`ddof ${ddof}`, "give a number");
  const { length, outLength } = lanes;
  if (!Number.isInteger(first) || first < 0 || first + outLength > length)
    refuse(`positions ${first} to ${first + outLength} of ${length}`, "ask for positions of the axis");
  const { before, after } = windowReach(options);
  const most = Math.max(0, length - 1);
  return {
    name,
    before: Math.min(before, most),
    after: Math.min(after, most),
    minPeriods: minPeriods ?? window,
    ddof,
    first,
  };
}

/** Valid elements that a window needs for a result. */
export function leastCount({ name, minPeriods, ddof }: WindowWork): number {
  switch (name) {
    case "sum":
    case "count":
      return minPeriods;
    case "var":
    case "std":
      return Math.max(minPeriods, 1, Math.floor(ddof) + 1);
    default:
      return Math.max(minPeriods, 1);
  }
}
