/** Owns the generated loops of reductions: one row of elements, computed by a scalar program, entering a state. */
import { type BlockData, isTime } from "@hyperslab/core/dtype";
import type { Reduction } from "@hyperslab/core/reduction";
import type { Shape } from "@hyperslab/core/shape";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import { resultDtype, type ScalarProgram, signatureKey } from "@hyperslab/core/scalar-program";
import { checkOperands } from "./elementwise.js";
import type { Operand } from "./operand.js";
import {
  checkProgram,
  constantLines,
  loadSource,
  programSource,
  SCOPE_NAMES,
  scopeOf,
} from "./program-source.js";
import { reductionKey, stepSource } from "./reduction-source.js";
import { isMeanOfTimes, type Plane } from "./reduction-state.js";

/** Elements of `axis` go to groups: the axis of the result is `groups` long. */
export interface Grouping {
  readonly axis: number;
  readonly codes: Int32Array;
  readonly groups: number;
}

/** What is reduced: a program over operands, looped over `shape`. */
export interface Reducing {
  readonly program: ScalarProgram;
  readonly operands: readonly Operand[];
  readonly shape: Shape;
  readonly axes: readonly number[];
  readonly origin: number;
  readonly grouping: Grouping | null;
}

/** Checks that a reduction fits what is reduced. @throws DtypeError, ShapeError */
export function checkReducing(work: Reducing, reduction: Reduction): void {
  checkOperands(work.program, work.operands, work.shape);
  if (resultDtype(work.program) !== reduction.dtype)
    throw new DtypeError({
      dtype: reduction.dtype,
      operation: reduction.name,
      found: `elements of ${resultDtype(work.program)}`,
    });
  if (work.axes.length !== 1 && isOrdered(reduction) && !isMeanOfTimes(reduction))
    throw new ShapeError({
      asked: `${reduction.name} along axes (${work.axes.join(", ")})`,
      found: `${work.axes.length} axes`,
      hint: "positions are counted along one axis: reduce one at a time",
    });
}

/** Shape of the state: reduced axes have length 1, a grouped axis one position a group. */
export function stateShape(work: Reducing): number[] {
  return work.shape.map((length, axis) =>
    axis === work.grouping?.axis ? work.grouping.groups : work.axes.includes(axis) ? 1 : length,
  );
}

/** Runs shorter than this go element by element into one accumulator. */
export const SHORT_RUN = 64;

/** The order in which lanes are folded: ((0+4)+(2+6)) + ((1+5)+(3+7)). */
export const FOLD: readonly (readonly [number, number])[] = [
  [0, 4],
  [2, 6],
  [1, 5],
  [3, 7],
  [0, 2],
  [1, 3],
  [0, 1],
];

/** Independent accumulators of a run along the innermost axis; element `i` goes to lane `i % LANES`. */
export const LANES = 8;

/**
 * Where element `i` of a row goes: `row` to position `j + i * step` · `lanes` to lane `(j + i) % 8` ·
 * `single` to `j` · `groups` to `j + codes[c + i] * step`, nowhere if that code is negative.
 */
export type RowMode = "row" | "lanes" | "single" | "groups";

/** One row. `ends` holds, for each operand, first element and stride. `m` is where the mean stands, in mode `lanes`. */
export interface Row {
  readonly data: readonly BlockData[];
  readonly ends: Float64Array;
  n: number;
  planes: readonly Plane[];
  j: number;
  step: number;
  /** Position of the first element on the reduced axis, and how it moves from element to element. */
  pos: number;
  posStep: number;
  codes: Int32Array | null;
  c: number;
  means: Float64Array | null;
  m: number;
}

export type RowLoop = (row: Row) => void;

const loops: Map<string, RowLoop> = new Map();
const MAX_LOOPS = 4096;

/** True where order matters, or where the state is more than a number: such runs go to one accumulator. */
export function isOrdered(reduction: Reduction): boolean {
  const { name } = reduction;
  return (
    name === "argmin" || name === "argmax" || name === "first" || name === "last" || isMeanOfTimes(reduction)
  );
}

/** True for sums of integers of 32 bits at most: a float64 plane takes 2^20 of them exactly. */
export function isExactSum(reduction: Reduction): boolean {
  const { name, dtype } = reduction;
  return name === "sum" && !isTime(dtype) && /^(bool|u?int(8|16|32))$/.test(dtype);
}

/** The loop for a program that ends in a reduction; with `moment`, of squared deviations from means. */
export function rowLoop(
  program: ScalarProgram,
  reduction: Reduction,
  mode: RowMode,
  moment: boolean,
): RowLoop {
  const key = `${mode}${moment ? "²" : ""} ${reductionKey(reduction)} ${signatureKey(program)}`;
  let loop = loops.get(key);
  if (!loop) {
    checkProgram(program);
    loop = compile(program, reduction, mode, moment);
    if (loops.size >= MAX_LOOPS) loops.clear();
    loops.set(key, loop);
  }
  return loop;
}

const TARGET: Record<RowMode, string> = {
  row: "const j=j0+i*step,m=j;",
  lanes: `const j=(j0+i)&${LANES - 1};`,
  single: "const j=j0,m=j0;",
  groups: "const g=codes[c+i];if(g<0)continue;const j=j0+g*step,m=j;",
};

function compile(program: ScalarProgram, reduction: Reduction, mode: RowMode, moment: boolean): RowLoop {
  const load = (input: number): string =>
    loadSource(program.inputs[input], `d${input}`, `(p${input}+i*s${input})`);
  const source = programSource(program, load);
  const used = program.inputs.map((_, k) => k);
  const body = [
    ...constantLines(source),
    "return (r)=>{",
    "const {data,ends,n,planes,step,pos:pos0,posStep,codes,c,means:M}=r;const j0=r.j;",
    mode === "lanes" ? "const m=r.m;" : "",
    ...used.map((k) => `const d${k}=data[${k}],p${k}=ends[${2 * k}]|0,s${k}=ends[${2 * k + 1}]|0;`),
    "const a0=planes[0],a1=planes[1],a2=planes[2];",
    "for(let i=0;i<n;i++){",
    TARGET[mode],
    "const pos=pos0+i*posStep;",
    ...source.lines,
    `const v=${source.result};`,
    stepSource(reduction, moment),
    "}}",
  ].join("\n");
  return new Function(...SCOPE_NAMES, body)(...scopeOf(source.constants)) as RowLoop;
}
