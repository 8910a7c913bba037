/**
 * Owns transposes of planes through the arena: stretches of source rows are copied in, turned by a kernel, and copied out as
 * stretches of target rows. Knows bytes, not dtypes.
 */
import { type TypedArray } from "@hyperslab/core/dtype";
import { currentArena } from "./simd/arena.js";
import { kernelsAvailable } from "./simd/kernel.js";
import { type ElementSize, squareOf, transposeKernel } from "./transpose-kernel.js";

/** Rows and columns from which on a plane is worth it: shorter stretches cost more to copy than to turn. */
const EDGE = 48;
const ELEMENTS = 4096;
/** Bytes of a tile: it and its transpose stay in the second-level cache. */
const TILE_BYTES = 2 ** 19;
/** Bytes of a stretch that are enough. */
const STRETCH_BYTES = 4096;

/** A plane: `rows` stretches of `columns` elements, each `step` elements behind the one before. */
export interface Plane {
  readonly data: TypedArray;
  readonly step: number;
  readonly rows: number;
  readonly columns: number;
}

/** Copies the plane that starts at element `p` of the source to the plane that starts at `q` of the target. */
export type Transpose = (p: number, q: number) => void;

/**
 * The transpose of planes of this form; the target has a row for each column of the source. Null where there are no kernels, or
 * plain loops are as fast.
 */
export function transposeOf(source: Plane, target: Plane): Transpose | null {
  const size = source.data.BYTES_PER_ELEMENT as ElementSize;
  const { rows, columns } = source;
  if (!kernelsAvailable() || Math.min(rows, columns) < EDGE || rows * columns < ELEMENTS) return null;
  if (source.step < columns || target.step < rows) return null;
  const kernel = transposeKernel(size);
  if (!kernel) return null;
  const arena = currentArena();
  const memory = new Uint8Array(arena.memory.buffer);
  const edge = squareOf(size);
  const from = new Uint8Array(source.data.buffer, source.data.byteOffset, source.data.byteLength);
  const to = new Uint8Array(target.data.buffer, target.data.byteOffset, target.data.byteLength);
  const padded = (n: number): number => Math.ceil(n / edge) * edge;
  // as near to a square as stretches are long enough, and no stretch longer than there is
  const most = TILE_BYTES / size;
  const tall = Math.min(
    rows,
    Math.max(
      edge,
      Math.min(STRETCH_BYTES / size, Math.floor(most / Math.min(columns, STRETCH_BYTES / size))),
    ),
  );
  const wide = Math.min(columns, Math.max(edge, Math.floor(most / tall)));
  const inStep = stepOf(wide, padded(wide), source, size);
  const outStep = stepOf(tall, padded(tall), target, size);
  const dense = outStep === tall * size;
  const input = arena.scratch;
  const output = input + Math.ceil((inStep * padded(tall)) / 64) * 64 + 64;
  return (p, q) => {
    for (let i = 0; i < rows; i += tall) {
      const n = Math.min(tall, rows - i);
      for (let j = 0; j < columns; j += wide) {
        const m = Math.min(wide, columns - j);
        copyRows(
          from,
          (p + i * source.step + j) * size,
          source.step * size,
          memory,
          input,
          inStep,
          n,
          m * size,
        );
        const across = Math.ceil(m / edge);
        const down = dense ? Math.floor(n / edge) : Math.ceil(n / edge);
        kernel(input, inStep, output, outStep, down, across);
        // rows of the target stand side by side: the last square ends where they end, or it would reach into the next one
        if (n > down * edge)
          kernel(input + (n - edge) * inStep, inStep, output + (n - edge) * size, outStep, 1, across);
        copyRows(
          memory,
          output,
          outStep,
          to,
          (q + j * target.step + i) * size,
          target.step * size,
          m,
          n * size,
        );
      }
    }
  };
}

/** Bytes from row to row of a tile: as in the plane where that makes one stretch of all rows, else an odd number of cache lines. */
function stepOf(length: number, padded: number, plane: Plane, size: number): number {
  if (length === plane.columns && plane.step === length && length * size < STRETCH_BYTES)
    return length * size;
  return 64 * (Math.ceil((padded * size) / 64) | 1);
}

function copyRows(
  from: Uint8Array,
  p: number,
  fromStep: number,
  to: Uint8Array,
  q: number,
  toStep: number,
  rows: number,
  bytes: number,
): void {
  if (fromStep === bytes && toStep === bytes) return to.set(from.subarray(p, p + rows * bytes), q);
  for (let i = 0; i < rows; i++)
    to.set(from.subarray(p + i * fromStep, p + i * fromStep + bytes), q + i * toStep);
}
