/**
 * Owns partial states at work: the planes in which reductions accumulate, their identities, and the
 * merging of two positions. Blocks of `core`'s `stateOf` are opened into planes and sealed again.
 */
import { allocateBlock, type Block } from "@hyperslab/core/block";
import {
  allocate,
  type BlockData,
  type Dtype,
  isBig,
  isFloat,
  isSigned,
  isTime,
  itemSize,
  NAT,
} from "@hyperslab/core/dtype";
import { fromFloat16, toFloat16 } from "@hyperslab/core/float16";
import { type Reduction, stateOf } from "@hyperslab/core/reduction";
import { type Shape, sizeOf } from "@hyperslab/core/shape";

/** One field of a state at work. Counts and positions are float64 here, float16 values float32. */
export type Plane = BlockData;

const INT64_MAX = 2n ** 63n - 1n;

/** True for fields that count or hold positions. */
export function isCount(reduction: Reduction, field: number): boolean {
  switch (reduction.name) {
    case "sum":
    case "prod":
    case "mean":
    case "argmin":
    case "argmax":
    case "first":
    case "last":
      return field > 0 && stateOf(reduction)[field] === "int64" && (field === 2 || !isMeanOfTimes(reduction));
    case "var":
    case "std":
      return field === 2;
    case "count":
      return true;
    default:
      return false;
  }
}

export function isMeanOfTimes(reduction: Reduction): boolean {
  return reduction.name === "mean" && isTime(reduction.dtype);
}

/** The value with which field `field` starts: merging it changes nothing. */
function identityOf(reduction: Reduction, field: number): number | bigint | string {
  const { name, dtype } = reduction;
  const fieldDtype = stateOf(reduction)[field];
  const zero = fieldDtype === "string" ? "" : isBig(fieldDtype) ? 0n : 0;
  switch (name) {
    case "prod":
      return field > 0 ? 0 : isBig(fieldDtype) ? 1n : 1;
    case "min":
    case "max":
      return extremeOf(dtype, name, reduction.skipna);
    case "argmin":
    case "argmax":
    case "first":
    case "last":
      if (field === 1) return -1;
      return isFloat(dtype) ? NaN : isTime(dtype) ? NAT : zero;
    case "all":
      return 1;
    default:
      return isCount(reduction, field) ? 0 : zero;
  }
}

/** What `min` or `max` starts with: missing where missing values are left out, else the far end. */
export function extremeOf(dtype: Dtype, name: "min" | "max", skipna: boolean): number | bigint {
  const low = name === "max";
  if (isFloat(dtype)) return skipna ? NaN : low ? -Infinity : Infinity;
  if (isTime(dtype)) return skipna ? NAT : low ? NAT + 1n : INT64_MAX;
  if (dtype === "int64") return low ? NAT : INT64_MAX;
  if (dtype === "uint64") return low ? 0n : 2n ** 64n - 1n;
  if (dtype === "bool") return low ? 0 : 1;
  const bits = itemSize(dtype) * 8;
  if (isSigned(dtype)) return low ? -(2 ** (bits - 1)) : 2 ** (bits - 1) - 1;
  return low ? 0 : 2 ** bits - 1;
}

function planeDtype(reduction: Reduction, field: number): Dtype {
  const dtype = stateOf(reduction)[field];
  return isCount(reduction, field) ? "float64" : dtype === "float16" ? "float32" : dtype;
}

/** Planes of `length` positions, each at its identity. */
export function allocatePlanes(reduction: Reduction, length: number): Plane[] {
  return stateOf(reduction).map((_, field) => {
    const dtype = planeDtype(reduction, field);
    const known = takeSpare(dtype, length);
    const plane = known ?? allocate(dtype, length);
    const identity = identityOf(reduction, field);
    // new memory is 0 already
    if (known || (identity !== 0 && identity !== 0n)) (plane as unknown[]).fill(identity);
    return plane;
  });
}

/** Float64 planes that nobody uses: fresh memory costs as much as what is done in it. All of one length. */
const spare: Float64Array[] = [];
const MOST_SPARE = 3;

function takeSpare(dtype: Dtype, length: number): Plane | undefined {
  return dtype === "float64" && spare[0]?.length === length ? spare.pop() : undefined;
}

/** Takes back planes that nobody reads or writes any more. */
export function recyclePlanes(planes: readonly Plane[]): void {
  for (const plane of planes) {
    if (!(plane instanceof Float64Array) || plane.buffer.byteLength !== plane.byteLength) continue;
    if (spare.length > 0 && (spare[0].length !== plane.length || spare.length === MOST_SPARE))
      spare.length = 0;
    spare.push(plane);
  }
}

/** Puts every position back to its identity. */
export function resetPlanes(reduction: Reduction, planes: readonly Plane[]): void {
  planes.forEach((plane, field) => (plane as unknown[]).fill(identityOf(reduction, field)));
}

/** Planes as blocks of the state's dtypes, in the same memory where that is possible: they can't be used any more. */
export function sealPlanes(reduction: Reduction, planes: readonly Plane[], shape: Shape): Block[] {
  return stateOf(reduction).map((dtype, field) => {
    const plane = planes[field];
    if (isCount(reduction, field)) {
      const counts = plane as Float64Array;
      const data = new BigInt64Array(counts.buffer, counts.byteOffset, counts.length);
      writeCounts(counts, data);
      return { dtype: "int64", shape: [...shape], data };
    }
    if (dtype === "float16") {
      const block = allocateBlock(dtype, shape);
      writeHalves(plane as Float32Array, block.data as Uint16Array);
      return block;
    }
    return { dtype, shape: [...shape], data: plane };
  });
}

/** Numbers rounded to float16. */
export function writeHalves(from: Float32Array, to: Uint16Array): void {
  for (let i = 0; i < from.length; i++) to[i] = toFloat16(from[i]);
}

/** The planes of a state, to read; those whose storage is the same are not copied. */
export function openPlanes(reduction: Reduction, fields: readonly Block[]): Plane[] {
  return fields.map(({ data, dtype, shape }, field) => {
    if (isCount(reduction, field)) return readCounts(data as BigInt64Array, sizeOf(shape));
    if (dtype === "float16") return Float32Array.from(data as Uint16Array, fromFloat16);
    return data;
  });
}

/**
 * int64 counts, all within 2^53, written and read by halves: far quicker than bigint by bigint. Both may stand in
 * the same memory.
 */
export function writeCounts(from: Float64Array, to: BigInt64Array): void {
  const halves = new Int32Array(to.buffer, to.byteOffset, to.length * 2);
  for (let i = 0; i < from.length; i++) {
    const count = from[i];
    halves[2 * i] = count | 0;
    halves[2 * i + 1] = Math.floor(count / 4294967296);
  }
}

/** Reads `length` counts from element `start` on, into the first elements of `to`. */
export function readCounts(
  from: BigInt64Array,
  length: number,
  start = 0,
  to: Float64Array = new Float64Array(length),
): Float64Array {
  const halves = new Int32Array(from.buffer, from.byteOffset + start * 8, length * 2);
  for (let i = 0; i < length; i++) to[i] = (halves[2 * i] >>> 0) + halves[2 * i + 1] * 4294967296;
  return to;
}

/** Merges position `b` of planes `from` into position `a` of planes `into`; `from` stands later on the axis. */
export type Merge = (into: readonly Plane[], a: number, from: readonly Plane[], b: number) => void;
