/** Owns the last step of a reduction: a combined state becomes the result. */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { isBig, isFloat, isTime, NAT } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import { type Reduction, resultOf } from "@hyperslab/core/reduction";
import { extremeOf, isMeanOfTimes, openPlanes } from "./reduction-state.js";
import { toInt64 } from "./scalar-runtime.js";

/**
 * The result of a combined state. Nothing to reduce gives: sum 0, prod 1 (NaN or NaT below
 * `minCount`; integers can't say so and stay), mean, var, std, min, max, first, last NaN or NaT for
 * floats and times, and the state's identity for integers, bools and floats without `skipna`;
 * argmin, argmax -1; any false, all true, count 0. Times are means towards the past, durations
 * towards zero.
 */
export function finishReduction(reduction: Reduction, fields: readonly Block[]): Block {
  const { name, dtype } = reduction;
  const [first] = fields;
  const result = resultOf(reduction);
  switch (name) {
    case "any":
    case "all":
    case "count":
    case "first":
    case "last":
      return first;
    case "argmin":
    case "argmax":
      return fields[1];
    case "min":
    case "max":
      return isTime(dtype) && !reduction.skipna ? missingTimes(first, extremeOf(dtype, name, false)) : first;
    case "sum":
    case "prod":
      if (!isFloat(dtype) && (reduction.minCount <= 0 || !isTime(dtype))) return first;
  }
  const out = allocateBlock(result, first.shape);
  const planes = openPlanes(reduction, fields);
  const data = out.data as Float64Array;
  if (name === "sum" && isTime(dtype)) {
    const [sums, counts] = planes as [BigInt64Array, Float64Array];
    const times = out.data as BigInt64Array;
    for (let i = 0; i < times.length; i++) times[i] = counts[i] < reduction.minCount ? NAT : sums[i];
    return out;
  }
  if (isMeanOfTimes(reduction)) {
    const [bases, sums, counts] = planes as [BigInt64Array, Float64Array, Float64Array];
    const times = out.data as BigInt64Array;
    const duration = dtype.startsWith("timedelta64");
    for (let i = 0; i < times.length; i++) {
      const mean = sums[i] / counts[i];
      if (mean !== mean) times[i] = NAT;
      else if (!duration) times[i] = bases[i] + BigInt(Math.floor(mean));
      else {
        // towards zero of the whole, not of the offset
        const down = bases[i] + BigInt(Math.floor(mean));
        times[i] = down < 0n && mean !== Math.floor(mean) ? down + 1n : down;
      }
    }
    return out;
  }
  const values = numbersOf(reduction, planes);
  for (let i = 0; i < values.length; i++) {
    if (isBig(result)) (out.data as BigInt64Array)[i] = toInt64(values[i]);
    else data[i] = result === "float16" ? toFloat16(values[i]) : values[i];
  }
  return out;
}

/** The result in float64, before it is rounded to its dtype. */
function numbersOf(reduction: Reduction, planes: readonly unknown[]): Float64Array {
  const { name, ddof, minCount } = reduction;
  const [a, b, c] = planes as [Float64Array, Float64Array, Float64Array];
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) {
    if (name === "mean") out[i] = a[i] / b[i];
    else if (name === "sum" || name === "prod") out[i] = minCount > 0 && b[i] < minCount ? NaN : a[i];
    else {
      const variance = c[i] - ddof > 0 ? b[i] / (c[i] - ddof) : NaN;
      out[i] = name === "std" ? Math.sqrt(variance) : variance;
    }
  }
  return out;
}

function missingTimes(block: Block, identity: number | bigint): Block {
  const data = (block.data as BigInt64Array).map((time) => (time === identity ? NAT : time));
  return { ...block, data };
}
