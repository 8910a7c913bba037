/**
 * Owns steps whose result is made piece by piece: partial states of several chunks, several groups
 * of neighbours to merge. Cuts the axes into segments, computes every product of segments, and puts
 * the pieces in their places. Knows no reductions.
 */
import { allocateBlock } from "@hyperslab/core/block";
import type { Dtype } from "@hyperslab/core/dtype";
import { type Shape, sameShape } from "@hyperslab/core/shape";
import { type Value, copyInto, fromBlock, sliceBox } from "./strided.js";

/** One piece of one axis. All positions count from the start of the box they lie in, except `origin`. */
export interface Segment {
  /** The piece of the argument to compute from. */
  readonly argStart: number;
  readonly argLength: number;
  /** Where that piece starts in the whole argument. */
  readonly origin: number;
  /** The part of what was computed that is wanted, and its place in the result. */
  readonly keepStart: number;
  readonly keepLength: number;
  readonly outStart: number;
}

/** An axis that is not cut. */
export function wholeSegment(origin: number, length: number): readonly Segment[] {
  return [{ argStart: 0, argLength: length, origin, keepStart: 0, keepLength: length, outStart: 0 }];
}

/** A piece of the argument: its box within the argument's box, and its start in the whole argument. */
export interface Tile {
  readonly start: readonly number[];
  readonly shape: readonly number[];
  readonly origin: readonly number[];
}

/** Computes every tile and assembles the results; one tile that is all of the result is not copied. */
export function computeTiles(
  axes: readonly (readonly Segment[])[],
  fields: readonly Dtype[],
  shape: Shape,
  compute: (tile: Tile) => Value,
): Value {
  let out: ReturnType<typeof allocateBlock>[] | null = null;
  const place = (tile: readonly Segment[]): Value | null => {
    const value = compute({
      start: tile.map((one) => one.argStart),
      shape: tile.map((one) => one.argLength),
      origin: tile.map((one) => one.origin),
    });
    const keep = { start: tile.map((one) => one.keepStart), shape: tile.map((one) => one.keepLength) };
    const kept = value.map((field) => sliceBox(field, keep));
    if (sameShape(keep.shape, shape)) return kept;
    out ??= fields.map((dtype) => allocateBlock(dtype, shape));
    const start = tile.map((one) => one.outStart);
    for (let k = 0; k < kept.length; k++) copyInto(kept[k], out[k], start);
    return null;
  };
  const tile: Segment[] = [];
  const walk = (axis: number): Value | null => {
    if (axis === axes.length) return place(tile);
    let last: Value | null = null;
    for (const segment of axes[axis]) {
      tile[axis] = segment;
      last = walk(axis + 1);
    }
    return last;
  };
  const last = walk(0);
  return last ?? (out ?? fields.map((dtype) => allocateBlock(dtype, shape))).map(fromBlock);
}
