/**
 * Owns copying between a chunk and a block: any strides, slices and position lists on either side, one
 * value over a region. Pure; knows no chunks' bytes and no stores.
 */
import { type AxisSelection, positionAt, selectionLength } from "@hyperslab/core/box";
import type { BlockData, TypedArray } from "@hyperslab/core/dtype";

/** One axis of a copy: positions `from` of the source go to positions `to` of the target. Strides in elements. */
export interface AxisCopy {
  readonly from: AxisSelection;
  readonly to: AxisSelection;
  readonly fromStride: number;
  readonly toStride: number;
}

/** An axis with its offsets worked out; `lists` where a selection is no slice. */
interface Run {
  count: number;
  from: number;
  to: number;
  lists?: { readonly from: Float64Array; readonly to: Float64Array };
}

interface Region {
  readonly from: number;
  readonly to: number;
  /** Outermost first; none for a single element. */
  readonly runs: readonly Run[];
}

/** Memory that elements are moved in, word by word: never as floats, which may lose the bits of a NaN. */
type Words = Uint8Array | Uint16Array | Int32Array | string[];

/** Below this many elements a loop is faster than a call. */
const SHORT = 24;

/** Side of the squares in which axes are exchanged, so that both sides stay in the cache. */
const TILE = 32;

/** Copies the region from `source` to `target`; both hold elements of one dtype. */
export function copyRegion(source: BlockData, target: BlockData, axes: readonly AxisCopy[]): void {
  const region = regionOf(axes);
  if (!region) return;
  const wide = inWords(source, target, region);
  if (wide) {
    const [from, to] = [source, target].map((data) => fourBytesOf(data as TypedArray));
    return copyRuns(from, to, 1, wide.runs, 0, wide.from, wide.to);
  }
  const pairs = isPaired(target);
  copyRuns(wordsOf(source), wordsOf(target), pairs ? 2 : 1, region.runs, 0, region.from, region.to);
}

/**
 * Writes one value all over the region of `target`, or a list of values along its last axes; of the source only the
 * places within such a list matter.
 */
export function fillRegion(
  value: number | bigint | string | readonly (number | bigint | string)[],
  target: BlockData,
  axes: readonly AxisCopy[],
): void {
  const values = typeof value === "object" ? value : [value];
  let source: BlockData;
  if (Array.isArray(target)) source = values.map(String);
  else {
    source = new (target.constructor as new (length: number) => typeof target)(values.length);
    for (let i = 0; i < values.length; i++) source[i] = values[i] as never;
  }
  const still = axes.map((axis) =>
    axis.fromStride < values.length && values.length > 1 ? axis : { ...axis, fromStride: 0 },
  );
  copyRegion(source, target, still);
}

/**
 * Where the region lies in the target when it is the whole source, in order and without gaps: then the
 * source can be produced in place. Null otherwise.
 */
export function contiguousTarget(axes: readonly AxisCopy[], sourceLength: number): number | null {
  const region = regionOf(axes);
  if (!region || region.from !== 0) return null;
  const { runs, to } = region;
  if (runs.length === 0) return sourceLength === 1 ? to : null;
  const [run] = runs;
  const whole =
    runs.length === 1 && !run.lists && run.from === 1 && run.to === 1 && run.count === sourceLength;
  return whole ? to : null;
}

/** The region in words of four bytes, where rows of smaller elements are made of them; null where they are not. */
function inWords(source: BlockData, target: BlockData, { from, to, runs }: Region): Region | null {
  if (Array.isArray(source) || Array.isArray(target) || target.BYTES_PER_ELEMENT >= 4) return null;
  const each = 4 / target.BYTES_PER_ELEMENT;
  const row = runs.at(-1);
  if (!row || row.lists || row.from !== 1 || row.to !== 1 || row.count % each !== 0) return null;
  const rows = runs.slice(0, -1);
  const steps = [from, to, ...rows.flatMap((run) => [run.from, run.to])];
  if (rows.some((run) => run.lists) || steps.some((step) => step % each !== 0)) return null;
  if (source.byteOffset % 4 !== 0 || target.byteOffset % 4 !== 0) return null;
  const scaled = rows.map((run) => ({ count: run.count, from: run.from / each, to: run.to / each }));
  return {
    from: from / each,
    to: to / each,
    runs: [...scaled, { count: row.count / each, from: 1, to: 1 }],
  };
}

function fourBytesOf({ buffer, byteOffset, byteLength }: TypedArray): Int32Array {
  return new Int32Array(buffer, byteOffset, Math.floor(byteLength / 4));
}

/** Works out offsets, drops axes of one position and joins axes that run on into one another. */
function regionOf(axes: readonly AxisCopy[]): Region | null {
  let [from, to] = [0, 0];
  const runs: Run[] = [];
  for (const axis of axes) {
    const count = selectionLength(axis.from);
    if (count === 0) return null;
    if (count === 1 || (axis.from.kind === "slice" && axis.to.kind === "slice")) {
      from += positionAt(axis.from, 0) * axis.fromStride;
      to += positionAt(axis.to, 0) * axis.toStride;
      if (count > 1)
        runs.push({
          count,
          from: stepOf(axis.from) * axis.fromStride,
          to: stepOf(axis.to) * axis.toStride,
        });
    } else {
      const lists = {
        from: offsets(axis.from, axis.fromStride, count),
        to: offsets(axis.to, axis.toStride, count),
      };
      runs.push({ count, from: 0, to: 0, lists });
    }
  }
  // the fastest axis of the target last: writes that jump cost more than reads that do
  const ordered = runs.every(
    (run, i) => i === 0 || run.lists || runs[i - 1].lists || run.to <= runs[i - 1].to,
  )
    ? runs
    : [...runs].sort((a, b) => (b.lists ? 0 : b.to) - (a.lists ? 0 : a.to));
  const joined: Run[] = [];
  for (const run of ordered) {
    const outer = joined.at(-1);
    if (
      outer &&
      !outer.lists &&
      !run.lists &&
      outer.from === run.from * run.count &&
      outer.to === run.to * run.count
    )
      joined[joined.length - 1] = { ...run, count: outer.count * run.count };
    else joined.push(run);
  }
  return { from, to, runs: joined };
}

function stepOf(selection: AxisSelection): number {
  return selection.kind === "slice" ? selection.step : 0;
}

function offsets(selection: AxisSelection, stride: number, count: number): Float64Array {
  const out = new Float64Array(count);
  for (let i = 0; i < count; i++) out[i] = positionAt(selection, i) * stride;
  return out;
}

function copyRuns(
  source: Words,
  target: Words,
  width: 1 | 2,
  runs: readonly Run[],
  depth: number,
  from: number,
  to: number,
): void {
  if (runs.length - depth === 0) {
    copyRun(source, target, width, from, to, { count: 1, from: 0, to: 0 });
    return;
  }
  const run = runs[depth];
  if (runs.length - depth === 1) {
    copyRun(source, target, width, from, to, run);
    return;
  }
  if (runs.length - depth === 2) {
    const inner = runs[depth + 1];
    if (!run.lists && !inner.lists && Math.abs(inner.from) > Math.abs(run.from) && run.from !== 0) {
      exchange(source, target, width, from, to, run, inner);
      return;
    }
  }
  for (let i = 0; i < run.count; i++)
    copyRuns(
      source,
      target,
      width,
      runs,
      depth + 1,
      from + (run.lists ? run.lists.from[i] : i * run.from),
      to + (run.lists ? run.lists.to[i] : i * run.to),
    );
}

/** Two axes whose order differs between source and target, in squares. */
function exchange(
  source: Words,
  target: Words,
  width: 1 | 2,
  from: number,
  to: number,
  outer: Run,
  inner: Run,
): void {
  for (let i = 0; i < outer.count; i += TILE)
    for (let j = 0; j < inner.count; j += TILE) {
      const last = Math.min(outer.count, i + TILE);
      const tile: Run = { ...inner, count: Math.min(TILE, inner.count - j) };
      for (let k = i; k < last; k++)
        copyRun(
          source,
          target,
          width,
          from + k * outer.from + j * inner.from,
          to + k * outer.to + j * inner.to,
          tile,
        );
    }
}

function copyRun(source: Words, target: Words, width: 1 | 2, from: number, to: number, run: Run): void {
  const { count, lists } = run;
  if (Array.isArray(source) || Array.isArray(target)) {
    const [texts, out] = [source as string[], target as string[]];
    for (let i = 0; i < count; i++)
      out[to + (lists ? lists.to[i] : i * run.to)] = texts[from + (lists ? lists.from[i] : i * run.from)];
  } else if (lists) copyLists(source, target, width, from, to, lists.from, lists.to);
  else if (run.from === 1 && run.to === 1 && count >= SHORT)
    target.set(source.subarray(from * width, (from + count) * width) as never, to * width);
  else if (run.from === 0 && run.to === 1 && width === 1) target.fill(source[from], to, to + count);
  else if (width === 1) copySingles(source, target, from, to, count, run.from, run.to);
  else copyPairs(source, target, 2 * from, 2 * to, count, 2 * run.from, 2 * run.to);
}

type NumberWords = Exclude<Words, string[]>;

function copySingles(
  source: NumberWords,
  target: NumberWords,
  from: number,
  to: number,
  count: number,
  fromStep: number,
  toStep: number,
): void {
  for (let i = 0, f = from, t = to; i < count; i++, f += fromStep, t += toStep) target[t] = source[f];
}

function copyPairs(
  source: NumberWords,
  target: NumberWords,
  from: number,
  to: number,
  count: number,
  fromStep: number,
  toStep: number,
): void {
  for (let i = 0, f = from, t = to; i < count; i++, f += fromStep, t += toStep) {
    target[t] = source[f];
    target[t + 1] = source[f + 1];
  }
}

function copyLists(
  source: NumberWords,
  target: NumberWords,
  width: 1 | 2,
  from: number,
  to: number,
  fromList: Float64Array,
  toList: Float64Array,
): void {
  for (let i = 0; i < fromList.length; i++) {
    const f = (from + fromList[i]) * width;
    const t = (to + toList[i]) * width;
    target[t] = source[f];
    if (width === 2) target[t + 1] = source[f + 1];
  }
}

function isPaired(data: BlockData): boolean {
  return !Array.isArray(data) && data.BYTES_PER_ELEMENT === 8;
}

/** The same memory as plain words: pairs of them for elements of eight bytes. */
function wordsOf(data: BlockData): Words {
  if (Array.isArray(data)) return data;
  const { buffer, byteOffset, byteLength } = data;
  switch (data.BYTES_PER_ELEMENT) {
    case 1:
      return new Uint8Array(buffer, byteOffset, byteLength);
    case 2:
      return new Uint16Array(buffer, byteOffset, byteLength / 2);
    default:
      return new Int32Array(buffer, byteOffset, byteLength / 4);
  }
}
