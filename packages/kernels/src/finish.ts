/** Owns the last step of a reduction: a combined state becomes the result. */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import { isBig, isFloat, isTime, isTimedelta, NAT } from "@hyperslab/core/dtype";
import { toFloat16 } from "@hyperslab/core/float16";
import { type Reduction, resultOf } from "@hyperslab/core/reduction";
import { sizeOf } from "@hyperslab/core/shape";
import { extremeOf, isMeanOfTimes, type Plane } from "./reduction-state.js";
import { toInt64 } from "./scalar-runtime.js";
import { openRow } from "./state-row.js";

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
  const length = sizeOf(first.shape);
  for (let start = 0; start < length; start += STRETCH) {
    const n = Math.min(STRETCH, length - start);
    finishStretch(reduction, openRow(reduction, fields, start, n, 0), out, start, n);
  }
  return out;
}

/** Finishes `n` positions, opened as planes, and writes them from element `start` of the result on. */
function finishStretch(
  reduction: Reduction,
  planes: readonly Plane[],
  { dtype, data }: Block,
  start: number,
  n: number,
): void {
  if (isTime(reduction.dtype) && reduction.name === "sum") {
    const [sums, counts] = planes as [BigInt64Array, Float64Array];
    const times = data as BigInt64Array;
    for (let i = 0; i < n; i++) times[start + i] = counts[i] < reduction.minCount ? NAT : sums[i];
  } else if (isMeanOfTimes(reduction)) {
    finishTimes(planes, (data as BigInt64Array).subarray(start, start + n), isTimedelta(reduction.dtype));
  } else {
    const numbers = numbersOf(reduction, planes, n);
    if (isBig(dtype)) for (let i = 0; i < n; i++) (data as BigInt64Array)[start + i] = toInt64(numbers[i]);
    else if (dtype === "float16")
      for (let i = 0; i < n; i++) (data as Uint16Array)[start + i] = toFloat16(numbers[i]);
    else (data as Float64Array).set(numbers, start);
  }
}

/** Means of times: base and mean offset. */
function finishTimes(planes: readonly Plane[], times: BigInt64Array, duration: boolean): void {
  const [bases, sums, counts] = planes as [BigInt64Array, Float64Array, Float64Array];
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
}

/** Positions finished at a time: so many stay in cache. */
const STRETCH = 4096;
const spare: Float64Array = new Float64Array(STRETCH);

/** `n` results in float64, before they are rounded to their dtype; good until the next call. */
function numbersOf(reduction: Reduction, planes: readonly unknown[], n: number): Float64Array {
  const { name, ddof, minCount } = reduction;
  const [a, b, c] = planes as [Float64Array, Float64Array, Float64Array];
  if (name === "sum" || name === "prod") {
    if (minCount <= 0) return a;
    for (let i = 0; i < n; i++) spare[i] = b[i] < minCount ? NaN : a[i];
  } else if (name === "mean") for (let i = 0; i < n; i++) spare[i] = a[i] / b[i];
  else
    for (let i = 0; i < n; i++) {
      const variance = c[i] - ddof > 0 ? b[i] / (c[i] - ddof) : NaN;
      spare[i] = name === "std" ? Math.sqrt(variance) : variance;
    }
  return n < STRETCH ? spare.subarray(0, n) : spare;
}

function missingTimes(block: Block, identity: number | bigint): Block {
  const data = (block.data as BigInt64Array).map((time) => (time === identity ? NAT : time));
  return { ...block, data };
}
