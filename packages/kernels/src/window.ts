/**
 * Owns sliding windows: sums, means, extremes, deviations, medians and counts over the window around
 * every position of an axis. Each costs O(1) an element, whatever the window (medians O(log window)),
 * and none ever subtracts what left the window: what a window gives depends on its elements alone.
 */
import type { Block } from "@hyperslab/core/block";
import { type Dtype, isFloat, isNumeric, type BlockData } from "@hyperslab/core/dtype";
import { ArgumentError, DtypeError } from "@hyperslab/core/errors";
import type { Shape } from "@hyperslab/core/shape";
import { castSource } from "./cast-source.js";
import { type Lanes, lanesOf } from "./lanes.js";
import { eachPosition } from "./loop.js";
import { MedianLane } from "./median-window.js";
import type { Operand } from "./operand.js";
import { loadSource, SCOPE_NAMES, scopeOf, storedSource } from "./program-source.js";
import { type LaneWindow, MomentLane, ExtremeLane, SumLane } from "./window-lane.js";
import { slideStrips } from "./window-strips.js";

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

/**
 * Slides a window along `axis` of `operand`, looped over `shape`, into `out`: its dtype is
 * {@link windowDtype}'s, its shape `shape`, shorter on `axis` where `first` is given.
 *
 * As xarray's `rolling`: NaN counts as missing, and so do positions outside; a window with fewer than
 * `minPeriods` valid elements gives NaN. Of no elements (`minPeriods` 0), the sum and the count are 0,
 * the others NaN. All is computed in float64.
 * @throws DtypeError, ShapeError, ArgumentError for operands or options that don't fit
 */
export function slideWindow(
  name: WindowName,
  operand: Operand,
  shape: Shape,
  axis: number,
  options: WindowOptions,
  out: Block,
): void {
  const result = windowDtype(name, operand.dtype);
  if (out.dtype !== result)
    throw new DtypeError({
      dtype: out.dtype,
      operation: `sliding ${name}`,
      found: `a result of ${result} for a block of ${out.dtype}`,
    });
  const lanes = lanesOf(`sliding ${name}`, operand, shape, axis, out);
  const work = settle(name, options, lanes);
  if (out.data.length === 0) return;
  if (slideStrips(work, operand, lanes, out)) return;
  slideLanes(work, operand, lanes, out);
}

function settle(name: WindowName, options: WindowOptions, lanes: Lanes): WindowWork {
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

/** The plain JavaScript way: lane after lane. */
export function slideLanes(work: WindowWork, operand: Operand, lanes: Lanes, out: Block): void {
  const { name, before, after, first } = work;
  const lane = laneOf(name, before + after + 1, lanes.length + after);
  const read = reader(operand.dtype);
  const write = writer(out.dtype);
  // what ends at `first + after` is the first result
  const shift = first + after;
  eachPosition(lanes.outer, lanes.offsets, ([p, q]) => {
    read(operand.data, p, lanes.strides[0], lanes.length, lane.values);
    lane.slide();
    finish(work, lane, shift, lanes.outLength);
    write(out.data, q, lanes.strides[1], lanes.outLength, lane.results.subarray(shift));
  });
}

function laneOf(name: WindowName, window: number, length: number): LaneWindow {
  switch (name) {
    case "sum":
    case "mean":
    case "count":
      return new SumLane(window, length);
    case "min":
    case "max":
      return new ExtremeLane(window, length, name === "max");
    case "var":
    case "std":
      return new MomentLane(window, length);
    case "median":
      return new MedianLane(window, length);
  }
}

/** Turns what the windows hold into results; NaN where they hold too little. */
function finish(work: WindowWork, lane: LaneWindow, from: number, length: number): void {
  const { results, counts } = lane;
  const { name, ddof } = work;
  const least = leastCount(work);
  for (let i = from; i < from + length; i++) {
    const count = counts[i];
    if (!(count >= least)) results[i] = NaN;
    else if (name === "mean") results[i] /= count;
    else if (name === "count") results[i] = count;
    else if (name === "var") results[i] /= count - ddof;
    else if (name === "std") results[i] = Math.sqrt(results[i] / (count - ddof));
  }
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

type LaneReader = (data: BlockData, p: number, stride: number, n: number, into: Float64Array) => void;
type LaneWriter = (data: BlockData, q: number, stride: number, n: number, from: Float64Array) => void;

const readers: Map<Dtype, LaneReader> = new Map();
const writers: Map<Dtype, LaneWriter> = new Map();

function compile<F>(body: string): F {
  return new Function(...SCOPE_NAMES, body)(...scopeOf([])) as F;
}

/** Reads a lane of `dtype` as float64. */
function reader(dtype: Dtype): LaneReader {
  let made = readers.get(dtype);
  if (!made) {
    made = compile<LaneReader>(`return (d, p, s, n, to) => {
      for (let i = 0; i < n; i++, p += s) { const x = ${loadSource(dtype, "d", "p")}; to[i] = ${castSource(dtype, "float64", "x")}; }
    };`);
    readers.set(dtype, made);
  }
  return made;
}

function writer(dtype: Dtype): LaneWriter {
  let made = writers.get(dtype);
  if (!made) {
    made = compile<LaneWriter>(`return (d, q, s, n, from) => {
      for (let i = 0; i < n; i++, q += s) { const x = from[i]; d[q] = ${storedSource(dtype, castSource("float64", dtype, "x"))}; }
    };`);
    writers.set(dtype, made);
  }
  return made;
}
