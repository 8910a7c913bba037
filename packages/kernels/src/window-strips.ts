/**
 * Owns the way of data through the kernels of sliding windows: strips of lanes are copied into the arena side by
 * side, a few blocks of the window at a time, and results are copied out. A few long lanes are cut into many short ones.
 */
import type { Block } from "@hyperslab/core/block";
import type { Dtype, TypedArray } from "@hyperslab/core/dtype";
import type { Lanes } from "./lanes.js";
import type { Operand } from "./operand.js";
import { type Arena, arenaView, currentArena } from "./simd/arena.js";
import { type Kernel, kernelsAvailable } from "./simd/kernel.js";
import { copier, type PlaneCopier } from "./plane-copy.js";
import { squareOf, transposeKernel } from "./transpose-kernel.js";
import { leastCount, type WindowWork } from "./window-options.js";
import { laneSize, type Layout, layOut, type Strips, stripsOf } from "./window-layout.js";
import {
  FIELD_BYTES,
  fieldCount,
  identities,
  LANES,
  windowKernel,
  windowTable,
  type WindowText,
} from "./window-kernel.js";

/** Smaller results are left to the plain loops: a kernel would still have to be compiled. */
const WORTH = 4096;

/** Slides by kernel; false where there is none, or it is not worth it. */
export function slideStrips(work: WindowWork, operand: Operand, lanes: Lanes, out: Block): boolean {
  const { name } = work;
  const window = work.before + work.after + 1;
  const least = leastCount(work);
  if (name === "median" || out.data.length < WORTH || least > window || !kernelsAvailable()) return false;
  const text: WindowText = { name, inSize: laneSize(operand.dtype), outSize: laneSize(out.dtype) };
  const strips = stripsOf(lanes, window);
  const layout = layOut(text, window, strips);
  if (!layout) return false;
  const kernel = windowKernel(text);
  const turnIn = transposeKernel(text.inSize);
  const turnOut = transposeKernel(text.outSize);
  if (!kernel || !turnIn || !turnOut) return false;
  const turns = [turnIn, turnOut] as const;
  new StripRunner({ work, operand, lanes, out, text, layout, strips, kernel, turns }).run(least);
  return true;
}

/** Where a lane (or the first of several) starts in the operand and the result, and its first result. */
interface Start {
  readonly at: readonly [number, number];
  readonly from: number;
}

/** What all strips share. */
interface StripWork {
  readonly work: WindowWork;
  readonly operand: Operand;
  readonly lanes: Lanes;
  readonly out: Block;
  readonly text: WindowText;
  readonly layout: Layout;
  readonly strips: Strips;
  readonly kernel: Kernel;
  /** Transposes of the input's and the output's elements. */
  readonly turns: readonly [Kernel, Kernel];
}

/** One strip after another, in the same place. */
class StripRunner {
  readonly #all: StripWork;
  readonly #arena: Arena = currentArena();
  readonly #input: TypedArray;
  readonly #output: TypedArray;
  readonly #stagingIn: TypedArray;
  readonly #stagingOut: TypedArray;
  readonly #feed: PlaneCopier;
  readonly #drain: PlaneCopier;

  constructor(all: StripWork) {
    this.#all = all;
    const arena = this.#arena;
    const { layout, operand, out, strips, text } = all;
    const inside: Dtype = text.inSize === 4 ? "float32" : "float64";
    const outside: Dtype = text.outSize === 4 ? "float32" : "float64";
    const size = layout.pitch * layout.rows;
    this.#input = arenaView(arena, inside, arena.scratch + layout.input, size);
    this.#output = arenaView(arena, outside, arena.scratch + layout.output, size);
    const staged = strips.wide > 1 ? 0 : layout.width * layout.stagingStep;
    const staging = arena.scratch + layout.staging;
    this.#stagingIn = arenaView(arena, inside, staging, staged / text.inSize);
    this.#stagingOut = arenaView(arena, outside, staging, staged / text.outSize);
    this.#feed = copier(operand.dtype, inside);
    this.#drain = copier(outside, out.dtype);
  }

  run(least: number): void {
    const all = this.#all;
    const arena = this.#arena;
    const { layout, strips, text, work } = all;
    const table = windowTable(text, layout.window, least, work.ddof);
    (arenaView(arena, "float64", arena.scratch + layout.table, table.length) as Float64Array).set(table);
    this.#input.fill(0 as never);
    const { pieces, piece } = strips;
    if (strips.wide > 1) {
      // short runs of lanes share a strip
      const runs = Math.floor(layout.width / strips.wide);
      if (runs > 1) {
        const starts = strips.starts.map((at) => ({ at, from: 0 }));
        for (let run = 0; run < starts.length; run += runs)
          this.#slide(starts.slice(run, run + runs), strips.wide, piece);
        return;
      }
      for (const [p, q] of strips.starts)
        for (let lane = 0; lane < strips.wide; lane += layout.width) {
          const count = Math.min(layout.width, strips.wide - lane);
          const start = [p + lane * strips.steps[0], q + lane * strips.steps[1]] as const;
          this.#slide([{ at: start, from: 0 }], count, piece);
        }
      return;
    }
    const cut = strips.starts.flatMap((at) =>
      Array.from({ length: pieces }, (_, i) => ({ at, from: i * piece })),
    );
    for (let lane = 0; lane < cut.length; lane += layout.width)
      this.#slide(cut.slice(lane, lane + layout.width), 0, piece);
  }

  /**
   * Slides over the lanes of `starts`, each for `length` results from its first; each start stands for `side` lanes
   * side by side, or where that is 0 for one.
   */
  #slide(starts: readonly Start[], side: number, length: number): void {
    const all = this.#all;
    const arena = this.#arena;
    const { layout, work, text } = all;
    const { window, rows } = layout;
    // row 0 is the first position that any of these windows takes
    const lead = all.strips.pieces > 1 ? 0 : Math.max(0, work.before - work.first);
    const end = length + window - 1;
    const groups = Math.ceil((starts.length * Math.max(1, side)) / LANES);
    this.#forget(groups);
    const scratch = arena.scratch;
    const inStep = layout.pitch * text.inSize;
    const outStep = layout.pitch * text.outSize;
    const tailStep = (window + 1) * fieldCount(text.name) * FIELD_BYTES;
    for (let row = lead; row < end; row += rows) {
      const count = Math.min(rows, end - row);
      this.#feedTile(starts, side, row, count);
      // nothing follows the last block: what it leaves is not asked for
      const blocks = Math.floor((row + count >= end ? count - 1 : count) / window);
      const rest = count - blocks * window;
      for (let group = 0; group < groups; group++) {
        const input = scratch + layout.input + group * LANES * text.inSize;
        const output = scratch + layout.output + group * LANES * text.outSize;
        const tails = scratch + layout.tails + group * tailStep;
        const flag = scratch + layout.flags + 16 * group;
        const table = scratch + layout.table;
        const call = (at: number, n: number, many: number, follows: number): void =>
          all.kernel(
            input + at * inStep,
            inStep,
            output + at * outStep,
            outStep,
            n,
            many,
            follows,
            window,
            tails,
            table,
            flag,
          );
        if (blocks > 0) call(0, window, blocks, 1);
        if (rest > 0) call(blocks * window, rest, 1, 0);
      }
      this.#drainTile(starts, side, row, count, length);
    }
  }

  /** Empties the state of the groups of a strip. */
  #forget(groups: number): void {
    const all = this.#all;
    const arena = this.#arena;
    const { layout, text } = all;
    const values = identities(text.name);
    const size = groups * (layout.window + 1) * values.length * LANES;
    const tails = arenaView(arena, "float64", arena.scratch + layout.tails, size) as Float64Array;
    if (values.every((value) => value === 0)) tails.fill(0);
    else for (let i = 0; i < size; i++) tails[i] = values[Math.floor(i / LANES) % values.length];
    const flags = arenaView(arena, "int32", arena.scratch + layout.flags, groups * 4) as Int32Array;
    flags.fill(-1);
  }

  /** Fills the tile with rows `row .. row + count`; what lies outside of a lane is NaN. */
  #feedTile(starts: readonly Start[], side: number, row: number, count: number): void {
    const all = this.#all;
    const arena = this.#arena;
    const { lanes, layout, operand, strips, text, work } = all;
    const { pitch } = layout;
    const apart = side === 0;
    const [rowStep, columnStep] = apart ? [1, 0] : [pitch, 1];
    const plane = (apart ? this.#stagingIn : this.#input) as Float64Array;
    starts.forEach(({ at, from }, k) => {
      const first = work.first + from - work.before + row;
      const lo = Math.min(count, Math.max(0, -first));
      const hi = Math.max(lo, Math.min(count, lanes.length - first));
      const base = apart ? (k * layout.stagingStep) / text.inSize : k * side;
      const columns = Math.max(1, side);
      for (const [start, end] of [
        [0, lo],
        [hi, count],
      ])
        for (let r = start; r < end; r++) plane.fill(NaN, base + r * rowStep, base + r * rowStep + columns);
      if (hi === lo) return;
      const p = at[0] + (first + lo) * lanes.strides[0];
      const q = base + lo * rowStep;
      if (apart) this.#feed(operand.data, p, 0, lanes.strides[0], plane, q, 0, 1, 1, hi - lo);
      else
        this.#feed(
          operand.data,
          p,
          lanes.strides[0],
          strips.steps[0],
          plane,
          q,
          rowStep,
          columnStep,
          hi - lo,
          side,
        );
    });
    if (!apart) return;
    const scratch = arena.scratch;
    all.turns[0](
      scratch + layout.staging,
      layout.stagingStep,
      scratch + layout.input,
      pitch * text.inSize,
      Math.ceil(starts.length / squareOf(4)),
      Math.ceil(count / squareOf(4)),
    );
  }

  /** Takes results out of the tile: row `window - 1` of a strip has the first. */
  #drainTile(starts: readonly Start[], side: number, row: number, count: number, length: number): void {
    const all = this.#all;
    const arena = this.#arena;
    const { lanes, layout, out, strips, text } = all;
    const { pitch, window } = layout;
    const apart = side === 0;
    const result = row - (window - 1);
    const skip = Math.max(0, -result);
    if (skip >= count) return;
    if (apart) {
      const scratch = arena.scratch;
      all.turns[1](
        scratch + layout.output,
        pitch * text.outSize,
        scratch + layout.staging,
        layout.stagingStep,
        Math.ceil(count / squareOf(4)),
        Math.ceil(starts.length / squareOf(4)),
      );
    }
    const plane = apart ? this.#stagingOut : this.#output;
    starts.forEach(({ at, from }, k) => {
      const n = Math.min(count, Math.min(length, lanes.outLength - from) - result) - skip;
      if (n <= 0) return;
      const q = at[1] + (from + result + skip) * lanes.strides[1];
      const p = apart ? (k * layout.stagingStep) / text.outSize + skip : skip * pitch + k * side;
      if (apart) this.#drain(plane, p, 0, 1, out.data, q, 0, lanes.strides[1], 1, n);
      else this.#drain(plane, p, pitch, 1, out.data, q, lanes.strides[1], strips.steps[1], n, side);
    });
  }
}
