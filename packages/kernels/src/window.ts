/**
 * Owns sliding windows: sums, means, extremes, deviations, medians and counts over the window around
 * every position of an axis. Each costs O(1) an element, whatever the window (medians O(log window)),
 * and none ever subtracts what left the window: what a window gives depends on its elements alone.
 */
import type { Block } from "@hyperslab/core/block";
import { DtypeError } from "@hyperslab/core/errors";
import type { Shape } from "@hyperslab/core/shape";
import { unreachable } from "@hyperslab/core/unreachable";
import { type Lanes, lanesOf } from "./lanes.js";
import { eachPosition } from "./loop.js";
import { MedianLane } from "./median-window.js";
import type { Operand } from "./operand.js";
import { OrderedLane, SHORT_WINDOW } from "./ordered-window.js";
import { copier } from "./plane-copy.js";
import { ExtremeLane, type LaneWindow, MomentLane, SumLane } from "./window-lane.js";
import {
  leastCount,
  settleWindow,
  windowDtype,
  type WindowName,
  type WindowOptions,
  type WindowWork,
} from "./window-options.js";
import { slideStrips } from "./window-strips.js";

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
  const work = settleWindow(name, options, lanes);
  if (out.data.length === 0) return;
  if (slideStrips(work, operand, lanes, out)) return;
  slideLanes(work, operand, lanes, out);
}

/** The plain JavaScript way: lane after lane. */
function slideLanes(work: WindowWork, operand: Operand, lanes: Lanes, out: Block): void {
  const { name, before, after, first } = work;
  const lane = laneOf(name, before + after + 1, lanes.length + after);
  const read = copier(operand.dtype, "float64");
  const write = copier("float64", out.dtype);
  // what ends at `first + after` is the first result
  const shift = first + after;
  eachPosition(lanes.outer, lanes.offsets, ([p, q]) => {
    read(operand.data, p, lanes.strides[0], 0, lane.values, 0, 1, 0, lanes.length, 1);
    lane.slide();
    finish(work, lane, shift, lanes.outLength);
    write(lane.results, shift, 1, 0, out.data, q, lanes.strides[1], 0, lanes.outLength, 1);
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
      return window <= SHORT_WINDOW ? new OrderedLane(window, length) : new MedianLane(window, length);
    default:
      return unreachable(name);
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
