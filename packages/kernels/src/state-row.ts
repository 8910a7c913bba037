/**
 * Owns stretches of partial states at work: so many neighbouring positions of a state's blocks, opened as planes
 * and sealed again. What is stored as planes are is not copied.
 */
import type { Block } from "@hyperslab/core/block";
import type { TypedArray } from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import type { Reduction } from "@hyperslab/core/reduction";
import { isCount, type Plane, readCounts, writeCounts } from "./reduction-state.js";

/** Memory of stretches, by the place that it was asked for and field; grows to the longest. */
const spare: Float64Array[][] = [];

function scratch(place: number, field: number, n: number): Float64Array {
  const fields = (spare[place] ??= []);
  const known = fields[field];
  if (known && known.length >= n) return known;
  return (fields[field] = new Float64Array(n));
}

/**
 * Planes of the `n` positions from `start` on. They are good until the next stretch is opened at the same
 * `place` (0 or 1), of which there are two so that one can be merged into the other.
 */
export function openRow(
  reduction: Reduction,
  fields: readonly Block[],
  start: number,
  n: number,
  place: 0 | 1,
): Plane[] {
  return fields.map(({ data, dtype }, field) => {
    if (isCount(reduction, field))
      return readCounts(data as BigInt64Array, n, start, scratch(place, field, n));
    if (dtype === "float16") {
      const values = new Float32Array(scratch(place, field, n).buffer, 0, n);
      const bits = data as Uint16Array;
      for (let i = 0; i < n; i++) values[i] = fromFloat16(bits[start + i]);
      return values;
    }
    return Array.isArray(data) ? data.slice(start, start + n) : data.subarray(start, start + n);
  });
}

/** Writes planes that {@link openRow} gave back to their blocks. */
export function sealRow(
  reduction: Reduction,
  planes: readonly Plane[],
  fields: readonly Block[],
  start: number,
  n: number,
): void {
  fields.forEach(({ data, dtype }, field) => {
    const plane = planes[field];
    if (isCount(reduction, field))
      writeCounts((plane as Float64Array).subarray(0, n), (data as BigInt64Array).subarray(start, start + n));
    else if (dtype === "float16") {
      const bits = data as Uint16Array;
      const values = plane as Float32Array;
      for (let i = 0; i < n; i++) bits[start + i] = toFloat16(values[i]);
    } else if (Array.isArray(data)) data.splice(start, n, ...(plane as string[]));
    else if ((plane as TypedArray).buffer !== data.buffer)
      (data as Float64Array).set(plane as Float64Array, start);
  });
}
