/**
 * Owns states that rows of columns enter in place: their planes lie in the kernels' memory, as kernels keep
 * them, from the first piece to the last. The bits are those of the plain loops, which add each element to its
 * position in C order.
 */
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import { canonicalLoop, eachPosition, type LoopAxis } from "./loop.js";
import { checkProgram } from "./program-source.js";
import type { Plane } from "./reduction-state.js";
import type { Reducing } from "./reduce-source.js";
import { countsAll, type KernelPlane, kernelPlanes } from "./simd/accumulator.js";
import { type Arena, arenaView, currentArena, placeInArena, WORK_BYTES } from "./simd/arena.js";
import { HEAD_BYTES } from "./simd/elementwise.js";
import { Feeder, SLOT_BYTES, TILE } from "./simd/feeder.js";
import { type Kernel, kernelsAvailable } from "./simd/kernel.js";
import { isVectorProgram, writeConstants } from "./simd/program.js";
import { RowKernels, RowOrder, ROWS } from "./simd/row-kernels.js";
import { GROUP } from "./simd/vector.js";

/** Shorter rows are left to the plain loops. */
const COLUMNS = 64;
/** Where the columns after the last whole group stand while a kernel works on them: so many bytes a plane. */
const BOUNCE_BYTES = GROUP * 8;

/** Gives memory for the planes, where possible in the kernels' own; null where there is none. */
export type PlaneMemory = (bytes: number) => Uint8Array | null;

export class ColumnAccumulator {
  readonly #reduction: Reduction;
  readonly #arena: Arena;
  readonly #state: readonly KernelPlane[];
  readonly #views: readonly TypedArray[];
  readonly #places: readonly number[];
  readonly #strides: readonly number[];
  /** Elements that entered, by group, where every one counts. */
  readonly #entered: Float64Array;

  /**
   * A state of `length` positions with these strides.
   * @returns null where kernels can't make it, or where there is no memory for it that they can use
   */
  static create(
    reduction: Reduction,
    work: Reducing,
    length: number,
    strides: readonly number[],
    memory: PlaneMemory,
  ): ColumnAccumulator | null {
    if (!kernelsAvailable() || !isVectorProgram(work.program)) return null;
    const state = kernelPlanes(reduction, false);
    const inner = loopOf(work, strides).inner;
    if (!state || !inner || inner.length < COLUMNS) return null;
    checkProgram(work.program);
    const arena = currentArena();
    const sizes = state.map((plane) => Math.ceil((length * itemSize(plane.dtype)) / 16) * 16);
    const given = memory(sizes.reduce((sum, size) => sum + size, 0));
    const first = given ? placeInArena(arena, given) : -1;
    if (first < 0) return null;
    const places = sizes.map((_, p) => first + sizes.slice(0, p).reduce((sum, size) => sum + size, 0));
    const views = state.map((plane, p) => arenaView(arena, plane.dtype, places[p], length));
    state.forEach((plane, p) => (views[p] as unknown as unknown[]).fill(plane.identity));
    const entered = new Float64Array(work.grouping?.groups ?? 1);
    return new ColumnAccumulator(reduction, { arena, state, views, places, strides, entered });
  }

  private constructor(
    reduction: Reduction,
    made: {
      arena: Arena;
      state: readonly KernelPlane[];
      views: readonly TypedArray[];
      places: readonly number[];
      strides: readonly number[];
      entered: Float64Array;
    },
  ) {
    this.#reduction = reduction;
    this.#arena = made.arena;
    this.#state = made.state;
    this.#views = made.views;
    this.#places = made.places;
    this.#strides = made.strides;
    this.#entered = made.entered;
  }

  /** Lets the rows of a piece enter; false (and nothing was done) where there is no kernel for them. */
  enter(work: Reducing): boolean {
    const { program, grouping, operands, origin } = work;
    const used = operands.slice(0, program.inputs.length);
    const { kept, reduced, inner, offsets } = loopOf(work, this.#strides);
    if (!inner || inner.length < COLUMNS || this.#arena !== currentArena()) return false;
    if (HEAD_BYTES + BOUNCE_BYTES * 4 + used.length * SLOT_BYTES > WORK_BYTES) return false;
    const room = Math.floor((WORK_BYTES - HEAD_BYTES - BOUNCE_BYTES * 4) / SLOT_BYTES);
    const rows = used.length * ROWS <= room ? ROWS : 1;
    const kernels = RowKernels.create(
      {
        program,
        reduction: this.#reduction,
        moment: false,
        splats: used.map((_, k) => inner.strides[k] === 0),
      },
      rows,
    );
    if (!kernels) return false;
    writeConstants(program, this.#arena, this.#arena.scratch);
    const feeders = Array.from({ length: rows }, (_, r) =>
      used.map((operand, k) => {
        const slot = this.#arena.scratch + HEAD_BYTES + BOUNCE_BYTES * 4 + (r * used.length + k) * SLOT_BYTES;
        return new Feeder(this.#arena, operand, [{ length: inner.length, stride: inner.strides[k] }], slot);
      }),
    );
    const count = used.length;
    const order = new RowOrder(reduced, count, grouping);
    const groupStride = grouping ? this.#strides[grouping.axis] : 0;
    const whole = Math.floor(inner.length / GROUP) * GROUP;
    const addresses: number[] = [];
    eachPosition(kept, offsets, (outer) => {
      for (let from = 0; from < inner.length; from += TILE) {
        const n = Math.min(TILE, inner.length - from);
        const inPlace = Math.min(n, Math.max(0, whole - from));
        for (const group of order.groups) {
          const column = outer[count] + group.group * groupStride + from;
          for (let i = 0; i < group.positions.length;) {
            const size = order.take(group, i, kernels);
            const kernel = kernels.of(size);
            const position = origin + group.positions[i];
            addresses.length = size * count;
            for (let r = 0; r < size; r++)
              for (let k = 0; k < count; k++) {
                const start = order.start(group.positions[i + r], k);
                addresses[r * count + k] = feeders[r][k].feed(outer[k] + start, from, n);
              }
            i += size;
            this.#run(kernel, position, column, inPlace, addresses);
            if (inPlace === n) continue;
            for (let r = 0; r < size; r++)
              for (let k = 0; k < count; k++)
                if (!feeders[r][k].splat) addresses[r * count + k] += inPlace * feeders[r][k].size;
            this.#runTail(kernel, position, column + inPlace, n - inPlace, addresses);
          }
        }
      }
    });
    if (countsAll(this.#reduction))
      for (const { group, positions } of order.groups) this.#entered[group] += positions.length;
    return true;
  }

  #run(
    kernel: Kernel,
    position: number,
    column: number,
    n: number,
    inputs: readonly number[],
    places = this.#places,
  ): void {
    if (n === 0) return;
    const planes = places.map((place, p) => place + column * itemSize(this.#state[p].dtype));
    kernel(Math.ceil(n / GROUP), position, this.#arena.scratch, 0, ...planes, ...inputs);
  }

  /** The last columns, fewer than a group: what follows them in memory belongs to others. */
  #runTail(kernel: Kernel, position: number, column: number, n: number, inputs: readonly number[]): void {
    const first = this.#arena.scratch + HEAD_BYTES;
    const places = this.#state.map((_, p) => first + p * BOUNCE_BYTES);
    const bounce = this.#state.map((plane, p) => arenaView(this.#arena, plane.dtype, places[p], GROUP));
    bounce.forEach((view, p) => {
      const from = this.#views[p].subarray(column, column + n);
      (view as Float64Array).set(from as Float64Array);
    });
    this.#run(kernel, position, 0, n, inputs, places);
    bounce.forEach((view, p) => {
      (this.#views[p] as Float64Array).set(view.subarray(0, n) as Float64Array, column);
    });
  }

  /** Writes the state to planes as the plain loops keep them. */
  writeTo(planes: readonly Plane[], groupOf: (position: number) => number): void {
    const extreme = this.#reduction.name === "min" || this.#reduction.name === "max";
    this.#state.forEach((plane, p) => {
      const from = this.#views[p];
      const to = planes[p] as Float64Array;
      if (plane.counts && from instanceof BigInt64Array) {
        const halves = new Int32Array(from.buffer, from.byteOffset, from.length * 2);
        for (let i = 0; i < from.length; i++) to[i] = (halves[2 * i] >>> 0) + halves[2 * i + 1] * 4294967296;
      } else if (extreme && !isBigArray(from)) {
        // zeros lose their sign
        for (let i = 0; i < from.length; i++) to[i] = (from[i] as number) + 0;
      } else to.set(from as Float64Array);
    });
    if (!countsAll(this.#reduction)) return;
    const counts = planes[1] as Float64Array;
    for (let i = 0; i < counts.length; i++) counts[i] = this.#entered[groupOf(i)];
  }
}

function isBigArray(data: TypedArray): data is BigInt64Array | BigUint64Array {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}

/** The loop over a piece: outer kept axes, the innermost one, and the reduced ones. */
function loopOf(
  work: Reducing,
  strides: readonly number[],
): {
  kept: readonly LoopAxis[];
  inner: LoopAxis | undefined;
  reduced: readonly LoopAxis[];
  offsets: readonly number[];
} {
  const { program, operands, shape, grouping } = work;
  const used = operands.slice(0, program.inputs.length);
  const folded = grouping ? [grouping.axis] : work.axes;
  const out = { offset: 0, strides: shape.map((_, axis) => (folded.includes(axis) ? 0 : strides[axis])) };
  const { axes, offsets } = canonicalLoop(shape, [...used, out], folded);
  const kept = axes.filter((axis) => axis.role === "keep");
  const inner = kept.at(-1);
  const along = inner !== undefined && inner.strides[used.length] === 1 ? inner : undefined;
  return {
    kept: kept.slice(0, -1),
    inner: along,
    reduced: axes.filter((axis) => axis.role === "reduce"),
    offsets,
  };
}
