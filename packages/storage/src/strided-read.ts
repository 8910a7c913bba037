/**
 * Owns reading a selection of an array that lies uncompressed in one value, at fixed strides: which
 * byte ranges to ask for, near ones together, and where their bytes go. Knows no format and no dtype.
 */
import { type AxisSelection, boundsOfSelection, isWhole, selectionLength } from "@hyperslab/core/box";
import { ShapeError } from "@hyperslab/core/errors";
import { type Shape, sizeOf } from "@hyperslab/core/shape";

/** Ranges nearer than this are read as one: a request costs more than the bytes between. */
const MAX_GAP = 64 * 1024;
/** Bytes of one request, and with {@link CONCURRENCY} the most that a read holds beside its result. */
const MAX_FETCH = 4 * 1024 * 1024;
const CONCURRENCY = 4;

/** Where elements lie: element `i` of the array at `begin + Σ i[axis] · strides[axis]`, all in bytes. */
export interface StridedLayout {
  readonly begin: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly itemBytes: number;
}

/** Gives exactly the bytes asked for; `into` is where they are wanted, and may be answered. */
export type Fetch = (offset: number, length: number, into: Uint8Array | null) => Promise<Uint8Array>;

/** Positions of an axis in ascending order, and where each of them goes in the output. */
interface Ordered {
  readonly positions: Float64Array;
  readonly outputs: Float64Array;
}

/** A part of the innermost axis that is read at once. `picks` is null where all of it is one run. */
interface Segment {
  readonly start: number;
  readonly length: number;
  readonly output: number;
  readonly picks: { readonly from: Float64Array; readonly to: Float64Array } | null;
}

interface Piece {
  readonly offset: number;
  readonly output: number;
  readonly segment: Segment;
}

/** One request and what is to be done with its answer. */
interface Request {
  readonly offset: number;
  readonly length: number;
  readonly pieces: readonly Piece[];
}

/**
 * Reads the selected elements into `out`, in C order and in the byte order they are stored in.
 *
 * @param fetch - is called at most four times at once
 * @param selection - one for each axis
 * @param out - as many bytes as the selection has
 * @throws ShapeError where the selection leaves the array or does not fit `out`
 */
export async function readStrided(
  layout: StridedLayout,
  selection: readonly AxisSelection[],
  out: Uint8Array,
  fetch: Fetch,
): Promise<void> {
  checkSelection(layout, selection, out);
  if (out.length === 0) return;
  const { segments, unit, rows } = inner(layout, selection);
  const requests = gather(pieces(layout, selection, rows, segments));
  let stopped = false;
  const drain = async (): Promise<void> => {
    for (let next = requests.next(); !stopped && !next.done; next = requests.next()) {
      const { offset, length, pieces: parts } = next.value;
      try {
        const into = placeOf(next.value, out);
        const bytes = await fetch(offset, length, into);
        if (bytes === into) continue;
        for (const piece of parts) scatter(bytes.subarray(piece.offset - offset), piece, unit, out);
      } catch (error) {
        stopped = true;
        throw error;
      }
    }
  };
  // all of them, so that nothing writes into `out` once the caller hears of an error
  const ends = await Promise.allSettled(Array.from({ length: CONCURRENCY }, drain));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

function checkSelection(layout: StridedLayout, selection: readonly AxisSelection[], out: Uint8Array): void {
  const { shape, itemBytes } = layout;
  const asked = `a selection of an array of shape (${shape.join(", ")})`;
  if (selection.length !== shape.length) throw new ShapeError({ asked, found: `${selection.length} axes` });
  const lengths = selection.map(selectionLength);
  if (sizeOf(lengths) * itemBytes !== out.length)
    throw new ShapeError({
      asked,
      found: `a block of ${out.length / itemBytes} elements for (${lengths.join(", ")})`,
    });
  selection.forEach((one, axis) => {
    const [lo, hi] = boundsOfSelection(one);
    if (lo < 0 || hi > shape[axis])
      throw new ShapeError({ asked, found: `positions ${lo} to ${hi - 1} on axis ${axis}` });
  });
}

/** How many outer axes there are, and the segments of the one that is inside of them. */
function inner(
  layout: StridedLayout,
  selection: readonly AxisSelection[],
): { segments: Segment[]; unit: number; rows: number } {
  const { shape, strides, itemBytes } = layout;
  // `unit`: bytes that every selected position of `axis` covers without a hole
  let unit = itemBytes;
  let axis = shape.length - 1;
  while (axis >= 0 && strides[axis] === unit && isWhole(selection[axis], shape[axis])) unit *= shape[axis--];
  if (axis < 0) return { segments: runs(0, unit, 0), unit, rows: 0 };
  const one = selection[axis];
  if (one.kind === "slice" && one.step === 1 && strides[axis] === unit)
    return { segments: runs(one.start * unit, one.length * unit, 0), unit, rows: axis };
  return { segments: scattered(ordered(one), strides[axis], unit), unit, rows: axis };
}

/** One run of bytes, cut so that no request is too long. */
function runs(start: number, length: number, output: number): Segment[] {
  const out: Segment[] = [];
  for (let at = 0; at < length; at += MAX_FETCH)
    out.push({
      start: start + at,
      length: Math.min(MAX_FETCH, length - at),
      output: output + at,
      picks: null,
    });
  return out;
}

/** Units of bytes with holes between them: near ones are one segment. */
function scattered({ positions, outputs }: Ordered, stride: number, unit: number): Segment[] {
  const out: Segment[] = [];
  if (unit > MAX_GAP) {
    positions.forEach((position, i) => out.push(...runs(position * stride, unit, outputs[i] * unit)));
    return out;
  }
  for (let first = 0, next: number; first < positions.length; first = next) {
    const start = positions[first] * stride;
    let end = start + unit;
    for (next = first + 1; next < positions.length; next++) {
      const at = positions[next] * stride;
      if (at > end + MAX_GAP || at + unit > start + MAX_FETCH) break;
      end = at + unit;
    }
    const from = positions.subarray(first, next).map((position) => position * stride - start);
    const to = outputs.subarray(first, next).map((output) => output * unit);
    out.push({ start, length: end - start, output: 0, picks: { from, to } });
  }
  return out;
}

function ordered(selection: AxisSelection): Ordered {
  const length = selectionLength(selection);
  if (selection.kind === "slice") {
    const { start, step } = selection;
    const outputs = Float64Array.from({ length }, (_, i) => (step > 0 ? i : length - 1 - i));
    return { positions: outputs.map((i) => start + i * step), outputs };
  }
  const { positions } = selection;
  const outputs = Float64Array.from({ length }, (_, i) => i);
  if (positions.some((position, i) => i > 0 && position < positions[i - 1]))
    outputs.sort((a, b) => positions[a] - positions[b]);
  return { positions: outputs.map((i) => positions[i]), outputs };
}

/** Every piece of the selection, by rising offset: the first `rows` axes, and the segments in each row. */
function* pieces(
  layout: StridedLayout,
  selection: readonly AxisSelection[],
  rows: number,
  segments: readonly Segment[],
): Generator<Piece, void> {
  const axes = selection.slice(0, rows).map(ordered);
  const lengths = selection.map(selectionLength);
  const outStrides = axes.map((_, axis) => sizeOf(lengths.slice(axis + 1)) * layout.itemBytes);
  const index = new Array<number>(rows).fill(0);
  for (;;) {
    let offset = layout.begin;
    let output = 0;
    for (let axis = 0; axis < rows; axis++) {
      offset += axes[axis].positions[index[axis]] * layout.strides[axis];
      output += axes[axis].outputs[index[axis]] * outStrides[axis];
    }
    for (const segment of segments)
      yield { offset: offset + segment.start, output: output + segment.output, segment };
    let axis = rows - 1;
    while (axis >= 0 && ++index[axis] === lengths[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}

function* gather(source: Iterable<Piece>): Generator<Request, void> {
  let parts: Piece[] = [];
  let offset = 0;
  let end = 0;
  for (const piece of source) {
    const stop = piece.offset + piece.segment.length;
    // a position that is asked for twice leads back to an earlier offset
    const ahead = piece.offset >= offset && piece.offset <= end + MAX_GAP;
    const near = ahead && Math.max(end, stop) - offset <= MAX_FETCH;
    if (parts.length && !near) {
      yield { offset, length: end - offset, pieces: parts };
      parts = [];
    }
    if (parts.length === 0) {
      offset = piece.offset;
      end = stop;
    }
    parts.push(piece);
    end = Math.max(end, stop);
  }
  if (parts.length) yield { offset, length: end - offset, pieces: parts };
}

/** Where the answer goes as it is; null where it goes in pieces. */
function placeOf({ length, pieces: parts }: Request, out: Uint8Array): Uint8Array | null {
  const [{ segment, output }] = parts;
  return parts.length === 1 && !segment.picks ? out.subarray(output, output + length) : null;
}

function scatter(bytes: Uint8Array, piece: Piece, unit: number, out: Uint8Array): void {
  const { segment, output } = piece;
  if (!segment.picks) {
    out.set(bytes.subarray(0, segment.length), output);
    return;
  }
  const { from, to } = segment.picks;
  for (let i = 0; i < from.length; i++) {
    const source = from[i];
    const target = output + to[i];
    // a view costs more than the few bytes that it would copy
    if (unit > 32) out.set(bytes.subarray(source, source + unit), target);
    else for (let b = 0; b < unit; b++) out[target + b] = bytes[source + b];
  }
}
