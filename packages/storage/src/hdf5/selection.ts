/** Owns selections of a dataspace as HDF5 serialises them: which positions of each axis are selected. */
import { type AxisSelection, positions, slice } from "@hyperslab/core/box";
import type { Cursor } from "./cursor.js";
import { MOST_AXES } from "./dataspace.js";

/** A regular pattern on one axis: `count` blocks, `stride` apart; without end where `count` is null. */
export interface Pattern {
  readonly start: number;
  readonly stride: number;
  readonly count: number | null;
  readonly block: number;
}

/** `all` fits whatever array it is applied to; `none` is nothing of it. */
export type Selection =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "patterns"; readonly axes: readonly Pattern[] }
  /** The product of ascending intervals on each axis. */
  | {
      readonly kind: "intervals";
      readonly axes: readonly (readonly (readonly [start: number, stop: number])[])[];
    };

const [NONE, POINTS, HYPERSLAB, ALL] = [0, 1, 2, 3];
const MOST_BLOCKS = 2 ** 20;

/** Reads the selection at the cursor, which then stands behind it. */
export function readSelection(cursor: Cursor): Selection {
  const start = cursor.at;
  const kind = cursor.uint32();
  const version = cursor.uint32();
  switch (kind) {
    case NONE:
    case ALL:
      cursor.skip(8);
      return { kind: kind === ALL ? "all" : "none" };
    case HYPERSLAB:
      return readHyperslab(cursor, version, start);
    case POINTS:
      return cursor.unsupported("a selection of single points is not known", start);
    default:
      return cursor.fail(`a selection of kind ${kind}`, start);
  }
}

function readHyperslab(cursor: Cursor, version: number, start: number): Selection {
  if (version < 1 || version > 3) cursor.unsupported(`version ${version} of a hyperslab is not known`, start);
  let isRegular = false;
  let bytes = 4;
  if (version === 1) cursor.skip(8);
  else {
    isRegular = (cursor.uint8() & 1) !== 0;
    if (version === 2) {
      cursor.skip(4);
      bytes = 8;
    } else bytes = cursor.uint8();
  }
  const rank = cursor.uint32();
  if (rank > MOST_AXES) cursor.fail(`a selection of ${rank} axes`, start);
  if (isRegular) {
    const axes = Array.from({ length: rank }, (): Pattern => {
      const [from, stride] = [cursor.uint(bytes), cursor.uint(bytes)];
      const count = unlimited(cursor, bytes) ? null : cursor.uint(bytes);
      const isEndless = unlimited(cursor, bytes);
      const block = isEndless ? Infinity : cursor.uint(bytes);
      return { start: from, stride, count, block };
    });
    return { kind: "patterns", axes };
  }
  const count = cursor.uint(version === 3 ? bytes : 4);
  if (count > MOST_BLOCKS || count * rank * 2 * bytes > cursor.left)
    cursor.fail(`a selection of ${count} blocks`, start);
  return productOf(cursor, rank, count, bytes, start);
}

/** Moves past a number of which all bits are set: "without limit". */
function unlimited(cursor: Cursor, bytes: number): boolean {
  const at = cursor.at;
  if (cursor.take(bytes).every((byte) => byte === 255)) return true;
  cursor.at = at;
  return false;
}

/** Blocks by their corners, which have to be all combinations of intervals on the axes. */
function productOf(cursor: Cursor, rank: number, count: number, bytes: number, start: number): Selection {
  const axes = Array.from({ length: rank }, () => new Map<number, number>());
  for (let i = 0; i < count; i++) {
    const from = Array.from({ length: rank }, () => cursor.uint(bytes));
    const to = Array.from({ length: rank }, () => cursor.uint(bytes) + 1);
    from.forEach((at, axis) => {
      const known = axes[axis].get(at);
      if (known !== undefined && known !== to[axis])
        cursor.unsupported("a selection that is no product of intervals is not known", start);
      axes[axis].set(at, to[axis]);
    });
  }
  const intervals = axes.map((axis) => [...axis].sort(([a], [b]) => a - b));
  const isProduct =
    intervals.reduce((product, { length }) => product * length, 1) === count &&
    intervals.every((axis) => axis.every(([at], i) => i === 0 || axis[i - 1][1] <= at));
  if (!isProduct) cursor.unsupported("a selection that is no product of intervals is not known", start);
  return { kind: "intervals", axes: intervals };
}

/** The positions on each axis of an array of `shape`: those that it has. */
export function axesOf(selection: Selection, shape: readonly number[]): AxisSelection[] {
  switch (selection.kind) {
    case "all":
      return shape.map((length) => slice(0, length));
    case "none":
      return shape.map(() => slice(0, 0));
    case "patterns":
      return shape.map((length, axis) => ofPattern(selection.axes[axis], length));
    case "intervals":
      return shape.map((length, axis) => {
        const inside = (selection.axes[axis] ?? []).flatMap(([from, to]): [number, number][] =>
          from < length ? [[from, Math.min(to, length)]] : [],
        );
        if (inside.length === 1) return slice(inside[0][0], inside[0][1] - inside[0][0]);
        return positions(
          inside.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i)),
        );
      });
  }
}

function ofPattern(pattern: Pattern | undefined, length: number): AxisSelection {
  if (!pattern || pattern.start >= length) return slice(0, 0);
  const { start, count, block } = pattern;
  const room = length - start;
  const stride = Math.max(1, pattern.stride);
  const blocks = Math.min(count ?? Infinity, Math.ceil(room / stride));
  if (blocks <= 1) return slice(start, blocks === 1 ? Math.min(block, room) : 0);
  if (stride === block) return slice(start, Math.min(room, blocks * block));
  if (block === 1) return slice(start, blocks, stride);
  const list: number[] = [];
  for (let i = 0; i < blocks; i++)
    for (let at = start + i * stride; at < Math.min(length, start + i * stride + block); at++) list.push(at);
  return positions(list);
}

/** Which axes of a selection go on as far as the array does. */
export function endlessAxes(selection: Selection, rank: number): boolean[] {
  if (selection.kind !== "patterns") return new Array<boolean>(rank).fill(false);
  return selection.axes.map(({ count, block }) => count === null || block === Infinity);
}
