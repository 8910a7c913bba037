/** Owns the reading of chunk indexes of every kind into one table. The arrays among them are read by files of their own. */
import { sizeOf } from "@hyperslab/core/shape";
import { walkBTree1 } from "./b-tree-1.js";
import { walkBTree2 } from "./b-tree-2.js";
import { type ChunkTable, ManifestBuilder, type OnChunk } from "./chunk-manifest.js";
import { damaged } from "./cursor.js";
import { readExtensibleArray } from "./extensible-array.js";
import { readFixedArray } from "./fixed-array.js";
import type { Hdf5File } from "./hdf5-file.js";
import type { Layout } from "./layout.js";

/** What an index has to be told of its dataset. */
export interface ChunkedArray {
  readonly layout: Extract<Layout, { kind: "chunked" }>;
  /** As stored: not longer than what was written. */
  readonly shape: readonly number[];
  readonly maxShape: readonly (number | null)[];
}

/** Numbers of the chunk records of version 2 B-trees: plain, and filtered. */
const [PLAIN, FILTERED] = [10, 11];

/** Reads the whole index. @throws FormatError */
export async function readChunkIndex(file: Hdf5File, array: ChunkedArray): Promise<ChunkTable> {
  const { layout, shape } = array;
  const { chunks, index, elementBytes } = layout;
  const chunkBytes = sizeOf(chunks) * elementBytes;
  const builder = new ManifestBuilder();
  const address = index.address;
  if (address === null || shape.includes(0)) return builder.finish();
  const counts = shape.map((length, axis) => Math.ceil(length / chunks[axis]));
  const add = (coords: readonly number[], at: number, length: number, mask: number): void => {
    let number = 0;
    for (let axis = 0; axis < counts.length; axis++) {
      // the array was made shorter: what lay beyond is still in the index
      if (coords[axis] >= counts[axis]) return;
      number = number * counts[axis] + coords[axis];
    }
    if (file.base + at + length > file.size)
      throw damaged(
        file.path,
        file.base + at,
        `chunk (${coords.join(", ")}) of ${length} bytes begins here, but the file ends at byte ${file.size}`,
      );
    builder.add(number, file.base + at, length, mask);
  };
  switch (index.kind) {
    case "btree1":
      await readTree1(file, address, chunks, add);
      break;
    case "btree2":
      await readTree2(file, address, shape.length, chunkBytes, add);
      break;
    case "single":
      add(
        shape.map(() => 0),
        address,
        index.filtered?.size ?? chunkBytes,
        index.filtered?.mask ?? 0,
      );
      break;
    case "implicit":
    case "fixed":
    case "extensible": {
      const numbering = numberingOf(array, index.kind === "extensible");
      const onChunk: OnChunk = (number, at, length, mask) => {
        const coords = numbering.coordsOf(number);
        if (coords) add(coords, at, length, mask);
      };
      if (index.kind === "fixed") await readFixedArray(file, address, numbering.total, chunkBytes, onChunk);
      else if (index.kind === "extensible") await readExtensibleArray(file, address, chunkBytes, onChunk);
      else addImplicit(file, address, chunkBytes, counts, numbering.numberOf, onChunk);
    }
  }
  return builder.finish();
}

type AddChunk = (coords: readonly number[], address: number, length: number, mask: number) => void;

async function readTree1(
  file: Hdf5File,
  address: number,
  chunks: readonly number[],
  add: AddChunk,
): Promise<void> {
  const rank = chunks.length;
  await walkBTree1(file, address, 1, 16 + 8 * rank, (key, child) => {
    const [length, mask] = [key.uint32(), key.uint32()];
    const coords = chunks.map((chunk) => {
      const start = key.uint64();
      if (start % chunk !== 0) key.fail(`a chunk begins at element ${start}, between chunks of ${chunk}`);
      return start / chunk;
    });
    add(coords, child, length, mask);
  });
}

async function readTree2(
  file: Hdf5File,
  address: number,
  rank: number,
  chunkBytes: number,
  add: AddChunk,
): Promise<void> {
  await walkBTree2(file, address, [PLAIN, FILTERED], (record, size, type) => {
    const at = record.definedOffset("a chunk");
    const lengthBytes = size - file.offsetSize - 4 - 8 * rank;
    const length = type === FILTERED ? record.uint(lengthBytes) : chunkBytes;
    const mask = type === FILTERED ? record.uint32() : 0;
    const coords = Array.from({ length: rank }, () => record.uint64());
    add(coords, at, length, mask);
  });
}

/**
 * How an array index numbers chunks: in C order of the grid as it may once be. An axis without limit is the
 * slowest, wherever it stands.
 */
interface Numbering {
  /** Chunks in all; Infinity where one axis has no limit. */
  readonly total: number;
  numberOf(coords: readonly number[]): number;
  coordsOf(number: number): number[] | null;
}

function numberingOf({ layout, shape, maxShape }: ChunkedArray, slowest: boolean): Numbering {
  const counts = shape.map((length, axis) => {
    const most = maxShape[axis];
    return most === null ? Infinity : Math.ceil(Math.max(length, most) / layout.chunks[axis]);
  });
  const axes = counts.map((_, axis) => axis);
  const free = counts.indexOf(Infinity);
  if (slowest && free > 0) axes.unshift(...axes.splice(free, 1));
  const strides = new Array<number>(axes.length).fill(1);
  let total = 1;
  for (const axis of [...axes].reverse()) {
    strides[axis] = total;
    total *= counts[axis];
  }
  return {
    total,
    numberOf: (coords) => coords.reduce((number, at, axis) => number + at * strides[axis], 0),
    coordsOf(number) {
      const coords = new Array<number>(axes.length);
      let rest = number;
      for (const axis of axes) {
        coords[axis] = Math.floor(rest / strides[axis]);
        rest -= coords[axis] * strides[axis];
      }
      return coords.every((at, axis) => at < counts[axis]) ? coords : null;
    },
  };
}

/** All chunks were made at once, one behind the other. */
function addImplicit(
  file: Hdf5File,
  address: number,
  chunkBytes: number,
  counts: readonly number[],
  numberOf: (coords: readonly number[]) => number,
  onChunk: OnChunk,
): void {
  const last = numberOf(counts.map((count) => count - 1));
  if (file.base + address + (last + 1) * chunkBytes > file.size)
    throw damaged(
      file.path,
      file.base + address,
      `${last + 1} chunks of ${chunkBytes} bytes begin here, but the file ends at byte ${file.size}`,
    );
  const coords = counts.map(() => 0);
  for (;;) {
    const number = numberOf(coords);
    onChunk(number, address + number * chunkBytes, chunkBytes, 0);
    let axis = counts.length - 1;
    while (axis >= 0 && ++coords[axis] === counts[axis]) coords[axis--] = 0;
    if (axis < 0) return;
  }
}
