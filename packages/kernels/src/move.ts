/** Owns moving elements without changing them: strided copies, transposes, selections along axes. */
import type { Block } from "@hyperslab/core/block";
import { type AxisSelection, isWhole, positionAt, selectionLength } from "@hyperslab/core/box";
import { type BlockData, viewOf } from "@hyperslab/core/dtype";
import { DtypeError, ShapeError } from "@hyperslab/core/errors";
import { type Shape, sameShape, stridesOf } from "@hyperslab/core/shape";
import { canonicalLoop, eachPosition, type LoopAxis } from "./loop.js";
import type { Operand } from "./operand.js";
import { transposeOf } from "./transpose.js";

/** Edge of the square tiles of a transpose: two of them fit the smallest cache. */
const TILE = 32;
/** Runs at least this long are worth a call of `set`. */
const RUN = 32;

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
  const from = bitsOf(src.data);
  const to = bitsOf(dst.data);
  const copy = ofKind(planeCopies, from, PLANE_COPY);
  // the axis along which the source is contiguous, if the target's is another
  const other = s === 1 ? -1 : axes.findIndex((axis) => axis.strides[0] === 1 && axis.length >= 4);
  const crossed = other !== -1 && other !== axes.length - 1 && row.length >= 4;
  const column = crossed ? axes[other] : (axes.at(-2) ?? still);
  const tile = crossed ? TILE : Infinity;
  const others = axes.filter((axis) => axis !== column && axis !== row);
  if (crossed && d === 1 && !Array.isArray(src.data)) {
    const transpose = transposeOf(
      { data: src.data, step: s, rows: row.length, columns: column.length },
      {
        data: dst.data as typeof src.data,
        step: column.strides[1],
        rows: column.length,
        columns: row.length,
      },
    );
    if (transpose) return eachPosition(others, offsets, ([p, q]) => transpose(p, q));
  }
  eachPosition(others, offsets, ([p, q]) => copy(from, p, to, q, column, row, tile));
}

/** Copies `column` × `row` elements, in square tiles of edge `tile`. */
type PlaneCopy = (
  from: BlockData,
  p: number,
  to: BlockData,
  q: number,
  column: LoopAxis,
  row: LoopAxis,
  tile: number,
) => void;

const PLANE_COPY = `return (from, p, to, q, column, row, tile) => {
  const [cs, cd] = column.strides, [rs, rd] = row.strides, m = column.length, n = row.length;
  for (let j0 = 0; j0 < m; j0 += tile) {
    const j1 = Math.min(m, j0 + tile);
    for (let i0 = 0; i0 < n; i0 += tile) {
      const i1 = Math.min(n, i0 + tile);
      for (let j = j0; j < j1; j++) {
        let a = p + j * cs + i0 * rs, b = q + j * cd + i0 * rd;
        for (let i = i0; i < i1; i++, a += rs, b += rd) to[b] = from[a];
      }
    }
  }
};`;

/** Where positions stand, in elements; float64 for blocks that int32 can't count. */
type Table = Int32Array | Float64Array;

/** Copies runs of `run` elements from `from + table[i]` to `to + i * step`. */
type RunCopy = (
  source: BlockData,
  target: BlockData,
  run: number,
  from: number,
  table: Table,
  to: number,
  step: number,
) => void;

const RUN_COPY = `return (source, target, run, from, table, to, step) => {
  if (run === 1) {
    for (let i = 0, q = to; i < table.length; i++, q += step) target[q] = source[from + table[i]];
    return;
  }
  for (let i = 0; i < table.length; i++) {
    const p = from + table[i], q = to + i * step;
    for (let j = 0; j < run; j++) target[q + j] = source[p + j];
  }
};`;

/** One function for each kind of array: a function that has met them all is slow with each. */
const planeCopies: Map<string, PlaneCopy> = new Map();
const runCopies: Map<string, RunCopy> = new Map();

function ofKind<F>(functions: Map<string, F>, data: BlockData, source: string): F {
  const kind = data.constructor.name;
  let made = functions.get(kind);
  if (!made) {
    made = new Function(source)() as F;
    functions.set(kind, made);
  }
  return made;
}

/** The elements as integers of their size, so that no bit of a NaN changes. */
function bitsOf(data: BlockData): BlockData {
  if (Array.isArray(data)) return data;
  const { buffer, byteOffset, length } = data;
  const kind = ({ 1: "uint8", 2: "uint16", 4: "int32", 8: "int64" } as const)[data.BYTES_PER_ELEMENT];
  return kind ? viewOf(kind, buffer, byteOffset, length) : data;
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
  const large = src.data.length > 2 ** 31;
  // every axis outside: where its positions stand in the source
  const tables = selection.slice(0, axis + 1).map((one, k) => {
    const table: Table = large ? new Float64Array(shape[k]) : new Int32Array(shape[k]);
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

const NONE: Table = new Int32Array(1);

/** How runs of `run` elements are copied from `from + table[i]` to `to + i * step`. */
function runCopier(
  src: Block,
  out: Block,
  run: number,
): (from: number, table: Table, to: number, step: number) => void {
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
  const source = bitsOf(src.data);
  const target = bitsOf(out.data);
  const copy = ofKind(runCopies, source, RUN_COPY);
  return (from, table, to, step) => copy(source, target, run, from, table, to, step);
}
