/**
 * Owns the walk of a reduction over an N-dimensional loop: which rows, into which positions, in which order.
 *
 * The order of floating-point sums is fixed by shape and axes alone: a run of 64 elements or more
 * over the innermost axes, if they are reduced, goes to 8 lanes (element `i` to lane `i % 8`), folded as
 * ((0+4)+(2+6)) + ((1+5)+(3+7)); runs are then merged in C order. Else each
 * position takes its elements in C order.
 */
import { isTime } from "@hyperslab/core/dtype";
import { type Reduction, reduction as makeReduction } from "@hyperslab/core/reduction";
import type { ScalarProgram } from "@hyperslab/core/scalar-program";
import { reduceByKernel } from "./simd/reduce.js";
import { kernelsAvailable } from "./simd/kernel.js";
import { isTranscendental } from "./simd/functions.js";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop, eachPosition, type LoopAxis } from "./loop.js";
import { checkProgram } from "./program-source.js";
import { compileMerge } from "./reduction-source.js";
import { allocatePlanes, type Merge, type Plane, resetPlanes } from "./reduction-state.js";
import {
  FOLD,
  isExactSum,
  isOrdered,
  LANES,
  type Reducing,
  type Row,
  type RowLoop,
  rowLoop,
  type RowMode,
  SHORT_RUN,
  stateShape,
} from "./reduce-source.js";

/** Elements of 32 bits whose sum a float64 surely holds. */
const EXACT = 2 ** 20;
/** Columns that stay in cache while rows are added to them. */
const COLUMNS = 4096;

/** Who reduces: kernels where they can and it is worth it, or the plain loops alone. */
export type Engine = "best" | "loops";

/** Fewer elements than this are done before a kernel would be compiled. */
const WORTH = 4096;

/** Reduces to planes of the state. */
export function reduceToPlanes(work: Reducing, reduction: Reduction, engine: Engine = "best"): Plane[] {
  if (reduction.name !== "var" && reduction.name !== "std") return pass(work, reduction, null, engine);
  const { dtype } = reduction;
  const timed = isTime(dtype);
  const program = timed ? withCast(work.program) : work.program;
  const numbers = { ...work, program };
  const mean = makeReduction("mean", timed ? "float64" : dtype, { skipna: reduction.skipna });
  const [means, counts] = pass(numbers, mean, null, engine) as [Float64Array, Float64Array];
  for (let i = 0; i < means.length; i++) means[i] = counts[i] > 0 ? means[i] / counts[i] : 0;
  const [moments] = pass(numbers, mean, means, engine);
  return [means, moments, counts];
}

function withCast(program: ScalarProgram): ScalarProgram {
  return {
    inputs: program.inputs,
    ops: [...program.ops, { op: "cast", args: [program.ops.length - 1], dtype: "float64" }],
  };
}

/**
 * Lets elements enter planes that hold a state already, each at its position in C order. For pieces whose innermost
 * axis is kept; not for `var` and `std`.
 */
export function reduceIntoPlanes(work: Reducing, reduction: Reduction, planes: Plane[]): void {
  pass(work, reduction, null, "loops", planes);
}

/** One pass over the elements; with `means`, of squared deviations from them into the first plane. */
function pass(
  work: Reducing,
  reduction: Reduction,
  means: Float64Array | null,
  engine: Engine,
  into?: Plane[],
): Plane[] {
  const { grouping, operands, shape } = work;
  const outShape = stateShape(work);
  const outStrides = stridesOf(outShape);
  const merge = means ? addMoments : compileMerge(reduction);
  if (sizeOf(shape) === 0) return into ?? allocatePlanes(reduction, sizeOf(outShape));
  const worth = sizeOf(shape) >= WORTH || isTranscendental(work.program);
  if (engine === "best" && worth && kernelsAvailable()) {
    checkProgram(work.program);
    const done = reduceByKernel(work, reduction, means, merge);
    if (done) return done;
  }
  const planes = into ?? allocatePlanes(reduction, sizeOf(outShape));
  const exact = isExactSum(reduction) && !means;
  const work0 = exact ? [new Float64Array(sizeOf(outShape)), ...planes.slice(1)] : planes;

  const count = work.program.inputs.length;
  const zero = shape.map(() => 0);
  const along = grouping ? grouping.axis : work.axes[0];
  const positioned = grouping !== null || isOrdered(reduction);
  const walk = [
    ...operands.slice(0, count),
    {
      offset: 0,
      strides: zero.map((_, axis) =>
        outShape[axis] === shape[axis] && axis !== grouping?.axis ? outStrides[axis] : 0,
      ),
    },
    { offset: 0, strides: zero.map((_, axis) => (positioned && axis === along ? 1 : 0)) },
  ];
  const reduced = grouping ? [grouping.axis] : work.axes;
  const { axes, offsets } = canonicalLoop(shape, walk, reduced);
  const still: LoopAxis = { length: 1, role: "keep", strides: offsets.map(() => 0) };
  const last = axes.at(-1) ?? still;
  const row: Row = {
    data: operands.slice(0, count).map((operand) => operand.data),
    ends: new Float64Array(2 * count),
    n: last.length,
    planes: work0,
    j: 0,
    step: 1,
    pos: 0,
    posStep: last.strides[count + 1],
    codes: grouping?.codes ?? null,
    c: 0,
    means,
    m: 0,
  };
  for (let k = 0; k < count; k++) row.ends[2 * k + 1] = last.strides[k];
  const groupStep = grouping ? outStrides[grouping.axis] : 0;
  const place = (at: readonly number[]): void => {
    for (let k = 0; k < count; k++) row.ends[2 * k] = at[k];
    row.j = at[count];
    row.c = at[count + 1];
    row.pos = at[count + 1] + work.origin;
  };
  const single = isOrdered(reduction) || trailingRun(axes) < SHORT_RUN;
  const mode: RowMode = last.role === "keep" ? "row" : grouping ? "groups" : single ? "single" : "lanes";
  const run = rowLoop(work.program, reduction, mode, means !== null);

  if (mode === "lanes") {
    runLanes(axes, offsets, row, { run, merge, reduction, planes, exact, place, count });
    return planes;
  }
  let rows = 0;
  const most = mode === "single" ? last.length : 1;
  const visit = (at: readonly number[]): void => {
    place(at);
    if (mode === "groups") row.step = groupStep;
    else {
      row.step = last.strides[count];
      if (grouping) {
        const code = grouping.codes[row.c];
        if (code < 0) return;
        row.j += code * groupStep;
      }
    }
    run(row);
    rows += mode === "groups" ? row.n : most;
    if (exact && rows >= EXACT) {
      flush(work0[0] as Float64Array, planes[0] as BigInt64Array);
      rows = 0;
    }
  };
  const chunk = mode === "row" && last.length > COLUMNS && axes.length > 1 ? COLUMNS : last.length;
  for (let from = 0; from < last.length; from += chunk) {
    row.n = Math.min(chunk, last.length - from);
    eachPosition(
      axes.slice(0, -1),
      offsets.map((offset, k) => offset + from * last.strides[k]),
      visit,
    );
  }
  if (exact) flush(work0[0] as Float64Array, planes[0] as BigInt64Array);
  return planes;
}

/** Elements in a run along the innermost reduced axes. */
function trailingRun(axes: readonly LoopAxis[]): number {
  let run = 1;
  for (let d = axes.length - 1; d >= 0 && axes[d].role === "reduce"; d--) run *= axes[d].length;
  return run;
}

const addMoments: Merge = (into, a, from, b) => {
  (into[0] as Float64Array)[a] += (from[0] as Float64Array)[b];
};

interface LaneWork {
  readonly run: RowLoop;
  readonly merge: Merge;
  readonly reduction: Reduction;
  readonly planes: Plane[];
  readonly exact: boolean;
  readonly place: (at: readonly number[]) => void;
  readonly count: number;
}

/** Runs along the innermost reduced axes, each in eight lanes, then folded and merged. */
function runLanes(axes: readonly LoopAxis[], offsets: readonly number[], row: Row, work: LaneWork): void {
  const { run, merge, reduction, planes, exact, place, count } = work;
  let split = axes.length;
  while (split > 0 && axes[split - 1].role === "reduce") split--;
  const inner = axes.slice(split, -1);
  const last = axes[axes.length - 1];
  const lanes = allocatePlanes(reduction, LANES);
  const sums = new Float64Array(LANES);
  const used: Plane[] = exact ? [sums, ...lanes.slice(1)] : lanes;
  row.planes = used;
  eachPosition(axes.slice(0, split), offsets, (outer) => {
    const target = outer[count];
    row.m = target;
    resetPlanes(reduction, lanes);
    let phase = 0;
    eachPosition(inner, outer, (at) => {
      for (let from = 0; from < last.length; from += EXACT) {
        place(at);
        for (let k = 0; k < count; k++) row.ends[2 * k] += from * last.strides[k];
        row.n = Math.min(EXACT, last.length - from);
        row.j = phase;
        run(row);
        phase = (phase + row.n) % LANES;
        if (exact) flush(sums, lanes[0] as BigInt64Array);
      }
    });
    for (const [a, b] of FOLD) merge(lanes, a, lanes, b);
    merge(planes, target, lanes, 0);
  });
}

/** Adds exact partial sums to the 64-bit plane, and starts them anew. */
function flush(from: Float64Array, into: BigInt64Array | BigUint64Array): void {
  for (let i = 0; i < from.length; i++) if (from[i] !== 0) into[i] += BigInt(from[i]);
  from.fill(0);
}
