/**
 * Owns reading virtual datasets: which sources a selection touches, reading of each just that, and putting it in its
 * place. Sources that aren't there leave fill values. Knows no layouts but this one.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import {
  type AxisSelection,
  boundsOfSelection,
  positionAt,
  positions,
  selectionLength,
  slice,
} from "@hyperslab/core/box";
import { type BlockData, type Dtype, isFloat, isInteger } from "@hyperslab/core/dtype";
import { DtypeError } from "@hyperslab/core/errors";
import { stridesOf } from "@hyperslab/core/shape";
import { forEachConcurrent } from "../concurrent.js";
import type { ReadOptions } from "../source.js";
import { type AxisCopy, copyRegion } from "../strided-copy.js";
import { unsupported } from "./cursor.js";
import { axesOf, endlessAxes } from "./selection.js";
import { type Hdf5Dataset, isDataset, readDataset } from "./dataset.js";
import { type Hdf5Object, findIfThere, openBesideIfThere, rootOf } from "./group.js";
import type { Hdf5File } from "./hdf5-file.js";
import type { VirtualMapping } from "./virtual-layout.js";

/** Sources that are read at once. */
const AT_ONCE = 4;

/** Opens the array of a source; undefined where it isn't there. */
export type OpenSource = (mapping: VirtualMapping) => Promise<VirtualSource | undefined>;

/** An array that is a part of a virtual one. */
export interface VirtualSource {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readBlock(selection: readonly AxisSelection[], into: Block, options?: ReadOptions): Promise<void>;
}

/**
 * Reads `selection` into `into`, which holds fill values already.
 * @param shape of the virtual dataset, without the axes within its elements
 * @param inner what is taken of those: the last axes of `into`
 */
export async function readVirtual(
  mappings: readonly VirtualMapping[],
  shape: readonly number[],
  open: OpenSource,
  selection: readonly AxisSelection[],
  inner: readonly AxisSelection[],
  into: Block,
  path: string,
  options?: ReadOptions,
): Promise<void> {
  const strides = stridesOf(into.shape);
  await forEachConcurrent(mappings, AT_ONCE, async (mapping) => {
    const hits = axesOf(mapping.virtual, shape).map((own, axis) => hitsOf(own, selection[axis]));
    if (hits.some(({ to }) => to.length === 0)) return;
    const source = await open(mapping);
    if (!source) return;
    const outer = source.shape.length - inner.length;
    const inSource = axesOf(mapping.source, source.shape.slice(0, outer));
    const pairs = pairAxes(
      axesOf(mapping.virtual, shape).map(selectionLength),
      inSource.map(selectionLength),
      endlessAxes(mapping.virtual, shape.length),
    );
    if (!pairs)
      throw unsupported(
        path,
        undefined,
        `source "${mapping.dataset}" of a virtual dataset has another shape than its place`,
      );
    // a source may have grown less than the others
    pairs.forEach((paired, axis) => {
      if (paired !== -1) hits[axis] = before(hits[axis], selectionLength(inSource[paired]));
    });
    if (hits.some(({ to }) => to.length === 0)) return;
    const asked = [
      ...inSource.map((own, axis): AxisSelection => {
        const paired = pairs.indexOf(axis);
        return paired === -1 ? own : pick(own, hits[paired].from);
      }),
      ...inner,
    ];
    if (asked.some((one, axis) => boundsOfSelection(one)[1] > source.shape[axis]))
      throw unsupported(
        path,
        undefined,
        `source "${mapping.dataset}" of a virtual dataset is shorter than its place`,
      );
    const block = allocateBlock(source.dtype, asked.map(selectionLength));
    await source.readBlock(asked, block, options);
    const from = stridesOf(block.shape);
    const copies = [...selection, ...inner].map((one, axis): AxisCopy => {
      const isInner = axis >= shape.length;
      const paired = isInner ? outer + axis - shape.length : pairs[axis];
      const to = isInner ? slice(0, selectionLength(one)) : listOf(hits[axis].to);
      return {
        from: slice(0, selectionLength(to)),
        to,
        fromStride: paired === -1 ? 0 : from[paired],
        toStride: strides[axis],
      };
    });
    copyRegion(converted(block, into, path), into.data, copies);
  });
}

/** The dataset of a source; undefined where the file or the dataset isn't there: that leaves a gap, and is no error. */
export async function openVirtualSource(
  file: Hdf5File,
  mapping: VirtualMapping,
): Promise<Hdf5Dataset | undefined> {
  const own: Hdf5Object | undefined =
    mapping.file === "." ? await rootOf(file) : await openBesideIfThere(file, mapping.file);
  const object = own && (await findIfThere(own, mapping.dataset));
  return object && isDataset(object.header) ? readDataset(object) : undefined;
}

/** Positions of both sides. */
interface Hits {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

function before({ from, to }: Hits, length: number): Hits {
  const kept = from.flatMap((at, i) => (at < length ? [i] : []));
  return kept.length === from.length
    ? { from, to }
    : { from: kept.map((i) => from[i]), to: kept.map((i) => to[i]) };
}

/** Where the positions of `asked` are found in `own`, which ascends: their places in both. */
function hitsOf(own: AxisSelection, asked: AxisSelection): Hits {
  const [from, to]: [number[], number[]] = [[], []];
  const length = selectionLength(asked);
  for (let i = 0; i < length; i++) {
    const at = placeIn(own, positionAt(asked, i));
    if (at === -1) continue;
    from.push(at);
    to.push(i);
  }
  return { from, to };
}

function placeIn(own: AxisSelection, position: number): number {
  if (own.kind === "slice") {
    const at = (position - own.start) / own.step;
    return Number.isInteger(at) && at >= 0 && at < own.length ? at : -1;
  }
  const list = own.positions;
  let [lo, hi] = [0, list.length - 1];
  while (lo <= hi) {
    const middle = (lo + hi) >> 1;
    if (list[middle] === position) return middle;
    if (list[middle] < position) lo = middle + 1;
    else hi = middle - 1;
  }
  return -1;
}

function pick(own: AxisSelection, places: readonly number[]): AxisSelection {
  return listOf(places.map((place) => positionAt(own, place)));
}

function listOf(list: readonly number[]): AxisSelection {
  const step = list.length > 1 ? list[1] - list[0] : 1;
  const isSlice = step !== 0 && list.every((at, i) => at === list[0] + i * step);
  return isSlice ? slice(list[0], list.length, step) : positions(list);
}

/**
 * The axis of the source for each axis of the virtual array, -1 for those of length 1: the others have to agree one by
 * one, where their length is known. Null where they don't.
 */
function pairAxes(
  virtual: readonly number[],
  source: readonly number[],
  isEndless: readonly boolean[],
): number[] | null {
  const left = source.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const pairs = virtual.map((length, axis) => {
    if (length === 1 && !isEndless[axis]) return -1;
    return left.shift() ?? -1;
  });
  const agrees = pairs.every((other, axis) =>
    other === -1 ? virtual[axis] === 1 : isEndless[axis] || virtual[axis] === source[other],
  );
  return agrees && left.length === 0 ? pairs : null;
}

/** The elements in the virtual dataset's dtype. @throws DtypeError where they don't fit it */
function converted(block: Block, into: Block, path: string): BlockData {
  const { dtype, data } = block;
  if (dtype === into.dtype) return data;
  const isNumber =
    (isInteger(dtype) || dtype === "bool" || dtype === "float32" || dtype === "float64") &&
    !Array.isArray(data);
  const target = allocateBlock(into.dtype, block.shape).data;
  if (isNumber && isFloat(into.dtype) && into.dtype !== "float16" && !Array.isArray(target)) {
    for (let i = 0; i < data.length; i++) target[i] = Number(data[i]) as never;
    return target;
  }
  if (isInteger(dtype) && isInteger(into.dtype) && !Array.isArray(target) && !Array.isArray(data)) {
    const isBig = typeof target[0] === "bigint";
    for (let i = 0; i < data.length; i++) {
      target[i] = (isBig ? BigInt(data[i]) : Number(data[i])) as never;
      if (BigInt(target[i]) !== BigInt(data[i]))
        throw new DtypeError({
          dtype: into.dtype,
          found: `${data[i]} in a source of virtual dataset ${path}`,
        });
    }
    return target;
  }
  throw new DtypeError({ dtype: into.dtype, found: `a source of ${dtype} for virtual dataset ${path}` });
}
