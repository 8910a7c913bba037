/** Owns the state of a stretch of columns while rows enter it, in the arena. */
import { itemSize, type TypedArray } from "@hyperslab/core/dtype";
import { countsAll } from "./accumulator.js";
import { arenaView } from "./arena.js";
import { HEAD_BYTES } from "./elementwise.js";
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
