/**
 * Owns reductions by kernels: the same walk, in the same order, as the plain loops of
 * `../reduce-loop.ts`, tile by tile.
 */
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import { type Shape, sizeOf, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop, eachPosition, type LoopAxis } from "../loop.js";
import type { Operand } from "../operand.js";
import { allocatePlanes, type Merge, type Plane } from "../reduction-state.js";
import { FOLD, type Reducing, SHORT_RUN, stateShape } from "../reduce-source.js";
import { countsAll, type KernelPlane, kernelPlanes } from "./accumulator.js";
import { type Arena, arenaView, currentArena, SCRATCH_BYTES } from "./arena.js";
import { HEAD_BYTES } from "./elementwise.js";
import { Feeder, SLOT_BYTES, TILE } from "./feeder.js";
import type { Kernel } from "./kernel.js";
import { isVectorProgram, writeConstants } from "./program.js";
import { LANE_BYTES, reduceKernel } from "./reduce-kernel.js";
import { GROUP } from "./vector.js";

/** Bytes for the state of columns, between head and slots. */
const STATE_BYTES = 2 ** 20;
/** Rows that a kernel takes at once, so that the state of a column is loaded and stored once for all of them. */
const ROWS = 4;
/** Fewer columns than this are left to the plain loops. */
const COLUMNS = 32;

/** One reduction about to run. */
interface Pass {
  readonly work: Reducing;
  readonly reduction: Reduction;
  readonly means: Float64Array | null;
  readonly arena: Arena;
  readonly used: readonly Operand[];
  readonly state: readonly KernelPlane[];
  readonly planes: readonly Plane[];
  readonly merge: Merge;
  readonly outStrides: Shape;
}

/** One pass over the elements by kernels; null where the plain loops have to do it. */
export function reduceByKernel(
  work: Reducing,
  reduction: Reduction,
  means: Float64Array | null,
  merge: Merge,
): Plane[] | null {
  const { program, operands, shape, grouping } = work;
  if (!isVectorProgram(program)) return null;
  const state = kernelPlanes(reduction, means !== null);
  const used = operands.slice(0, program.inputs.length);
  if (!state || HEAD_BYTES + STATE_BYTES + used.length * SLOT_BYTES > SCRATCH_BYTES) return null;
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
  const arena = currentArena();
  const planes = allocatePlanes(reduction, sizeOf(outShape));
  const pass: Pass = { work, reduction, means, arena, used, state, planes, merge, outStrides };
  let split = axes.length;
  while (split > 0 && axes[split - 1].role === "reduce") split--;
  const run = axes.slice(split).reduce((n, axis) => n * axis.length, 1);
  const done =
    run >= SHORT_RUN && !grouping
      ? alongRuns(pass, axes.slice(0, split), axes.slice(split), run)
      : alongRows(pass, axes);
  return done ? planes : null;
}

/** The innermost axes are reduced: each position of the others has a run of its own, in eight lanes. */
function alongRuns(pass: Pass, outer: readonly LoopAxis[], inner: readonly LoopAxis[], run: number): boolean {
  const { arena, used, work, reduction, means, state, planes } = pass;
  const slots = arena.scratch + HEAD_BYTES + STATE_BYTES;
  const feeders = used.map(
    (operand, k) =>
      new Feeder(
        arena,
        operand,
        inner.map(({ length, strides }) => ({ length, stride: strides[k] })),
        slots + k * SLOT_BYTES,
      ),
  );
  const kernel = reduceKernel({
    program: work.program,
    reduction,
    moment: means !== null,
    splats: feeders.map((feeder) => feeder.splat),
    mode: "lanes",
  });
  if (!kernel) return false;
  writeConstants(work.program, arena, arena.scratch);
  const lanes = arena.scratch + HEAD_BYTES;
  const mean = lanes + state.length * LANE_BYTES;
  const meanView = arenaView(arena, "float64", mean, 1);
  const views = state.map((plane, p) => arenaView(arena, plane.dtype, lanes + p * LANE_BYTES, GROUP));
  const folded: Plane[] = state.map((plane, p) => (plane.counts ? new Float64Array(GROUP) : views[p]));
  const all = countsAll(reduction) && !means;
  if (all) folded.push(new Float64Array(GROUP));
  const bases = used.map((operand) => operand.offset);
  const count = used.length;
  const args = new Array<number>(6 + count);
  args[3] = arena.scratch;
  args[4] = mean;
  args[5] = lanes;
  const plain =
    means !== null ||
    ((reduction.name === "sum" || reduction.name === "mean") && state[0].dtype === "float64");
  eachPosition(outer, [...bases, 0], (at) => {
    const target = at[count];
    state.forEach((plane, p) => (views[p] as unknown as unknown[]).fill(plane.identity as never));
    if (means) meanView[0] = means[target];
    for (let start = 0; start < run; start += TILE) {
      const n = Math.min(TILE, run - start);
      args[0] = Math.floor(n / GROUP);
      args[1] = n % GROUP;
      args[2] = start;
      for (let k = 0; k < count; k++) args[6 + k] = feeders[k].feed(at[k], start, n);
      kernel(...args);
    }
    if (plain) {
      const v = views[0] as Float64Array;
      (planes[0] as Float64Array)[target] += v[0] + v[4] + (v[2] + v[6]) + (v[1] + v[5] + (v[3] + v[7]));
      if (all) (planes[1] as Float64Array)[target] += run;
      else if (state.length > 1) {
        let valid = 0;
        for (let lane = 0; lane < GROUP; lane++) valid += Number(views[1][lane]);
        (planes[1] as Float64Array)[target] += valid;
      }
      return;
    }
    state.forEach((plane, p) => {
      if (!plane.counts) return;
      const numbers = folded[p] as Float64Array;
      const shift = p > 0 && reduction.name.startsWith("arg") ? work.origin : 0;
      for (let lane = 0; lane < GROUP; lane++) {
        const value = Number(views[p][lane]);
        numbers[lane] = value < 0 ? value : value + shift;
      }
    });
    if (reduction.name.startsWith("arg")) foldArguments(folded, reduction.name === "argmin");
    else for (const [a, b] of FOLD) pass.merge(folded, a, folded, b);
    pass.merge(planes, target, folded, 0);
  });
  return true;
}

/** Brings the best lane to the front: of equal ones, that which stands first on the axis. */
function foldArguments(folded: readonly Plane[], least: boolean): void {
  const values = folded[0] as unknown as (number | bigint)[];
  const places = folded[1] as Float64Array;
  let best = -1;
  for (let lane = 0; lane < GROUP; lane++) {
    if (places[lane] < 0) continue;
    const value = values[lane];
    const held = best < 0 ? value : values[best];
    const missing = isMissing(value);
    const beats = missing !== isMissing(held) ? missing : least ? value < held : value > held;
    const same = value === held || (missing && isMissing(held));
    if (best < 0 || beats || (same && places[lane] < places[best])) best = lane;
  }
  if (best < 0) return;
  const [value, place] = [values[best], places[best]];
  values[0] = value;
  places[0] = place;
}

/** With missing values left out no lane holds one, so whatever is missing here wins. */
function isMissing(value: number | bigint): boolean {
  return value !== value || value === NOT_A_TIME;
}

const NOT_A_TIME = -(2n ** 63n);

/** The innermost kept axis gives columns; every position of the reduced axes is a row that enters them. */
function alongRows(pass: Pass, axes: readonly LoopAxis[]): boolean {
  const { arena, used, work, reduction, means, state } = pass;
  const kept = axes.filter((axis) => axis.role === "keep");
  const reduced = axes.filter((axis) => axis.role === "reduce");
  const inner = kept.at(-1);
  if (!inner || inner.length < COLUMNS) return false;
  const groups = work.grouping?.groups ?? 1;
  const width = Math.floor(STATE_BYTES / (8 * groups * (state.length + 1)) / GROUP) * GROUP;
  const columns = Math.min(TILE, width);
  if (columns < Math.min(4 * COLUMNS, inner.length)) return false;
  const room = Math.floor((SCRATCH_BYTES - HEAD_BYTES - STATE_BYTES) / SLOT_BYTES);
  const rows = work.grouping || used.length * ROWS > room ? 1 : ROWS;
  const slots = arena.scratch + HEAD_BYTES + STATE_BYTES;
  const feeders = Array.from({ length: rows }, (_, row) =>
    used.map(
      (operand, k) =>
        new Feeder(
          arena,
          operand,
          [{ length: inner.length, stride: inner.strides[k] }],
          slots + (row * used.length + k) * SLOT_BYTES,
        ),
    ),
  );
  const text = {
    program: work.program,
    reduction,
    moment: means !== null,
    splats: feeders[0].map((feeder) => feeder.splat),
  };
  const many = rows > 1 ? reduceKernel({ ...text, mode: rows }) : null;
  const one = reduceKernel({ ...text, mode: 1 });
  if (!one) return false;
  writeConstants(work.program, arena, arena.scratch);
  const count = used.length;
  const bases = [...used.map((operand) => operand.offset), 0];
  const store = new ColumnState(pass, columns, groups);
  const rowOffsets = bases.map(() => 0);
  eachPosition(kept.slice(0, -1), bases, (outer) => {
    for (let from = 0; from < inner.length; from += columns) {
      const n = Math.min(columns, inner.length - from);
      const turns = Math.ceil(n / GROUP);
      const target = outer[count] + from * inner.strides[count];
      store.reset();
      if (means) store.readMeans(means, target, inner.strides[count], n);
      const pending: number[][] = [];
      let position = 0;
      const enter = (kernel: Kernel, batch: readonly number[][], group: number): void => {
        const args = [turns, position, arena.scratch, store.meanAddress(group)];
        state.forEach((_, p) => args.push(store.address(p, group)));
        batch.forEach((row, r) => {
          for (let k = 0; k < count; k++) args.push(feeders[r][k].feed(outer[k] + row[k], from, n));
        });
        kernel(...args);
      };
      eachPosition(reduced, rowOffsets, (row) => {
        if (work.grouping) {
          const code = work.grouping.codes[position];
          if (code >= 0) enter(one, [[...row]], code);
          position++;
          return;
        }
        pending.push([...row]);
        if (pending.length < rows) return;
        enter(many ?? one, pending, 0);
        position += pending.length;
        pending.length = 0;
      });
      for (const row of pending) {
        enter(one, [row], 0);
        position++;
      }
      store.write(target, inner.strides[count], n, position);
    }
  });
  return true;
}

/** The state of a stretch of columns (of every group), in the arena. */
class ColumnState {
  readonly #pass: Pass;
  readonly #columns: number;
  readonly #groups: number;
  readonly #views: TypedArray[];
  readonly #means: Float64Array;
  readonly #base: number;

  constructor(pass: Pass, columns: number, groups: number) {
    this.#pass = pass;
    this.#columns = columns;
    this.#groups = groups;
    this.#base = pass.arena.scratch + HEAD_BYTES;
    const length = columns * groups;
    this.#views = pass.state.map((plane, p) => arenaView(pass.arena, plane.dtype, this.#place(p), length));
    this.#means = arenaView(pass.arena, "float64", this.#place(pass.state.length), length) as Float64Array;
  }

  #place(plane: number): number {
    return this.#base + plane * this.#columns * this.#groups * 8;
  }

  address(plane: number, group: number): number {
    return this.#place(plane) + group * this.#columns * itemSize(this.#pass.state[plane].dtype);
  }

  meanAddress(group: number): number {
    return this.#place(this.#pass.state.length) + group * this.#columns * 8;
  }

  reset(): void {
    this.#pass.state.forEach((plane, p) => (this.#views[p] as unknown as unknown[]).fill(plane.identity));
  }

  #groupStep(): number {
    const { work, outStrides } = this.#pass;
    return work.grouping ? outStrides[work.grouping.axis] : 0;
  }

  /** Takes the means of `n` columns from the result's positions `target …`. */
  readMeans(means: Float64Array, target: number, stride: number, n: number): void {
    for (let g = 0; g < this.#groups; g++)
      for (let i = 0; i < n; i++)
        this.#means[g * this.#columns + i] = means[target + g * this.#groupStep() + i * stride];
  }

  /** Puts the state of `n` columns, which `rows` rows entered, to the result's positions `target …`. */
  write(target: number, stride: number, n: number, rows: number): void {
    const { state, planes, reduction, work, means } = this.#pass;
    for (let g = 0; g < this.#groups; g++) {
      const to = target + g * this.#groupStep();
      state.forEach((plane, p) => {
        const from = this.#views[p].subarray(g * this.#columns, g * this.#columns + n) as Float64Array;
        const into = planes[p] as Float64Array;
        if (plane.counts) {
          const shift = reduction.name.startsWith("arg") ? work.origin : 0;
          for (let i = 0; i < n; i++) {
            const value = Number(from[i]);
            into[to + i * stride] = value < 0 ? value : value + shift;
          }
        } else if (reduction.name === "min" || reduction.name === "max") {
          const zero = (typeof plane.identity === "bigint" ? 0n : 0) as number;
          for (let i = 0; i < n; i++) into[to + i * stride] = from[i] + zero;
        } else if (stride === 1) into.set(from, to);
        else for (let i = 0; i < n; i++) into[to + i * stride] = from[i];
      });
      if (countsAll(reduction) && !means) {
        const counts = planes[1] as Float64Array;
        const members = work.grouping
          ? work.grouping.codes.reduce((sum, code) => sum + (code === g ? 1 : 0), 0)
          : rows;
        for (let i = 0; i < n; i++) counts[to + i * stride] = members;
      }
    }
  }
}
