/** Owns the state of a stretch of columns while rows enter it, in the arena. */
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import { countsAll } from "./accumulator.js";
import { arenaView } from "./arena.js";
import { HEAD_BYTES } from "./elementwise.js";
import { isPositioned } from "./reduce-kernel.js";
import type { Pass } from "./reduce-pass.js";

/** The state of a stretch of columns (of every group), in the arena. */
export class ColumnState {
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

  /** Takes the means of `n` columns from the result's positions `target …`, those of group `g` from `group` on. */
  readMeans(means: Float64Array, target: number, stride: number, n: number, group = 0): void {
    for (let g = 0; g < this.#groups; g++) {
      const from = target + (group + g) * this.#groupStep();
      for (let i = 0; i < n; i++) this.#means[g * this.#columns + i] = means[from + i * stride];
    }
  }

  /**
   * Puts the state of `n` columns, which `rows` rows (of each group: `rows[g]`) entered, to the result's positions
   * `target …`; the first group of this state is `group`.
   */
  write(target: number, stride: number, n: number, rows: readonly number[], group = 0): void {
    const { state, planes, reduction, work, means } = this.#pass;
    const origin = isPositioned(reduction) ? work.origin : 0;
    for (let g = 0; g < this.#groups; g++) {
      const to = target + (group + g) * this.#groupStep();
      state.forEach((plane, p) => {
        const from = this.#views[p].subarray(g * this.#columns, g * this.#columns + n);
        if (plane.counts) writeWhole(from, planes[p] as Float64Array, to, stride, origin);
        else {
          const extreme = reduction.name === "min" || reduction.name === "max";
          writeValues(from, planes[p] as TypedArray, to, stride, extreme);
        }
      });
      if (!countsAll(reduction) || means) continue;
      const counts = planes[1] as Float64Array;
      for (let i = 0; i < n; i++) counts[to + i * stride] = rows[g];
    }
  }
}

/** Counts, and positions counted from `origin`: all of them within 32 bits, but -1 for none. */
function writeWhole(from: TypedArray, to: Float64Array, first: number, stride: number, origin: number): void {
  const low = new Int32Array(from.buffer, from.byteOffset, from.byteLength / 4);
  const step = from.BYTES_PER_ELEMENT / 4;
  for (let i = 0, at = first; i < low.length; i += step, at += stride) {
    const value = low[i];
    to[at] = value < 0 ? value : value + origin;
  }
}

/** Values as they are; zeros of extremes lose their sign. */
function writeValues(
  from: TypedArray,
  to: TypedArray,
  first: number,
  stride: number,
  extreme: boolean,
): void {
  if (extreme && (from instanceof Float64Array || from instanceof Float32Array))
    for (let i = 0; i < from.length; i++) from[i] += 0;
  if (stride === 1) (to as Float64Array).set(from as Float64Array, first);
  else for (let i = 0; i < from.length; i++) to[first + i * stride] = from[i];
}
