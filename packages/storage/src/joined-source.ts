/**
 * Owns arrays that are others behind each other along an axis, or stacked on a new one: thousands of
 * files as one source. Knows no format: it reads through the sources of its parts.
 */
import { type Block, allocateBlock } from "@hyperslab/core/block";
import { type AxisSelection, restrictSelection, shiftSelection, slice } from "@hyperslab/core/box";
import {
  type ChunkAxis,
  type ChunkGrid,
  axisFromBounds,
  axisFromChunks,
  chunkLengths,
  chunkRuns,
  chunkStart,
  regularAxis,
} from "@hyperslab/core/chunk-grid";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { JoinedDetail, SourceRef } from "@hyperslab/core/source-ref";
import { forEachConcurrent } from "./concurrent.js";
import type { ArrayInfo, ArraySource } from "./source.js";
import { copyRegion } from "./strided-copy.js";

/** Parts that are read at once; each may fetch several chunks. */
const PARTS_AT_ONCE = 4;

/**
 * The source of a joined reference. Parts are opened when something of them is read.
 * @param open how the references of the parts are opened
 */
export function openJoinedSource(ref: SourceRef, open: (part: SourceRef) => ArraySource): ArraySource {
  const detail = ref.detail as JoinedDetail;
  const bounds = partBounds(detail);
  let info: ArrayInfo | undefined;
  return {
    ref,
    describe: () => (info ??= describeJoined(detail, open)),
    async readBlock(selection, into, options) {
      const runs = chunkRuns(bounds, selection[detail.axis]);
      await forEachConcurrent(runs, PARTS_AT_ONCE, async ({ chunk, from, to }) => {
        const along = shiftSelection(
          restrictSelection(selection[detail.axis], from, to - from),
          chunkStart(bounds, chunk),
        );
        const part = open(detail.parts[chunk].ref);
        const own = detail.stacked
          ? selection.filter((_, axis) => axis !== detail.axis)
          : selection.map((one, axis) => (axis === detail.axis ? along : one));
        await readPart(part, own, detail, into, from, to, options);
      });
    },
  };
}

/** Where the parts begin. Parts of length 0 are never joined. */
function partBounds({ parts }: JoinedDetail): ChunkAxis {
  const bounds = [0];
  for (const { length } of parts) bounds.push(bounds[bounds.length - 1] + length);
  return axisFromBounds(bounds);
}

/** Reads a part to positions `from .. to` of the block: in place where they lie together in memory. */
async function readPart(
  part: ArraySource,
  selection: readonly AxisSelection[],
  { axis, stacked }: JoinedDetail,
  into: Block,
  from: number,
  to: number,
  options: { signal?: AbortSignal } | undefined,
): Promise<void> {
  const shape = into.shape.map((length, i) => (i === axis ? to - from : length));
  const count = sizeOf(shape);
  // stacked parts have one position, which a selection may name more than once
  const once = stacked ? into.shape.filter((_, i) => i !== axis) : shape;
  const before = sizeOf(into.shape.slice(0, axis));
  const strides = stridesOf(into.shape);
  if (before === 1 && (!stacked || to - from === 1) && !Array.isArray(into.data)) {
    const width = into.data.length / Math.max(1, sizeOf(into.shape));
    const start = from * strides[axis] * width;
    const data = into.data.subarray(start, start + count * width);
    await part.readBlock(selection, { dtype: into.dtype, shape: once, data }, options);
    return;
  }
  const block = allocateBlock(into.dtype, once);
  await part.readBlock(selection, block, options);
  const own = stridesOf(stacked ? once.toSpliced(axis, 0, 1) : once);
  copyRegion(
    block.data,
    into.data,
    shape.map((length, i) => ({
      from: slice(0, length, stacked && i === axis ? 0 : 1),
      to: slice(i === axis ? from : 0, length),
      fromStride: own[i],
      toStride: strides[i],
    })),
  );
}

function describeJoined(detail: JoinedDetail, open: (part: SourceRef) => ArraySource): ArrayInfo {
  const { axis, stacked, parts } = detail;
  const first = open(parts[0].ref).describe();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const along = stacked
    ? regularAxis(length, 1)
    : axisFromChunks(parts.flatMap(({ ref }) => chunkLengths(open(ref).describe().grid[axis])));
  const joined = <T>(list: readonly T[], one: T): T[] =>
    stacked ? list.toSpliced(axis, 0, one) : list.map((old, i) => (i === axis ? one : old));
  const grid: ChunkGrid = joined(first.grid, along);
  const dims = stacked ? first.dims.toSpliced(axis, 0, `dim_${axis}`) : first.dims;
  return { ...first, shape: joined(first.shape, length), grid, dims };
}
