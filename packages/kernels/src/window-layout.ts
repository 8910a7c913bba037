/**
 * Owns the layout of sliding windows in the arena: which lanes go through a kernel together, how long lanes are cut, how many rows a
 * tile has, and where everything stands. Pure arithmetic.
 */
import { type Dtype, itemSize } from "@hyperslab/core/dtype";
import type { Lanes } from "./lanes.js";
import { eachPosition } from "./loop.js";
import { WORK_BYTES } from "./simd/arena.js";
import { squareOf } from "./transpose-kernel.js";
import { fieldCount, LANES, type WindowText } from "./window-kernel.js";

/** Bytes of the tiles of a strip, where the window allows it: they stay in the second-level cache. */
const TILE_BYTES = 2 ** 19;
/** Lanes of a strip whose lanes lie side by side. */
const WIDE = 512;
/** Elements of a strip of short lanes that lie apart. */
const STRIP = 16384;
/** Lanes shorter than this are copied element by element. */
const SHORT = 256;
/** Cutting a lane repeats a window of it: a piece is at least so many windows long. */
const WINDOWS_OF_PIECE = 16;

/** Lanes, or pieces of them, that have one length. */
export interface Strips {
  /** First elements in the operand and the result, of each lane, or of the first lane of each run of `wide`. */
  readonly starts: readonly (readonly [number, number])[];
  /** Lanes side by side from each start, and the steps between them. */
  readonly wide: number;
  readonly steps: readonly [number, number];
  /** Pieces that each lane is cut into, and results of each of them but the last. */
  readonly pieces: number;
  readonly piece: number;
}

/** Bytes of the float in which kernels take a dtype: float32 where that holds every value. */
export function laneSize(dtype: Dtype): 4 | 8 {
  return dtype === "float32" || itemSize(dtype) <= 2 ? 4 : 8;
}

/** How lanes go through the kernel: side by side where they lie so or are short, else apart, a few long ones cut. */
export function stripsOf(lanes: Lanes, window: number): Strips {
  const inner = lanes.outer.at(-1);
  const wideEnough = inner && inner.length >= 2 * LANES;
  // short lanes are copied across, a long one would rather be copied along, and turned
  const across = lanes.outLength < SHORT || (inner && inner.strides[1] < lanes.strides[1]);
  const side = wideEnough && across;
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
export interface Layout {
  readonly window: number;
  readonly width: number;
  /** Elements from row to row of the tiles. */
  readonly pitch: number;
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

/** Where everything stands; null where a block of the window doesn't fit the scratch. */
export function layOut(text: WindowText, window: number, strips: Strips): Layout | null {
  const tableBytes = 64 + 16 * window;
  const tailBytes = (window + 1) * fieldCount(text.name) * 8;
  const rowBytes = text.inSize + text.outSize;
  const perLane = tailBytes + (rowBytes + (strips.wide > 1 ? 0 : 8)) * (window + squareOf(4));
  const room = WORK_BYTES - tableBytes - 4096;
  // as many as make a call worth it, and no more than there are
  const apartLanes = Math.min(
    strips.starts.length * strips.pieces,
    Math.floor(STRIP / (strips.piece + window)),
  );
  const all = strips.wide * strips.starts.length;
  const lanes = strips.wide > 1 ? Math.min(all, WIDE) : Math.max(LANES, apartLanes);
  const cached = Math.max(
    strips.wide > 1 ? Math.min(8 * LANES, lanes) : LANES,
    Math.floor(TILE_BYTES / perLane),
  );
  let width = Math.ceil(Math.min(lanes, cached) / LANES) * LANES;
  while (width > LANES && width * perLane > room) width -= LANES;
  if (width * perLane > room) return null;
  const cachedBlocks = Math.floor(TILE_BYTES / (width * rowBytes * window));
  const blocks = Math.max(1, Math.min(cachedBlocks, Math.ceil((strips.piece + window) / window)));
  const rows = blocks * window;
  // an odd number of cache lines, so that the rows of a few lanes don't all fall on one place of the cache
  const pitch = width <= 16 ? width : 16 * (Math.ceil(width / 16) | 1);
  const align = (bytes: number): number => Math.ceil(bytes / 64) * 64;
  const flags = align(tableBytes);
  const tails = flags + align((16 * width) / LANES);
  const input = tails + align(tailBytes * width);
  const output = input + align(text.inSize * pitch * (rows + squareOf(4)));
  const staging = output + align(text.outSize * pitch * (rows + squareOf(4)));
  const apart = strips.wide === 1;
  const stagingStep = 64 * (Math.ceil((rows + squareOf(4)) / 16) | 1) * 2 + 64;
  if (staging + (apart ? width * stagingStep : 0) > WORK_BYTES) return null;
  return { window, width, pitch, rows, table: 0, flags, tails, input, output, staging, stagingStep };
}
