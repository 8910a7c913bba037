/** Owns moving elements without changing them: strided copies, transposes, selections along axes. */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, isWhole, positionAt, selectionLength } from "@hyperslab/core/box";
import type { BlockData } from "@hyperslab/core/dtype";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import { type Shape, sameShape, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop, eachPosition, type LoopAxis } from "./loop.js";
import type { Operand } from "./operand.js";

/** Edge of the square tiles of a transpose: two of them fit the smallest cache. */
const TILE = 32;
/** Runs at least this long are worth a call of `set`. */
const RUN = 32;

type Elements = { [index: number]: number };

/**
 * Copies every position of `shape` from `src` to `dst`, which have one dtype and don't overlap.
 * Contiguous runs are copied as bytes; where source and target run along different axes, tile by tile.
 * @throws DtypeError when the dtypes differ
 */
export function copyStrided(src: Operand, shape: Shape, dst: Operand): void {
  if (src.dtype !== dst.dtype)
    throw new DtypeError({
      dtype: src.dtype,
      operation: "copy",
      found: `a target of ${dst.dtype}`,
      hint: "cast first",
    });
  const { axes, offsets } = canonicalLoop(shape, [src, dst]);
  const still: LoopAxis = { length: 1, role: "keep", strides: [0, 0] };
  const row = axes.at(-1) ?? still;
  const [s, d] = row.strides;
  if (s === 1 && d === 1 && row.length >= RUN && !Array.isArray(src.data)) {
    const source = src.data;
    const target = dst.data as typeof source;
    eachPosition(axes.slice(0, -1), offsets, ([p, q]) => {
      (target as Uint8Array).set(source.subarray(p, p + row.length) as Uint8Array, q);
    });
    return;
  }
  const { bits: from, width } = bitsOf(src.data);
  const { bits: to } = bitsOf(dst.data);
  // the axis along which the source is contiguous, if the target's is another
  const other = s === 1 ? -1 : axes.findIndex((axis) => axis.strides[0] === 1 && axis.length >= 4);
  const crossed = other !== -1 && other !== axes.length - 1 && row.length >= 4;
  const column = crossed ? axes[other] : (axes.at(-2) ?? still);
  const tile = crossed ? TILE : Infinity;
  eachPosition(
    axes.filter((axis) => axis !== column && axis !== row),
    offsets,
    ([p, q]) => copyPlane(from, p, to, q, column, row, tile, width),
  );
}

/** Copies `column` × `row` elements in square tiles. */
function copyPlane(
  from: Elements,
  p: number,
  to: Elements,
  q: number,
  column: LoopAxis,
  row: LoopAxis,
  tile: number,
  width: 1 | 2,
): void {
  const [cs, cd] = column.strides;
  const [rs, rd] = row.strides;
  for (let j0 = 0; j0 < column.length; j0 += tile) {
    const j1 = Math.min(column.length, j0 + tile);
    for (let i0 = 0; i0 < row.length; i0 += tile) {
      const i1 = Math.min(row.length, i0 + tile);
      for (let j = j0; j < j1; j++) {
        const a = p + j * cs + i0 * rs;
        const b = q + j * cd + i0 * rd;
        copyRow(from, a * width, rs * width, to, b * width, rd * width, i1 - i0, width);
      }
    }
  }
}

function copyRow(
  from: Elements,
  a: number,
  as: number,
  to: Elements,
  b: number,
  bs: number,
  n: number,
  width: 1 | 2,
): void {
  if (width === 1) {
    for (let i = 0; i < n; i++) to[b + i * bs] = from[a + i * as];
    return;
  }
  for (let i = 0; i < n; i++) {
    to[b + i * bs] = from[a + i * as];
    to[b + i * bs + 1] = from[a + i * as + 1];
  }
}

/**
 * The elements as integers of their size, so that no bit of a NaN changes and few kinds of array
 * are met; elements of 8 bytes are pairs (`width` 2).
 */
function bitsOf(data: BlockData): { readonly bits: Elements; readonly width: 1 | 2 } {
  if (Array.isArray(data)) return { bits: data as unknown as Elements, width: 1 };
  const { buffer, byteOffset, byteLength } = data;
  switch (data.BYTES_PER_ELEMENT) {
    case 1:
      return { bits: new Uint8Array(buffer, byteOffset, byteLength), width: 1 };
    case 2:
      return { bits: new Uint16Array(buffer, byteOffset, byteLength / 2), width: 1 };
    default:
      return {
        bits: new Int32Array(buffer, byteOffset, byteLength / 4),
        width: data.BYTES_PER_ELEMENT === 8 ? 2 : 1,
      };
  }
}

/**
 * Takes positions of `src` along every axis: `out[i, j, …] = src[selection[0][i], selection[1][j], …]`.
 * @throws ShapeError for a block of another shape or a position outside
 */
export function gatherAxes(src: Block, selection: readonly AxisSelection[], out: Block): void {
  const shape = selection.map(selectionLength);
  if (!sameShape(out.shape, shape) || src.shape.length !== shape.length)
    throw new ShapeError({
      asked: `select (${shape.join(", ")}) of (${src.shape.join(", ")})`,
      found: `a block of (${out.shape.join(", ")})`,
    });
  shape.forEach((length, axis) => {
    for (let i = 0; i < length; i++) {
      const position = positionAt(selection[axis], i);
      if (!(position >= 0 && position < src.shape[axis]))
        throw new ShapeError({
          asked: `position ${position} of axis ${axis}`,
          found: `a block of (${src.shape.join(", ")})`,
        });
    }
  });
  if (shape.includes(0)) return;
  const inStrides = stridesOf(src.shape);
  const outStrides = stridesOf(shape);
  // the innermost axes that are taken as they stand make one contiguous run, of the next one a stretch
  let run = 1;
  let axis = shape.length - 1;
  let offset = 0;
  for (; axis >= 0; axis--) {
    const one = selection[axis];
    if (one.kind !== "slice" || (one.step !== 1 && one.length !== 1)) break;
    run *= one.length;
    offset += one.start * inStrides[axis];
    if (!isWhole(one, src.shape[axis])) {
      axis--;
      break;
    }
  }
  // every axis outside: where its positions stand in the source
  const tables = selection.slice(0, axis + 1).map((one, k) => {
    const table = new Float64Array(shape[k]);
    for (let i = 0; i < table.length; i++) table[i] = positionAt(one, i) * inStrides[k];
    return table;
  });
  const copy = runCopier(src, out, run);
  const walk = (k: number, from: number, to: number): void => {
    if (k === tables.length) return copy(from, NONE, to, 0);
    const table = tables[k];
    if (k === tables.length - 1) return copy(from, table, to, outStrides[k]);
    for (let i = 0; i < table.length; i++) walk(k + 1, from + table[i], to + i * outStrides[k]);
  };
  walk(0, offset, 0);
}

const NONE: Float64Array = new Float64Array(1);

/** Copies runs of `run` elements from `from + table[i]` to `to + i * step`. */
function runCopier(
  src: Block,
  out: Block,
  run: number,
): (from: number, table: Float64Array, to: number, step: number) => void {
  if (run >= RUN && !Array.isArray(src.data)) {
    const source = src.data;
    const target = out.data as Uint8Array;
    return (from, table, to, step) => {
      for (let i = 0; i < table.length; i++) {
        const p = from + table[i];
        target.set(source.subarray(p, p + run) as Uint8Array, to + i * step);
      }
    };
  }
  const { bits: source, width } = bitsOf(src.data);
  const { bits: target } = bitsOf(out.data);
  const length = run * width;
  return (from, table, to, step) => {
    for (let i = 0; i < table.length; i++) {
      const p = (from + table[i]) * width;
      const q = (to + i * step) * width;
      for (let j = 0; j < length; j++) target[q + j] = source[p + j];
    }
  };
}
