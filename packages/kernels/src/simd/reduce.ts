/**
 * Owns reductions by kernels: the same walk, in the same order, as the plain loops of
 * `../reduce-loop.ts`, tile by tile.
 */
import type { Reduction } from "@hyperslab/core/reduction";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop } from "../loop.js";
import { allocatePlanes, type Merge, type Plane } from "../reduction-state.js";
import { type Reducing, SHORT_RUN, stateShape } from "../reduce-source.js";
import { kernelPlanes } from "./accumulator.js";
import { currentArena, inArenaOf, WORK_BYTES } from "./arena.js";
import { HEAD_BYTES } from "./elementwise.js";
import { SLOT_BYTES } from "./feeder.js";
import { isVectorProgram } from "./program.js";
import { type Pass, STATE_BYTES } from "./reduce-pass.js";
import { alongRows } from "./reduce-rows.js";
import { alongRuns } from "./reduce-runs.js";

/** One pass over the elements by kernels; null where the plain loops have to do it. */
export function reduceByKernel(
  work: Reducing,
  reduction: Reduction,
  means: Float64Array | null,
  merge: Merge,
): Plane[] | null {
  return inArenaOf(work.operands, () => reduceHere(work, reduction, means, merge));
}

function reduceHere(
  work: Reducing,
  reduction: Reduction,
  means: Float64Array | null,
  merge: Merge,
): Plane[] | null {
  const { program, operands, shape, grouping } = work;
  if (!isVectorProgram(program)) return null;
  const state = kernelPlanes(reduction, means !== null);
  const used = operands.slice(0, program.inputs.length);
  if (!state || HEAD_BYTES + STATE_BYTES + used.length * SLOT_BYTES > WORK_BYTES) return null;
  const outShape = stateShape(work);
  const outStrides = stridesOf(outShape);
  const out = {
    offset: 0,
    strides: shape.map((length, axis) =>
      axis !== grouping?.axis && outShape[axis] === length ? outStrides[axis] : 0,
    ),
  };
  const reduced = grouping ? [grouping.axis] : work.axes;
  const { axes } = canonicalLoop(shape, [...used, out], reduced);
  // neighbours that go to different groups: turning them costs more than kernels gain
  if (grouping && axes.at(-1)?.role === "reduce") return null;
  const planes = allocatePlanes(reduction, sizeOf(outShape));
  const pass: Pass = {
    work,
    reduction,
    means,
    arena: currentArena(),
    used,
    state,
    planes,
    merge,
    outStrides,
  };
  let split = axes.length;
  while (split > 0 && axes[split - 1].role === "reduce") split--;
  const run = axes.slice(split).reduce((n, axis) => n * axis.length, 1);
  const done =
    run >= SHORT_RUN ? alongRuns(pass, axes.slice(0, split), axes.slice(split), run) : alongRows(pass, axes);
  return done ? planes : null;
}
