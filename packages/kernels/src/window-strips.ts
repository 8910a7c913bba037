/**
 * Owns the way of data through the kernels of sliding windows: strips of lanes are copied into the arena side by
 * side, a few blocks of the window at a time, and results are copied out. A few long lanes are cut into many short ones.
 */
import type { Block } from "@hyperslab/core/block";
import { type Dtype, itemSize, type TypedArray } from "@hyperslab/core/dtype";
import type { Lanes } from "./lanes.js";
import { eachPosition } from "./loop.js";
import type { Operand } from "./operand.js";
import { type Arena, arenaView, currentArena, SCRATCH_BYTES } from "./simd/arena.js";
import { type Kernel, kernelsAvailable } from "./simd/kernel.js";
import { copier, type PlaneCopier } from "./plane-copy.js";
import { SQUARE, transposeKernel } from "./transpose-kernel.js";
import { leastCount, type WindowWork } from "./window.js";
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
/** Bytes of the tiles of a strip, where the window allows it: they stay in the second-level cache. */
const TILE_BYTES = 2 ** 18;
/** Lanes of a strip whose lanes lie side by side. */
const WIDE = 512;
/** Cutting a lane repeats a window of it: a piece is at least so many windows long. */
const WINDOWS_OF_PIECE = 16;

/** Lanes, or pieces of them, that have one length. */
interface Strips {
  /** First elements in the operand and the result, of each lane, or of the first lane of each run of `wide`. */
  readonly starts: readonly (readonly [number, number])[];
  /** Lanes side by side from each start, and the steps between them. */
  readonly wide: number;
  readonly steps: readonly [number, number];
  /** Pieces that each lane is cut into, and results of each of them but the last. */
  readonly pieces: number;
  readonly piece: number;
}

/** Slides by kernel; false where there is none, or it is not worth it. */
export function slideStrips(work: WindowWork, operand: Operand, lanes: Lanes, out: Block): boolean {
  const { name } = work;
  const window = work.before + work.after + 1;
  const least = leastCount(work);
  if (name === "median" || out.data.length < WORTH || least > window || !kernelsAvailable()) return false;
  const text: WindowText = { name, inSize: laneSize(operand.dtype), outSize: laneSize(out.dtype) };
  const strips = stripsOf(lanes, window);
  const plan = layOut(text, window, strips);
  if (!plan) return false;
  const kernel = windowKernel(text);
  const turnIn = transposeKernel(text.inSize);
  const turnOut = transposeKernel(text.outSize);
  if (!kernel || !turnIn || !turnOut) return false;
  const arena = currentArena();
  new Strip(work, operand, lanes, out, arena, kernel, [turnIn, turnOut], text, plan, strips).run(least);
  return true;
}

/** Bytes of the float in which kernels take a dtype: float32 where that holds every value. */
function laneSize(dtype: Dtype): 4 | 8 {
  return dtype === "float32" || itemSize(dtype) <= 2 ? 4 : 8;
}

function stripsOf(lanes: Lanes, window: number): Strips {
  const inner = lanes.outer.at(-1);
  const wideEnough = inner && inner.length >= 2 * LANES;
  const side = wideEnough && Math.abs(inner.strides[1]) < Math.abs(lanes.strides[1]);
  const starts: [number, number][] = [];
  eachPosition(side ? lanes.outer.slice(0, -1) : lanes.outer, lanes.offsets, ([p, q]) => {
    starts.push([p, q]);
  });
  const whole: Strips = {
    starts,
    wide: side ? inner.length : 1,
    steps: side ? [inner.strides[0], inner.strides[1]] : [0, 0],
    pieces: 1,
    piece: lanes.outLength,
  };
  if (side || starts.length >= 2 * LANES) return whole;
  const most = Math.floor(lanes.outLength / (WINDOWS_OF_PIECE * window));
  const pieces = Math.min(Math.ceil((4 * LANES) / starts.length), most);
  if (pieces < 2) return whole;
  const piece = Math.ceil(lanes.outLength / pieces);
  return { ...whole, pieces: Math.ceil(lanes.outLength / piece), piece };
}

/** Lanes of a strip, rows of a tile, and where everything stands in the arena, in bytes from its scratch. */
interface Layout {
  readonly window: number;
  readonly width: number;
  readonly rows: number;
  readonly table: number;
  readonly flags: number;
  readonly tails: number;
  readonly input: number;
  readonly output: number;
  /** Where lanes that lie apart are turned into rows; bytes from lane to lane. */
  readonly staging: number;
  readonly stagingStep: number;
}

/** null where a block of the window doesn't fit. */
function layOut(text: WindowText, window: number, strips: Strips): Layout | null {
  const tableBytes = 64 + 16 * window;
  const tailBytes = (window + 1) * fieldCount(text.name) * 8;
  const rowBytes = text.inSize + text.outSize;
  const perLane = tailBytes + (rowBytes + (strips.wide > 1 ? 0 : 8)) * (window + SQUARE);
  const room = SCRATCH_BYTES - tableBytes - 4096;
  const lanes = strips.wide > 1 ? Math.min(strips.wide, WIDE) : LANES;
  const cached = Math.max(strips.wide > 1 ? 8 * LANES : LANES, Math.floor(TILE_BYTES / perLane));
  let width = Math.ceil(Math.min(lanes, cached) / LANES) * LANES;
  while (width > LANES && width * perLane > room) width -= LANES;
  if (width * perLane > room) return null;
  const blocks = Math.max(1, Math.floor(TILE_BYTES / (width * rowBytes * window)));
  const rows = blocks * window;
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const flags = align(tableBytes);
  const tails = flags + align((16 * width) / LANES);
  const input = tails + align(tailBytes * width);
  const output = input + align(text.inSize * width * (rows + SQUARE));
  const staging = output + align(text.outSize * width * (rows + SQUARE));
  const apart = strips.wide === 1;
  // an odd number of cache lines, so that neighbours don't fall on one another
  const stagingStep = 64 * (Math.ceil((rows + SQUARE) / 16) | 1) * 2 + 64;
  if (staging + (apart ? width * stagingStep : 0) > SCRATCH_BYTES) return null;
  return { window, width, rows, table: 0, flags, tails, input, output, staging, stagingStep };
}

/** Where a lane (or the first of several) starts in the operand and the result, and its first result. */
interface Start {
  readonly at: readonly [number, number];
  readonly from: number;
}

/** One strip after another, in the same place. */
class Strip {
  readonly work: WindowWork;
  readonly operand: Operand;
  readonly lanes: Lanes;
  readonly out: Block;
  readonly arena: Arena;
  readonly kernel: Kernel;
  readonly text: WindowText;
  readonly layout: Layout;
  readonly strips: Strips;
  readonly #input: TypedArray;
  readonly #output: TypedArray;
  readonly #stagingIn: TypedArray;
  readonly #stagingOut: TypedArray;
  readonly #turnIn: Kernel;
  readonly #turnOut: Kernel;
  readonly #feed: PlaneCopier;
  readonly #drain: PlaneCopier;

  constructor(
    work: WindowWork,
    operand: Operand,
    lanes: Lanes,
    out: Block,
    arena: Arena,
    kernel: Kernel,
    turns: readonly [Kernel, Kernel],
    text: WindowText,
    layout: Layout,
    strips: Strips,
  ) {
    this.work = work;
    this.operand = operand;
    this.lanes = lanes;
    this.out = out;
    this.arena = arena;
    this.kernel = kernel;
    this.text = text;
    this.layout = layout;
    this.strips = strips;
    const inside: Dtype = text.inSize === 4 ? "float32" : "float64";
    const outside: Dtype = text.outSize === 4 ? "float32" : "float64";
    const size = layout.width * layout.rows;
    this.#input = arenaView(arena, inside, arena.scratch + layout.input, size);
    this.#output = arenaView(arena, outside, arena.scratch + layout.output, size);
    const staged = strips.wide > 1 ? 0 : layout.width * layout.stagingStep;
    const staging = arena.scratch + layout.staging;
    this.#stagingIn = arenaView(arena, inside, staging, staged / text.inSize);
    this.#stagingOut = arenaView(arena, outside, staging, staged / text.outSize);
    [this.#turnIn, this.#turnOut] = turns;
    this.#feed = copier(operand.dtype, inside);
    this.#drain = copier(outside, out.dtype);
  }

  run(least: number): void {
    const { arena, layout, strips, text, work } = this;
    const table = windowTable(text, layout.window, least, work.ddof);
    (arenaView(arena, "float64", arena.scratch + layout.table, table.length) as Float64Array).set(table);
    this.#input.fill(0 as never);
    const { pieces, piece } = strips;
    if (strips.wide > 1) {
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
   * Slides over the lanes of `starts`, each for `length` results from its first; one start stands for `side` lanes
   * side by side, or where that is 0 they lie apart.
   */
  #slide(starts: readonly Start[], side: number, length: number): void {
    const { arena, layout, work, text } = this;
    const { window, rows } = layout;
    // row 0 is the first position that any of these windows takes
    const lead = this.strips.pieces > 1 ? 0 : Math.max(0, work.before - work.first);
    const end = length + window - 1;
    const groups = Math.ceil((side || starts.length) / LANES);
    this.#forget(groups);
    const scratch = arena.scratch;
    const inStep = layout.width * text.inSize;
    const outStep = layout.width * text.outSize;
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
          this.kernel(
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
    const { arena, layout, text } = this;
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
    const { arena, lanes, layout, operand, strips, text, work } = this;
    const { width } = layout;
    const apart = side === 0;
    const [rowStep, columnStep] = apart ? [1, 0] : [width, 1];
    const plane = (apart ? this.#stagingIn : this.#input) as Float64Array;
    starts.forEach(({ at, from }, k) => {
      const first = work.first + from - work.before + row;
      const lo = Math.min(count, Math.max(0, -first));
      const hi = Math.max(lo, Math.min(count, lanes.length - first));
      const base = apart ? (k * layout.stagingStep) / text.inSize : 0;
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
    this.#turnIn(
      scratch + layout.staging,
      layout.stagingStep,
      scratch + layout.input,
      width * text.inSize,
      Math.ceil(starts.length / SQUARE),
      Math.ceil(count / SQUARE),
    );
  }

  /** Takes results out of the tile: row `window - 1` of a strip has the first. */
  #drainTile(starts: readonly Start[], side: number, row: number, count: number, length: number): void {
    const { arena, lanes, layout, out, strips, text } = this;
    const { width, window } = layout;
    const apart = side === 0;
    const result = row - (window - 1);
    const skip = Math.max(0, -result);
    if (skip >= count) return;
    if (apart) {
      const scratch = arena.scratch;
      this.#turnOut(
        scratch + layout.output,
        width * text.outSize,
        scratch + layout.staging,
        layout.stagingStep,
        Math.ceil(count / SQUARE),
        Math.ceil(starts.length / SQUARE),
      );
    }
    const plane = apart ? this.#stagingOut : this.#output;
    starts.forEach(({ at, from }, k) => {
      const n = Math.min(count, Math.min(length, lanes.outLength - from) - result) - skip;
      if (n <= 0) return;
      const q = at[1] + (from + result + skip) * lanes.strides[1];
      const p = apart ? (k * layout.stagingStep) / text.outSize + skip : skip * width;
      if (apart) this.#drain(plane, p, 0, 1, out.data, q, 0, lanes.strides[1], 1, n);
      else this.#drain(plane, p, width, 1, out.data, q, lanes.strides[1], strips.steps[1], n, side);
    });
  }
}
