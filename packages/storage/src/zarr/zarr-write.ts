/**
 * Owns writing blocks to Zarr arrays: a block covers whole chunks, each is encoded and put into the store whole.
 * Chunks that hold nothing but the fill value are left out, as zarr-python does. Writes no metadata.
 */
import { isFilledWith } from "@hyperslab/codecs/sharding";
import type { Block } from "@hyperslab/core/block";
import { slice } from "@hyperslab/core/box";
import { type ChunkGrid, chunkOf, chunkStart, chunkStop } from "@hyperslab/core/chunk-grid";
import { type BlockData, allocate, asDtype } from "@hyperslab/core/dtype";
import { ShapeError } from "@hyperslab/core/errors";
import { sizeOf, stridesOf } from "@hyperslab/core/shape";
import type { TargetRef } from "@hyperslab/core/source-ref";
import { type ChunkProjection, projectChunks } from "../chunk-projection.js";
import { forEachConcurrent } from "../concurrent.js";
import { openWritableStore } from "../open-store.js";
import { type StoreKey, checkCancelled } from "../store.js";
import { contiguousTarget, copyRegion, fillRegion } from "../strided-copy.js";
import { axisCopies } from "./zarr-chunk.js";
import { type FillElement, fillElement } from "./zarr-fill-value.js";
import { type ZarrArray, chunkKey, storedChunkShape, storedGrid } from "./zarr-metadata.js";
import { pipelinesOf } from "./zarr-pipeline.js";

/** Chunks that are encoded and written at once. */
const WRITES = 4;

/** A chunk as it goes into the store; no bytes where it holds only the fill value. */
export interface EncodedChunk {
  readonly key: StoreKey;
  readonly bytes: Uint8Array | null;
}

/** What writing a block needs to know of its array; made once for each target. */
interface Writer {
  readonly array: ZarrArray;
  readonly grid: ChunkGrid;
  readonly fill: FillElement;
  readonly pipeline: ReturnType<typeof pipelinesOf>;
}

const writers: WeakMap<object, Writer> = new WeakMap();

function writerOf(target: TargetRef): Writer {
  const known = writers.get(target);
  if (known) return known;
  const array = target.detail as ZarrArray;
  const writer = {
    array,
    grid: storedGrid(array),
    fill: fillElement(array.fill, asDtype(array.dtype)),
    pipeline: pipelinesOf(array),
  };
  writers.set(target, writer);
  return writer;
}

/**
 * Writes `block` at `start` of the target. The block has to cover whole chunks (shards, where there are any): it
 * starts at a chunk's start and ends at a chunk's end or the array's, on every axis.
 * @throws ShapeError for a block that doesn't, StorageError, CodecError, CancelledError
 */
export async function writeZarrBlock(
  target: TargetRef,
  start: readonly number[],
  block: Block,
  options?: { signal?: AbortSignal },
): Promise<void> {
  const writer = writerOf(target);
  const store = openWritableStore(target.store);
  checkBlock(writer, target.path, start, block);
  const selection = block.shape.map((length, axis) => slice(start[axis], length));
  await forEachConcurrent(projectChunks(writer.grid, selection), WRITES, async (projection) => {
    checkCancelled(options?.signal, `writing ${store.label}${target.path}`);
    const { key, bytes } = await encodeChunk(writer, target.path, block, projection);
    if (bytes) await store.set(key, bytes);
    else await store.delete(key);
  });
}

async function encodeChunk(
  { array, fill, pipeline }: Writer,
  path: string,
  block: Block,
  projection: ChunkProjection,
): Promise<EncodedChunk> {
  const key = chunkKey(array, path, projection.coords);
  const shape = storedChunkShape(array, projection.coords);
  const size = sizeOf(shape);
  // here the block is the source, and the chunk the target
  const axes = axisCopies(projection, stridesOf(shape), stridesOf(block.shape)).map((axis) => ({
    from: axis.to,
    to: axis.from,
    fromStride: axis.toStride,
    toStride: axis.fromStride,
  }));
  let data: BlockData;
  if (block.data.length === size && contiguousTarget(axes, size) === 0) data = block.data;
  else {
    data = allocate(block.dtype, size);
    if (axes.some(({ to }, axis) => to.kind === "slice" && to.length < shape[axis])) fillAll(data, fill);
    copyRegion(block.data, data, axes);
  }
  if (array.fill !== null && isFilledWith(data, fill)) return { key, bytes: null };
  return { key, bytes: await pipeline(shape).encode(data, key) };
}

function fillAll(data: BlockData, fill: FillElement): void {
  const inner = typeof fill === "object" ? fill.length : 1;
  const rows = slice(0, data.length / inner);
  const within = slice(0, inner);
  fillRegion(fill, data, [
    { from: rows, to: rows, fromStride: inner, toStride: inner },
    { from: within, to: within, fromStride: 1, toStride: 1 },
  ]);
}

function checkBlock({ array, grid }: Writer, path: string, start: readonly number[], block: Block): void {
  const fail = (found: string, hint: string): ShapeError =>
    new ShapeError({
      asked: `writing a block of ${block.dtype} (${block.shape.join(", ")}) at (${start.join(", ")}) to ${path}`,
      found,
      hint,
    });
  if (block.dtype !== array.dtype) throw fail(`an array of ${array.dtype}`, "cast it first");
  if (block.shape.length !== grid.length || start.length !== grid.length)
    throw fail(`an array of shape (${array.shape.join(", ")})`, "give as many axes");
  if (block.data.length !== sizeOf(block.shape))
    throw fail(`${block.data.length} elements`, "a block holds as many as its shape says");
  grid.forEach((axis, i) => {
    const stop = start[i] + block.shape[i];
    const inside = start[i] >= 0 && stop <= axis.length;
    if (!inside) throw fail(`an array of shape (${array.shape.join(", ")})`, "stay inside the array");
    if (block.shape[i] === 0) return;
    const whole =
      chunkStart(axis, chunkOf(axis, start[i])) === start[i] &&
      chunkStop(axis, chunkOf(axis, stop - 1)) === stop;
    if (!whole)
      throw fail(
        `chunks of ${JSON.stringify(array.chunks[i])} on axis ${i}`,
        "a block has to cover whole chunks: rechunk first",
      );
  });
}
