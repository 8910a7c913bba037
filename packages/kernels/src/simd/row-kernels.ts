/**
 * Owns the kernels that rows enter a state by, several rows at once, so that the state of a column is loaded and
 * stored once for all of them, and the order in which rows are taken.
 */
import { eachPosition, type LoopAxis } from "../loop.js";
import type { Grouping } from "../reduce-source.js";
import type { Kernel } from "./kernel.js";
import { isPositioned, type ReduceText, reduceKernel } from "./reduce-kernel.js";

/** Rows that a kernel may take at once, the most first. */
const SIZES = [4, 2, 1] as const;
/** The most rows that any kernel takes. */
export const ROWS: number = SIZES[0];

/** Kernels of one reduction, each made when it is first asked for. */
export class RowKernels {
  readonly #text: Omit<ReduceText, "mode">;
  readonly #kernels: (Kernel | null)[] = [];
  readonly #most: number;

  /** Kernels that take up to `most` rows; null where there are none. */
  static create(text: Omit<ReduceText, "mode">, most: number): RowKernels | null {
    return reduceKernel({ ...text, mode: 1 }) && new RowKernels(text, most);
  }

  private constructor(text: Omit<ReduceText, "mode">, most: number) {
    this.#text = text;
    this.#most = most;
  }

  /** How many of `left` rows are taken next. */
  take(left: number): number {
    for (const size of SIZES) if (size <= left && size <= this.#most) return size;
    return 1;
  }

  /** The kernel for just `size` rows, a number that `take` gave. */
  of(size: number): Kernel {
    const known = this.#kernels[size];
    if (known) return known;
    // what one row has, more have too
    return (this.#kernels[size] = reduceKernel({ ...this.#text, mode: size }) as Kernel);
  }

  /** True where a kernel is told the position of its first row, and takes the others to follow it. */
  get positioned(): boolean {
    return isPositioned(this.#text.reduction);
  }
}

/** Rows of one group (of none: all of them), in C order. */
export interface RowGroup {
  readonly group: number;
  /** Where each stands among all rows of the reduced axes. */
  readonly positions: Int32Array;
}

/** The rows of the reduced axes: where they begin in every operand, and by groups. */
export class RowOrder {
  readonly groups: readonly RowGroup[];
  readonly #starts: Float64Array;
  readonly #operands: number;

  constructor(reduced: readonly LoopAxis[], operands: number, grouping: Grouping | null) {
    const rows = reduced.reduce((n, axis) => n * axis.length, 1);
    const starts = new Float64Array(rows * operands);
    let next = 0;
    eachPosition(reduced, new Array<number>(operands).fill(0), (at) => {
      for (let k = 0; k < operands; k++) starts[next++] = at[k];
    });
    this.#starts = starts;
    this.#operands = operands;
    this.groups = grouping
      ? byGroup(grouping)
      : [{ group: 0, positions: Int32Array.from({ length: rows }, (_, i) => i) }];
  }

  /** The first element of a row in operand `k`, counted from that of the first row. */
  start(position: number, k: number): number {
    return this.#starts[position * this.#operands + k];
  }

  /** How many rows a kernel takes next, from row `i` of a group on. */
  take({ positions }: RowGroup, i: number, kernels: RowKernels): number {
    const size = kernels.take(positions.length - i);
    if (size === 1 || !kernels.positioned) return size;
    return positions[i + size - 1] === positions[i] + size - 1 ? size : 1;
  }
}

/** Positions sorted by their codes, in order within each group; groups without any are left out. */
function byGroup({ codes, groups }: Grouping): RowGroup[] {
  const ends = new Int32Array(groups + 1);
  for (const code of codes) if (code >= 0) ends[code + 1]++;
  for (let group = 0; group < groups; group++) ends[group + 1] += ends[group];
  const sorted = new Int32Array(ends[groups]);
  const next = ends.slice(0, groups);
  codes.forEach((code, position) => {
    if (code >= 0) sorted[next[code]++] = position;
  });
  return Array.from({ length: groups }, (_, group) => ({
    group,
    positions: sorted.subarray(ends[group], ends[group + 1]),
  })).filter(({ positions }) => positions.length > 0);
}
